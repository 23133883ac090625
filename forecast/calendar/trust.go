package calendar

import "math"

// A Trust says how far the claims of a calendar are believed against other forecasts, by
// how both have done where it claimed something. The zero value has seen nothing.
type Trust struct {
	all float64 // sum of the gaps between claims and the other forecasts, units; the past fades
	won float64 // the part of it in which the claims were right
}

const (
	trustHours   = 6 // hours of a difference as large as now that the prior counts for
	presentHours = 2 // at this horizon the present tells as much as the calendar
)

// Of returns the weight of a claim beside what the others say, 0 to 1. perHour is the number
// of samples in an hour, hours the horizon in hours.
func (t *Trust) Of(claim, others, perHour, hours float64) float64 {
	weight := trustHours * perHour * math.Abs(claim-others)
	if !(weight > 0) { // or NaN
		return 0
	}
	return sharpened((weight*hours/(hours+presentHours) + t.won) / (weight + t.all))
}

// Learn takes the truth that followed a claim and what the others said.
func (t *Trust) Learn(claim, others, truth, perHour float64) {
	gap, keep := math.Abs(claim-others), math.Pow(keepHourly, 1/perHour)
	t.won = t.won*keep + (gap+math.Abs(truth-others)-math.Abs(truth-claim))/2
	t.all = t.all*keep + gap
}
