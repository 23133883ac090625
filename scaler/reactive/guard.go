package reactive

import (
	"math"
	"time"
)

const (
	guardMemory = 96 * time.Hour   // in which harm fades to 1/e
	guardLeave  = 20.0             // seconds that do not count as harm yet: what one surprise costs until the next scrape and tick
	guardCredit = 300.0            // seconds of credit at most, for having missed less,
	guardPart   = 1.0 / 12         // or, if more, this share of what the autoscaler missed within the memory: a third of a day's
	guardFull   = 600.0            // seconds of harm at which the whole reactive count is held: 0.05 points of a fortnight
	guardLeast  = 0.75             // share of that count that is held for the least harm: a little more than the 70 % that it needs
	guardWhole  = 15 * time.Minute // for which all of it is held once harm was seen
)

// A Guard keeps account of the harm that a forecast does: the time for which the
// objective was missed and the [Autoscaler] would have kept it, less the time for which it
// was the other way round. While there is harm the target holds a share of the
// autoscaler's count, and the whole count from ten minutes of harm on. The share is smaller
// at first because a higher quantile, at a third of the price of that count, answers the
// first misses. The target never has fewer replicas than that share, so harm ends. Harm fades
// with time, and a little credit is given, so the guard lets go again. The credit is at most
// five minutes or, if that is more, what the autoscaler misses in a third of a day. It is meant
// for single bursts that the autoscaler happens to meet with replicas left from the burst
// before: they are no reason to hold for days a count that does not suffice for other bursts.
//
// Up to twenty seconds on the account do not count as harm: one surprising scrape costs as
// much, and says nothing about the days to come. Harm fades but never reaches zero where
// neither side misses any more. Without this allowance fifteen seconds of harm held the
// least share for weeks, at a fourteenth of the bill.
//
// The account speaks of days. While harm is being done, and for a quarter of an hour
// after, the whole count is held at once, whatever the account says. Demand is then beyond
// what was provided for, such a rise goes on for minutes more often than not, and the least
// share is hardly above what the forecast holds by itself. The hold is short and ends the
// harm sooner, so that less is held for days.
//
// The zero Guard is ready. It is not safe for concurrent use.
type Guard struct {
	Harm   float64 // seconds, discounted; negative = credit
	Theirs float64 // seconds that the autoscaler would have missed, discounted
	Whole  float64 // seconds for which all of its count is still held
}

// Book takes the shares of the last dt, 0 to 1, for which the objective was missed, and for
// which the autoscaler would have missed it. If either is NaN, nothing is booked.
func (g *Guard) Book(ours, theirs float64, dt time.Duration) {
	if math.IsNaN(ours) || math.IsNaN(theirs) || dt <= 0 {
		return
	}
	if g.Whole = max(g.Whole-dt.Seconds(), 0); ours > theirs {
		g.Whole = guardWhole.Seconds()
	}
	keep := math.Exp(-float64(dt) / float64(guardMemory))
	g.Harm = keep*g.Harm + (ours-theirs)*dt.Seconds()
	g.Theirs = keep*g.Theirs + theirs*dt.Seconds()
	g.Harm = max(g.Harm, -max(guardCredit, guardPart*g.Theirs))
}

// Void ends the hold of the whole count, because a burst was the reason for the harm. The
// burst passes, and a count held for a quarter of an hour would not help against the next.
// The harm stays on the account.
func (g *Guard) Void() { g.Whole = 0 }

// Holds returns the share of the autoscaler's count to hold now: 1 while harm is done and
// shortly after, else the share by the account.
func (g *Guard) Holds() float64 {
	if g.Whole > 0 {
		return 1
	}
	return g.Share()
}

// Share returns the share of the autoscaler's count to hold by the account: 0 while there
// is no harm to speak of, else three quarters to 1.
func (g *Guard) Share() float64 {
	if g.Harm <= guardLeave {
		return 0
	}
	return guardLeast + (1-guardLeast)*min(g.Harm/guardFull, 1)
}
