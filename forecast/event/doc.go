// Package event merges what the user knows about the future into a forecast: a
// sale at noon, the nightly batch, the newsletter on Tuesdays.
//
// # The idea
//
// An [Event] says when (once, every so often, or on days of the week, by the
// clock of a time zone) and what: a multiple of the usual load, an addition to
// it, or "learn it from the last time". A [Calendar] holds all events of one
// workload and stands on both sides of the model:
//
//	what the model sees     x = Without(y) = (y − a)/m     the load as it would be without events
//	what the model says     x̂                              usual load
//	what the decision sees  ŷ = Apply(x̂) = m·x̂ + a
//
// with multiplier m and addition a of the event; a cell that the event covers in
// part takes its share. The same numbers are taken out before and put back after.
// So an event that comes back at the same time of the week is not counted twice, and
// one that moves does not teach the model a wrong season, even if the declared
// numbers are wrong.
//
// A learned event keeps, per tenth of its duration, the mean load it saw and the
// mean load that the model expected without it, both with half the weight on the
// newest occurrence. Their ratio is the multiplier; where next to nothing was
// expected, their difference is the addition instead. During the first occurrence
// the effect is unknown, so Without gives the model no sample (NaN) in place of one
// that would distort its level.
//
// # Why not dummy regressors in each model
//
// Every expert would have to learn them anew, seasonal models cannot take them, and
// a user could not see what effect an event is thought to have.
package event
