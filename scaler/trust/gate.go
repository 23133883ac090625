package trust

import (
	"math"
	"time"
)

const (
	maxPromises   = 64             // open at a time
	memory        = 12 * time.Hour // half-life of the losses
	lossToRetreat = 1.1            // loss over the rival's above which trust is lost
	lossToReturn  = 1.0            // loss over the rival's down to which it must fall for trust to return
	gain          = 0.1            // step of the quantile trackers, in mean relative errors
	steepest      = 2.0            // relative growth that the margin learns from at most: a forecast asks for no more, and from next to nothing demand grows by any factor
	dearest       = 5.0            // most that one promise is charged, in mean losses of the rival, so that the way back does not take days
)

// Least is how many promises must have come due before there is a verdict.
const Least = 60

// A Promise is a forecast whose outcome is awaited.
type Promise struct {
	Made    time.Time
	Due     time.Time // end of the time it speaks for
	Level   float64   // quantile, in (0, 1)
	Acting  float64   // demand to provide for, by the forecast
	Last    float64   // demand observed last
	Grain   float64   // surplus of the forecast, in demand, that is not charged
	Highest float64   // demand seen since; negative = none yet
}

// An Account holds the losses of one side: of the forecast, or of its rival, the last value
// raised by a margin. Of the rival it also holds the margin, which is learned.
type Account struct {
	Margin float64 // relative; reaches the level of the promises in the long run
	Scale  float64 // mean absolute relative error, the step of the tracker
	Loss   float64 // discounted mean pinball loss
	Weight float64 // promises behind Loss, discounted
}

// A Gate says whether the forecast may act. Its fields are its whole memory; nobody else
// should write them. The zero Gate is ready and trusts. It is not safe for concurrent use.
type Gate struct {
	Open      []Promise // oldest first
	Acting    Account   // of the forecast
	Last      Account   // of the rival
	Count     int       // promises that came due
	Retreated bool      // trust is lost
}

// Promise notes a forecast, to be settled when it is due. It ignores one whose demand is
// negative or not finite, one that is due before it is made, and any beyond the 64 that may be
// open.
func (g *Gate) Promise(p Promise) {
	if !isDemand(p.Acting) || !isDemand(p.Last) || !p.Due.After(p.Made) || !(p.Level > 0 && p.Level < 1) || len(g.Open) == maxPromises {
		return
	}
	p.Highest = -1
	g.Open = append(g.Open, p)
}

func isDemand(v float64) bool { return v >= 0 && !math.IsInf(v, 1) } // false for NaN

// Observe takes a sample of demand and settles the promises that are due. A sample that
// is negative or not finite only settles.
func (g *Gate) Observe(now time.Time, demand float64) {
	keep := g.Open[:0]
	for _, p := range g.Open {
		if now.After(p.Due) {
			g.settle(p)
			continue
		}
		if now.After(p.Made) && isDemand(demand) {
			p.Highest = max(p.Highest, demand)
		}
		keep = append(keep, p)
	}
	g.Open = keep
}

// settle charges both sides. A promise for which nothing was seen is void. Where load is
// constant or zero, the last value is right to the last digit; thanks to the grain, a
// forecast that is right to a fraction of a replica does not lose to it.
func (g *Gate) settle(p Promise) {
	if p.Highest < 0 {
		return
	}
	span := p.Due.Sub(p.Made)
	g.Last.settle(p.Level, span, p.Highest, p.Last)
	loss := pinball(p.Level, p.Highest, max(min(p.Acting, p.Highest), p.Acting-p.Grain))
	if g.Count >= Least {
		loss = min(loss, dearest*g.Last.Loss)
	}
	g.Acting.charge(span, loss)
	g.Count++
	if g.Count >= Least {
		g.judge()
	}
}

// judge withdraws or restores trust, with hysteresis.
func (g *Gate) judge() {
	limit := lossToRetreat
	if g.Retreated {
		limit = lossToReturn
	}
	g.Retreated = g.Acting.Loss > limit*g.Last.Loss
}

// settle charges the rival and updates its margin.
func (r *Account) settle(p float64, span time.Duration, actual, base float64) {
	r.charge(span, pinball(p, actual, r.raise(base)))
	if !(base > 0) {
		return
	}
	off := min(actual/base-1, steepest)
	if r.Weight <= 1 {
		r.Scale = math.Abs(off)
	}
	r.Scale += 0.02 * (math.Abs(off) - r.Scale)
	step := gain * max(r.Scale, 1e-3)
	if off > r.Margin {
		r.Margin += step * p
	} else {
		r.Margin -= step * (1 - p)
	}
	r.Margin = max(r.Margin, 0)
}

// pinball returns the quantile loss of forecast at level p when the outcome is actual.
func pinball(p, actual, forecast float64) float64 {
	return max(p*(actual-forecast), (1-p)*(forecast-actual))
}

// charge adds a loss.
func (r *Account) charge(span time.Duration, loss float64) {
	// a promise is made at each cell and, in steps of minutes, spans about two of them, so
	// half of its span is the time in which the losses before it have aged
	keep := math.Exp2(-float64(span) / 2 / float64(memory))
	r.Weight = keep*r.Weight + 1
	r.Loss += (loss - r.Loss) / r.Weight
}

// raise returns v with the learned margin.
func (r *Account) raise(v float64) float64 { return v * (1 + r.Margin) }

// Trusted reports whether the forecast may act.
func (g *Gate) Trusted() bool { return !g.Retreated }

// Scored reports whether there is a verdict.
func (g *Gate) Scored() bool { return g.Count >= Least }

// Reactive returns what stands in for the forecast: the last value, raised by the margin
// that its growth over the time of a promise needs at the level of the promises. Until
// there is a verdict the margin is at least an eighth.
func (g *Gate) Reactive(last float64) float64 {
	if g.Count < Least {
		return last * (1 + max(g.Last.Margin, 0.125))
	}
	return g.Last.raise(last)
}

// Skill returns the loss of the forecast over that of the rival: below 1 the forecast
// earns its keep. It is NaN until there is a verdict.
func (g *Gate) Skill() float64 {
	if g.Count < Least || !(g.Last.Loss > 0) {
		return math.NaN()
	}
	return g.Acting.Loss / g.Last.Loss
}
