// Package burst notices sudden growth of demand, remembers how such bursts went,
// and says how likely the next one is.
//
// # The idea
//
// A forecast knows what comes slowly or by the season. A burst is neither: it is
// there within seconds, it lasts minutes, and no model sees its first sample.
// Three things help. Notice it early ([Detector.Update]); while it lasts, do not
// follow it up but go to its usual height, and take nothing away before it fades; and where
// bursts return, be ready when the next one is likely ([Detector.Hedge]).
//
// # Noticing
//
// Each sample is compared with a reference: the larger of the level of the last
// minutes and the median forecast, so that a ramp that was forecast is no burst.
// Its distance is measured in the usual deviation of one sample. A burst begins
// at twice six deviations, twice in a row over four, or at twice the reference
// whatever the deviations (the panic threshold of Knative's autoscaler); and
// always at no less than half as much again as the reference, because less is
// within any sane margin. It ends when a full minute passed under a seventh of its
// height, on the mean. One that lasts longer than half an hour is no burst but a new
// level.
//
// The first sample of a burst may hold so little of it that it could be anything. If
// it is beyond chance, and the least that can be behind it would be a burst, it raises
// an alarm: what is guessed to be behind it is provided for until the next sample
// tells. Alarms that do not come true are no longer believed.
//
// # Returning
//
// Bursts that are made by clocks return at multiples of a slot: of a quarter, a
// half or a full hour. The slot is the one around whose centre the onsets gather
// most, by the length of their mean direction on the circle (Rayleigh). The
// chance that one comes k slots after the last is the renewal hazard
//
//	h(k) = (#{past gaps of k slots} + m·p) / (#{past gaps of at least k slots} + m)
//
// with the mean chance per slot p as prior, worth m observations; for when in the
// slot it comes there is the distribution F of past onsets around the centre:
//
//	P(onset in [t, t+L] | none yet) = h·(F(t+L) − F(t)) / (1 − h·F(t))
//
// Some slots of the day see more bursts than their gaps foretell, others fewer: the
// odds of h are multiplied by how many times more or fewer.
//
// Where the onsets follow no clock, the hazard is that of the gaps in time,
// #{gaps in [e, e+L]} / #{gaps ≥ e}, with the same kind of prior. See Cox,
// Renewal Theory (1962). A job that sleeps for an hour and runs for five minutes has a
// clock of its own: its gaps are all alike, and it is foreseen as well as one by the
// hour ([Detector.Foreseen]).
//
// # How high
//
// A burst multiplies what there is or adds to it; which of the two is alike from one
// burst to the next is seen in those that were ([Detector.Reach]). Who has seen many
// believes no guess beyond them ([Detector.Ceiling]). And how long a burst took to come
// near its height says for how long a lower sample is no proof of a lower burst.
//
// # By the clock
//
// What rises at the same time on most days ([Daily]) is a burst to the detector,
// who knows of minutes, and no surprise to a model, who knows of days. Only that
// it is kept from the model would make it one: such rises are learned.
//
// # Dips
//
// An outage before or behind the target is the reverse: demand falls off a cliff from
// a level that was steady, and when it comes back it does so within minutes, faster
// than replicas start, to about what it was. A [Dip] remembers that, and asks for it
// at the first sign of a return. What jumps about has no usual height: without a
// plateau before the cliff there is no dip.
//
// # Why not seasonality
//
// Which half-hours burst differs from day to day in the traces that taught us; a
// daily season sees an even smear. That one follows another at a multiple of
// half an hour is what repeats.
//
// Everything here is pure, of bounded size, and works on samples of any spacing.
package burst
