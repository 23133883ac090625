package trust

import (
	"math"
	"time"
)

const (
	window      = 12 * time.Hour // over which spending is judged
	integral    = 0.05           // k per hour: an unused budget doubles α in 14 hours
	overspend   = 20.0           // greatest multiple of the target that counts
	widest      = 0.5            // α: the median
	narrowest   = 1e-5
	proportion  = 0.15 // of ln α per multiple of overspending
	firstMargin = 3.0  // α starts at this multiple of the target
)

// A Budget paces a quantile by an error budget. Set Target before the first use.
// Its other exported fields are its memory, for dumps. It is not safe for
// concurrent use.
type Budget struct {
	Target float64 `json:"target"` // share of time for which the objective may be missed, in (0, 1)
	Spent  float64 `json:"spent"`  // missed share of about the last half day
	Alpha  float64 `json:"alpha"`  // 1 − quantile level without the proportional part; 0 = at its start
}

// Update takes the share, 0 to 1, of the last dt in which the objective was
// missed. A NaN share says that nobody knows, and changes nothing.
func (b *Budget) Update(missed float64, dt time.Duration) {
	if math.IsNaN(missed) || dt <= 0 || !(b.Target > 0) {
		return
	}
	missed = min(max(missed, 0), 1)
	b.Spent += (1 - math.Exp(-float64(dt)/float64(window))) * (missed - b.Spent)
	over := min(b.Spent/b.Target-1, overspend)
	b.Alpha = min(max(b.alpha()*math.Exp(-integral*dt.Hours()*over), narrowest), widest)
}

func (b *Budget) alpha() float64 {
	if b.Alpha > 0 {
		return b.Alpha
	}
	return min(firstMargin*b.Target, widest)
}

// Level returns the quantile to provide for, in [0.5, 1).
func (b *Budget) Level() float64 {
	over := min(max(b.Spent/b.Target-1, 0), overspend)
	return 1 - max(b.alpha()*math.Exp(-proportion*over), narrowest)
}
