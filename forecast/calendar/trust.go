package calendar

import "math"

// A Trust is how far the claims of a calendar are believed against others,
// by how both have done where it claimed something.
type Trust struct{ won, all float64 } // units

const (
	trustHours   = 6 // hours of a difference as large as now that the prior counts for
	presentHours = 2 // at this horizon the present tells as much as the calendar
)

// Of returns the share that a claim gets beside what the others say, 0 to 1, where
// perHour samples are an hour and hours the horizon.
func (t *Trust) Of(claim, others, perHour, hours float64) float64 {
	weight := trustHours * perHour * math.Abs(claim-others)
	if !(weight > 0) { // or NaN
		return 0
	}
	return sharpened((weight*hours/(hours+presentHours) + t.won) / (weight + t.all))
}

// Learn takes the truth for a claim and what the others said.
func (t *Trust) Learn(claim, others, truth, perHour float64) {
	gap, keep := math.Abs(claim-others), math.Pow(keepHourly, 1/perHour)
	t.won = t.won*keep + (gap+math.Abs(truth-others)-math.Abs(truth-claim))/2
	t.all = t.all*keep + gap
}
