package measure

import "math"

// A Change is one write of spec.replicas.
type Change struct {
	Millis   int64 // since the start of the judged part; negative while settling
	From, To int32
}

// Churn returns Σ |Δ spec.replicas|.
func Churn(changes []Change) int64 {
	var sum int64
	for _, c := range changes {
		sum += int64(max(c.To-c.From, c.From-c.To))
	}
	return sum
}

// Reversals counts the changes down that follow a change up within window ms: pods
// that were not worth their start.
func Reversals(changes []Change, window int64) int {
	n := 0
	up := int64(math.MinInt64 / 2)
	for _, c := range changes {
		switch {
		case c.To > c.From:
			up = c.Millis
		case c.Millis-up <= window:
			n++
			up = math.MinInt64 / 2 // the rest of a descent is the same reversal
		}
	}
	return n
}
