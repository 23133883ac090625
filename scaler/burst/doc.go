// Package burst notices sudden growth of demand, remembers how such bursts went,
// and says how likely the next one is.
//
// # The idea
//
// A forecast knows what comes slowly or by the season. A burst does neither: it rises
// within seconds and lasts minutes, and no model foresees its first sample. Three things
// help. Notice it early ([Detector.Update]). While it lasts, go to its usual height at once
// instead of following it up, and take nothing away before it fades. And where bursts
// return, be ready when the next one is likely ([Detector.Chance]).
//
// # Noticing
//
// Each sample is compared with a reference: the larger of the level of the last
// minutes and the median forecast, so that a ramp that was forecast is no burst.
// Its distance is measured in the usual deviation of one sample. A burst begins
// at twice six deviations, twice in a row over four, or at twice the reference
// whatever the deviations (the panic threshold of Knative's autoscaler); and
// always at no less than half as much again as the reference, because less is
// within any sane margin. It ends after a full minute at less than a seventh of its
// height on average. One that lasts longer than half an hour is no burst but a new
// level.
//
// The first sample of a burst may contain so little of it that it could be anything. If
// it is beyond chance, and the least that can be behind it would be a burst, it raises
// an alarm: the height guessed to be behind it is provided for until the next sample
// tells. Once alarms have not come true they are no longer believed.
//
// # Returning
//
// Bursts made by clocks return at multiples of a slot: a quarter, a half or a full
// hour, namely the one around whose centre the onsets gather most, by the length of
// their mean direction on the circle (Rayleigh). The chance that one comes k slots
// after the last is the renewal hazard
//
//	h(k) = (#{past gaps of k slots} + m·p) / (#{past gaps of at least k slots} + m)
//
// with the mean chance per slot p as prior, worth m observations. When in the slot it
// comes follows the distribution F of past onsets around the centre:
//
//	P(onset in [t, t+L] | none yet) = h·(F(t+L) − F(t)) / (1 − h·F(t))
//
// Some slots of the day see more bursts than their gaps foretell, others fewer; the
// odds of h are multiplied by that ratio.
//
// Where the onsets follow no clock, the hazard is that of the gaps in time,
// #{gaps in [e, e+L]} / #{gaps ≥ e}, with the same kind of prior. See Cox,
// Renewal Theory (1962). A job that sleeps for an hour and runs for five minutes has a
// clock of its own: its gaps are all alike, and it is foreseen as well as an hourly one
// ([Detector.Foreseen]).
//
// # How high
//
// A burst multiplies the present demand or adds to it; past bursts show which of the two
// is alike from one to the next ([Detector.Reach]). Once many have been seen, no guess
// beyond them is believed ([Detector.Ceiling]). How long bursts took to come near their
// height says for how long a lower sample is no proof of a lower burst.
//
// # By the clock
//
// What rises at the same time on most days ([Daily]) is a burst to the detector, which
// knows of minutes, and no surprise to a model, which knows of days, unless the rise is
// kept from it as other bursts are. So the model is shown such rises.
//
// # Dips
//
// An outage before or behind the target is the reverse: demand falls off a cliff from
// a steady level, and returns within minutes, faster than replicas start, to about what
// it was. A [Dip] remembers that level and asks for it at the first sign of a return.
// Demand that jumps about has no usual height: without a plateau before the cliff there
// is no dip.
//
// # Why not seasonality
//
// In the traces that this was built on, the half-hours with bursts differ from day to
// day, and a daily season sees an even smear. What repeats is that one burst follows
// another at a multiple of half an hour.
//
// Everything here is pure, of bounded size, and works on samples of any spacing.
package burst
