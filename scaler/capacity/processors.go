package capacity

import "math"

const (
	surelySloped = 10.0 // least slope, in its standard errors
	halfBusy     = 0.5  // use that must have been seen: nothing is extrapolated beyond twice the load
	cutOff       = 0.9  // use above which the processors, and not the load, limit it
)

// Busy takes one interval with known CPU use: rate in the unit of the demand, the
// replicas that were ready throughout, and cpu, the use as a share, 0 to 1, of what they
// have. It needs no latency and no objective. It ignores an interval with a value that is
// not positive or not finite, or so busy that the processors and not the load limit the use.
func (l *Learner) Busy(rate float64, ready int32, cpu float64) {
	if !(rate > 0) || math.IsInf(rate, 0) || ready < 1 || !(cpu > 0 && cpu < cutOff) {
		return
	}
	l.CPU.add(rate/float64(ready), cpu)
}

// Rebuilt notes that the replicas run another version of the program: its CPU use is learned
// anew, and what was learned from latency stays.
func (l *Learner) Rebuilt() { l.CPU = line{} }

// A line is the utilization law: use of a processor against rate per replica, by
// least squares with forgetting. Denning and Buzen, The Operational Analysis of
// Queueing Network Models, ACM Computing Surveys 10 (1978).
type line struct {
	N  float64
	X  float64
	Y  float64
	XX float64
	XY float64
	YY float64
}

func (l *line) add(x, y float64) {
	l.N, l.X, l.Y = l.N*forgetting+1, l.X*forgetting+x, l.Y*forgetting+y
	l.XX, l.XY, l.YY = l.XX*forgetting+x*x, l.XY*forgetting+x*y, l.YY*forgetting+y*y
}

// full returns the rate at which the line reaches 1; 0 while it is not known: too
// few intervals, hardly any spread, no slope that stands out from the noise, or
// replicas that were never busy.
func (l *line) full() float64 {
	if l.N < 2*fewest {
		return 0
	}
	mx, my := l.X/l.N, l.Y/l.N
	vx, vy := l.XX/l.N-mx*mx, max(l.YY/l.N-my*my, 0)
	if !(math.Sqrt(max(vx, 0)) > 0.05*mx) || !(my+2*math.Sqrt(vy) >= halfBusy) {
		return 0
	}
	slope := (l.XY/l.N - mx*my) / vx
	noise := math.Sqrt(max(vy-slope*slope*vx, 0) / (l.N - 2) / vx)
	if !(slope > surelySloped*noise) {
		return 0
	}
	return mx + (1-my)/slope
}
