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
// may be moved later. Its other exported fields are bounds of α and its memory, for
// dumps. It is not safe for concurrent use.
type Budget struct {
	Target float64 `json:"target"` // share of time for which the objective may be missed, in (0, 1)
	First  float64 `json:"first"`  // where α starts; 0 = thrice the target
	Least  float64 `json:"least"`  // bounds of α; 0 = the usual ones
	Most   float64 `json:"most"`
	Spent  float64 `json:"spent"` // missed share of about the last half day
	Alpha  float64 `json:"alpha"` // 1 − quantile level; 0 = at its start
}

// Update takes the share of the last dt in which the objective was missed: 0 to 1,
// or more where misses are booked late. A NaN share says that nobody knows, and
// changes nothing.
func (b *Budget) Update(missed float64, dt time.Duration) {
	if math.IsNaN(missed) || dt <= 0 || !(b.Target > 0) {
		return
	}
	b.Spent += (1 - math.Exp(-float64(dt)/float64(window))) * (max(missed, 0) - b.Spent)
	rate := -integral * min(b.Spent/b.Target-1, overspend)
	most := b.most()
	if rate > 0 { // what is not spent is no reason to be careless
		most = max(b.alpha(), min(most, max(loosest, 10*b.Target)))
	}
	b.Alpha = min(max(b.alpha()*math.Exp(rate*dt.Hours()), b.least()), most)
}

// Afford returns the least α, 0 to ½, that a bill allows: what is paid over what may
// be paid, NaN = unknown. It is a twelfth where all of it is paid, the median at 1.5 %
// more, and falls by a factor of e for each 120th of the bill: where a tenth of it is left
// there is no bound to speak of. α is a price, of a replica in the time that the objective
// is missed without it; whatever is bought with replicas is worth its cost at one and the
// same, so all budgets that share a bill share this bound.
//
// One price all the time buys more than one that swings: covering a day far and the next
// hardly costs as much as covering both well, and misses more. So the bill is one of a
// week, which hardly follows the days: on recorded bursty loads one of a day moved α
// between a thirtieth and a half within each, and missed a fifth more for 1 % less. The
// price is in proportion to what is left, without a memory of its own, because the bill
// has one: an integral of it would swing from one end to the other for weeks.
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
	case b.First > 0:
		return b.First
	}
	return min(firstMargin*b.Target, b.most())
}

// Level returns the quantile to provide for, in [0.5, 1) unless Most says otherwise.
func (b *Budget) Level() float64 { return 1 - b.alpha() }

// Level returns the quantile to provide for at α, in [0.5, 1): where one replica more
// would lower the chance of having too few by less than α. Spread is the scale of the
// tail of demand, assumed exponential, in replicas; not positive = none.
//
// It is the newsvendor's critical ratio where what costs is the time for which there
// are too few, and not by how many: with n replicas at a price of 1 and short time at
// one of 1/α, n + P(D > n)/α is least where P(D > n) − P(D > n+1), which is
// P(D > n)·(1 − e^(−1/spread)), falls below α. A wide tail is dear to cover, so that
// little is spent on it, and the night of a service, where a replica lies far out, is
// covered further.
func Level(alpha, spread float64) float64 {
	if spread > 0 {
		alpha /= -math.Expm1(-1 / spread)
	}
	return 1 - min(max(alpha, narrowest), widest)
}
