package reactive

import (
	"math"
	"time"
)

const (
	guardMemory = 96 * time.Hour   // in which harm fades to 1/e
	guardLeave  = 20.0             // seconds of harm that are none yet: what one surprise costs until the next scrape and tick
	guardCredit = 300.0            // seconds: the most that was missed less and may be missed more again,
	guardPart   = 1.0 / 12         // or this part of what the autoscaler missed within the memory: a third of a day
	guardFull   = 600.0            // seconds of harm from which on all of the reactive count is held: 0.05 points of a fortnight
	guardLeast  = 0.75             // share of it that is held for the least harm: about what 70 % has beyond the need
	guardWhole  = 15 * time.Minute // for which all of it is held once harm was seen
)

// A Guard keeps account of the harm that a forecast does: the time for which the
// objective was missed and the [Autoscaler] would have kept it, less the time for which it
// was the other way round. While there is harm the target holds a share of the
// autoscaler's count, and all of it from ten minutes of harm on. The share is less at first
// because a higher quantile, at a third of the price of that count, meets the first misses.
// The target then never has fewer replicas than that, so harm ends; and because harm fades
// with time, and a little credit is given, the guard lets go again. The credit is small
// against what is compared: five minutes, or what the autoscaler misses in a third of a
// day, if that is more. It is there because one burst that would have met the replicas left
// from the one before is no reason to hold for days a count that is not ready for the
// others either.
//
// Up to a third of a minute on the account is not harm yet: one surprising scrape costs as
// much, and says nothing about the days to come. Harm fades but never reaches zero where
// neither side misses any more; without this allowance fifteen seconds of it held the least
// share for weeks, at a fourteenth of the bill.
//
// The account speaks of days. While harm is being done, and for a quarter of an hour
// after, the whole count is held at once, whatever the account says: demand is then beyond
// what was provided for, such a rise goes on for minutes more often than not, and the least
// share is hardly above what the forecast holds by itself. That is short and ends the harm
// sooner, so that less is held for days.
//
// The exported fields are its whole memory, for dumps. The zero Guard is ready. It is not
// safe for concurrent use.
type Guard struct {
	Harm   float64 `json:"harm"`   // seconds, discounted; negative = credit
	Theirs float64 `json:"theirs"` // seconds that the autoscaler would have missed, discounted
	Whole  float64 `json:"whole"`  // seconds for which all of its count is still held
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

// Void forgets that harm was done just now, because a burst was the reason: it ends, and a
// count held for a quarter of an hour would be no more ready for the next. The harm stays
// on the account.
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
