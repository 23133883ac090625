package pacing

import (
	"math"
	"time"
)

const (
	window      = 12 * time.Hour // over which spending is judged
	integral    = 0.05           // k per hour: an unused budget doubles α in 14 hours
	overspend   = 20.0           // greatest multiple of the target that counts
	widest      = 0.5            // α: the median
	loosest     = 0.1            // α that an unused budget grows to, or ten times the target
	narrowest   = 3e-5
	dearest     = 1.015     // bill at which the least α is the median's
	scarce      = 1.0 / 120 // of the bill, in which the least α falls by a factor of e
	firstMargin = 3.0       // α starts at this multiple of the target
)

// A Budget paces a quantile by an error budget. Set Target before the first use; it
// may change later. The other fields are the bounds of α and the memory. It is not safe
// for concurrent use.
type Budget struct {
	Target float64 // share of time for which the objective may be missed, in (0, 1)
	Least  float64 // of α, which then starts there; 0 = 3e-5, and it starts at three times the target
	Most   float64 // of α; 0 = ½
	Spent  float64 // missed share of about the last half day
	Alpha  float64 // 1 − quantile level; 0 = at its start
}

// update takes the share of the last dt in which the objective was missed: 0 to 1,
// or more where misses are booked late. NaN means unknown, and changes nothing.
func (b *Budget) update(missed float64, dt time.Duration) {
	if math.IsNaN(missed) || dt <= 0 || !(b.Target > 0) {
		return
	}
	b.Spent += (1 - math.Exp(-float64(dt)/float64(window))) * (max(missed, 0) - b.Spent)
	rate := -integral * min(b.Spent/b.Target-1, overspend)
	most := b.most()
	if rate > 0 { // an unspent budget is no reason to be careless
		most = max(b.alpha(), min(most, max(loosest, 10*b.Target)))
	}
	b.Alpha = min(max(b.alpha()*math.Exp(rate*dt.Hours()), b.least()), most)
}

// Afford returns the least α, 0 to ½, that a bill allows. The bill is what is paid over
// what may be paid; NaN means unknown, and allows any α. The least α is ½, that of the
// median, at a bill of 1.015. It falls by a factor of e for each 120th that the bill is
// lower: at a bill of 1 it is a twelfth, and with a tenth of the bill left there is no bound
// to speak of.
//
// α is a price: that of a replica, in the time that the objective is missed without it.
// Everything bought with replicas should be bought at the same price, so all budgets that
// share a bill share this bound.
//
// A constant price buys more than one that swings: covering one day amply and the next hardly
// costs as much as covering both well, and misses more. So the bill is that of a week,
// which hardly follows the days. On recorded bursty loads the bill of a day moved α between a
// thirtieth and a half within each day, and missed a fifth more for 1 % less. The bound
// depends only on what is left of the bill. It has no memory of its own, because the bill
// has one: an integral of the bill would swing from one end to the other for weeks.
func Afford(bill float64) float64 {
	if math.IsNaN(bill) {
		return 0
	}
	return widest * math.Exp(-max(dearest-bill, 0)/scarce)
}

func (b *Budget) least() float64 {
	if b.Least > 0 {
		return b.Least
	}
	return narrowest
}

func (b *Budget) most() float64 {
	if b.Most > 0 {
		return b.Most
	}
	return widest
}

func (b *Budget) alpha() float64 {
	switch {
	case b.Alpha > 0:
		return b.Alpha
	case b.Least > 0:
		return b.Least
	}
	return min(firstMargin*b.Target, b.most())
}

// level returns the quantile to provide for, in [0.5, 1) unless Most says otherwise.
func (b *Budget) level() float64 { return 1 - b.alpha() }

// Level returns the quantile to provide for at α, in [0.5, 1): the one above which a further
// replica lowers the chance of having too few by less than α. Spread is the scale of the
// tail of demand, assumed exponential, in replicas; 0 or less means that there is no tail.
//
// It is the newsvendor's critical ratio for a cost of the time for which there are too
// few replicas, not of how many are missing: with n replicas at a price of 1 each and short
// time at a price of 1/α, n + P(D > n)/α is least where P(D > n) − P(D > n+1), which is
// P(D > n)·(1 − e^(−1/spread)), falls below α. A wide tail is expensive to cover, so little
// is spent on it; at night, when a single replica reaches far into the tail, more of it is
// covered.
func Level(alpha, spread float64) float64 {
	if spread > 0 {
		alpha /= -math.Expm1(-1 / spread)
	}
	return 1 - min(max(alpha, narrowest), widest)
}
