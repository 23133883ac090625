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
// objective was missed and the [Autoscaler] would have kept it, less the
// time for which it was the other way round. While there is some, the target holds
// a share of what the autoscaler would have, all of it from ten minutes
// of harm on: the first misses are met by a higher quantile, which is a third of the price
// of that count. What it then has is never less, so that harm ends; and because harm
// fades with time, and a little credit is given, it lets go again. The credit is
// little beside what is compared: five minutes, or what the autoscaler
// misses in a third of a day, where that is more. One burst that would have met the
// replicas of the one before is no reason to hold for days what finds all others
// unready.
//
// A third of a minute on the account is no harm yet: one surprise of a scrape costs as
// much, and says nothing of the days to come. Harm fades, but never to nothing where
// neither misses any more: without that leave fifteen seconds held the share for little
// harm for weeks, at a fourteenth of the bill.
//
// What the account says is of days. While harm is being done, and for a quarter of an hour
// after it, all of the count is held at once, whatever the account: demand is then beyond
// what was provided for, such a rise goes on for minutes more often than not, and the share
// for little harm is hardly above what the forecast holds by itself. That is short, and ends
// harm sooner, so that less is held for days.
//
// Its exported fields are its whole memory, for dumps. The zero Guard is ready. It is
// not safe for concurrent use.
type Guard struct {
	Harm   float64 `json:"harm"`   // seconds, discounted; negative = credit
	Theirs float64 `json:"theirs"` // seconds that the autoscaler would have missed, discounted
	Whole  float64 `json:"whole"`  // seconds for which all of its count is held yet
}

// Book takes the shares of the last dt, 0 to 1, for which the objective was missed
// and for which the autoscaler would have missed it. A NaN in either says
// nothing.
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

// Void forgets that harm was done just now: a burst was the reason, which ends, and what
// is held for a quarter of an hour would find the next one no more ready. It stays on the
// account.
func (g *Guard) Void() { g.Whole = 0 }

// Holds returns how much of the count of the autoscaler is to be held now: all
// of it, 1, while harm is done and shortly after, else its share by the account.
func (g *Guard) Holds() float64 {
	if g.Whole > 0 {
		return 1
	}
	return g.Share()
}

// Share returns how much of the count of the autoscaler is to be held by the
// account: 0 while there is no harm on it to speak of, else at least three quarters, at
// most 1.
func (g *Guard) Share() float64 {
	if g.Harm <= guardLeave {
		return 0
	}
	return guardLeast + (1-guardLeast)*min(g.Harm/guardFull, 1)
}
