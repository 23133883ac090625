package staffing

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler/capacity"
)

// A minute gathers the cells of a grid finer than a minute, which is what a [capacity.Learner]
// wants to see at once: a quantile of the few requests of some seconds scatters widely, and a
// queue outlasts them.
type minute struct {
	begins        time.Time
	ready         int32 // the count of the first cell; 0 = it changed since, or is not known
	rate, latency total
}

// add takes the cell of that step that begins at a time, and returns what its minute was like on
// average if this is the last cell of it. A count that changes by no more than what may happen
// under o counts as one that did not.
func (m *minute) add(at time.Time, step time.Duration, i capacity.Interval, o capacity.Objective) (mean capacity.Interval, full bool) {
	if begins := at.Truncate(time.Minute); !m.begins.Equal(begins) {
		*m = minute{begins: begins, ready: i.Ready}
	}
	if o.Unsettles(m.ready, i.Ready) {
		m.ready = 0
	}
	m.rate.add(i.Rate)
	if i.Latency > 0 { // nobody waits where nothing came in
		m.latency.add(i.Latency)
	}
	if at.Add(step).Sub(m.begins) < time.Minute {
		return mean, false
	}
	return capacity.Interval{Rate: m.rate.mean(), Latency: m.latency.mean(), Ready: m.ready, CPU: math.NaN()}, true
}

// A total is a sum of values that are known.
type total struct {
	sum float64
	n   int
}

func (t *total) add(v float64) {
	if !math.IsNaN(v) {
		t.sum += v
		t.n++
	}
}

// mean returns the mean; NaN without values.
func (t *total) mean() float64 { return t.sum / float64(t.n) }
