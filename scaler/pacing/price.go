package pacing

import "math"

const (
	widest    = 0.5 // α: the median
	narrowest = 3e-5
	dearest   = 1.015     // bill at which the least α is the median's
	scarce    = 1.0 / 120 // of the bill, in which the least α falls by a factor of e
)

// Afford returns the least α, 0 to ½, that a bill allows. The bill is what is paid over
// what may be paid; NaN means unknown, and allows any α. The least α is ½, that of the
// median, at a bill of 1.015. It falls by a factor of e for each 120th that the bill is
// lower: at a bill of 1 it is a twelfth, and with a tenth of the bill left there is no bound
// to speak of.
//
// α is a price: that of a replica, in the time that the objective is missed without it.
// Everything bought with replicas should be bought at the same price, so all that is on the
// bill shares this bound.
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
