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
// Its distance is measured in standard deviations of one sample. A burst begins with
// a sample more than six deviations above the reference, with two in a row at four or
// more, or with one at four or more that is twice the reference (the panic threshold
// of Knative's autoscaler). No sample below 1.5 times the reference begins a burst,
// because any sane margin covers that. A burst ends when demand has been below 15 % of
// its height above the reference for a minute. If it lasts longer than half an hour it
// is no burst but a new level.
//
// The first sample of a burst may contain so little of it that it could be anything. If
// its rise is beyond chance, and even the least demand behind it would be a burst, it
// raises an alarm: the height that is guessed to be behind it is provided for until the
// next sample tells. When too many alarms were false, they are no longer believed.
//
// # Returning
//
// Bursts made by clocks return at multiples of a slot of a quarter, a half or a full
// hour. The slot is the one around whose centre the onsets gather most, by the length of
// their mean direction on the circle (Rayleigh). The chance that a burst comes k slots
// after the last is the renewal hazard
//
//	h(k) = (#{past gaps of k slots} + m·p) / (#{past gaps of at least k slots} + m)
//
// with the mean chance per slot p as prior, worth m observations. The time within the
// slot follows the distribution F of past onsets around the centre:
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
// varies less from one to the next ([Detector.Reach]). Once eight have been seen, no guess
// beyond them is believed ([Detector.Ceiling]). How long past bursts took to come near their
// height says for how long a low sample is no proof of a low burst.
//
// # By the clock
//
// A rise at the same time on most days ([Daily]) is a burst to the detector, which knows of
// minutes. A model, which knows of days, can foresee it, but only if the rise is not kept
// from it as other bursts are. So the model is shown such rises.
//
// A rise that comes once a week ([Weekly]), as at the end of a weekend, has come twice in a
// fortnight. That is too seldom for the losses of a model at steps of minutes to teach it; and
// one that comes daily is smeared by a season. So both are hedged: when a rise is due, the level
// of the last minutes times the larger of its two heights is provided for ([Detector.Due]).
// Where rises are so many that some lie a week apart by chance, none is taken for weekly.
//
// A weekly ramp, as of people who come to work after a weekend, is no burst, but grows by a third
// in a lead time of minutes. It is hedged step by step ([Detector.ExpectRamps]): demand is
// provided for that grows from its present level as it did at this time of both weeks.
//
// # Dips
//
// An outage before or behind the target is the reverse: demand falls off a cliff from
// a steady level, and returns within minutes, faster than replicas start, to about what
// it was. A [Dip] remembers that level and asks for it at the first sign of a return.
// Demand that jumps about has no usual height: without a plateau of an hour before the cliff
// there is no dip. What was high for a shorter time may have been a burst. When plateaus of ten
// minutes counted, the ends of bursts did, too, and replicas were held for a return that did not
// come. That used up the bill, and on some bursty loads most of what was missed was missed for
// that reason. Plateaus of half an hour still count the ends of some; two hours do as well as one.
// The cliff is measured from the lowest minute of that hour. Measured from the highest, the evening
// of a target that is used in working hours was a dip, and each burst of the night its return.
//
// # Why not seasonality
//
// In the traces that this was built on, the half-hours with bursts differ from day to
// day, and a daily season sees an even smear. What repeats is that one burst follows
// another at a multiple of half an hour.
//
// Everything here is pure, of bounded size, and works on samples of any spacing.
package burst
