package rival

import (
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay"
)

// minutes is the rate per minute, history and run together.
type minutes struct {
	start  time.Time // of the first cell
	values []float64 // requests/s; NaN = no sample
}

// newMinutes starts with the history.
func newMinutes(c replay.Config) *minutes {
	if c.History.Len() == 0 || c.History.Step != time.Minute {
		return &minutes{start: c.Start.Truncate(time.Minute)}
	}
	return &minutes{start: c.History.Start, values: append([]float64(nil), c.History.Values...)}
}

// see takes the rate over the minute that ends about now.
func (m *minutes) see(now time.Time, rate float64) {
	i := int(now.Sub(m.start)/time.Minute) - 1
	for len(m.values) <= i {
		m.values = append(m.values, math.NaN())
	}
	if i >= 0 {
		m.values[i] = rate
	}
}

// heard is the end of the newest cell with a sample, where what filled returns ends.
func (m *minutes) heard() time.Time {
	return m.start.Add(time.Duration(m.newest()) * time.Minute)
}

// filled returns the newest stretch, of at most n cells, without a gap of more
// than an hour, its smaller gaps filled by straight lines. It ends with the newest
// sample, which is at most an hour old, else it is empty.
func (m *minutes) filled(n int) []float64 {
	const most = 60
	end := m.newest()
	if len(m.values)-end > most {
		return nil
	}
	out := append([]float64(nil), m.values[max(0, end-n):end]...)
	last := -1
	for i, v := range out {
		if math.IsNaN(v) {
			continue
		}
		if last < 0 || i-last > most {
			for j := range i {
				out[j] = math.NaN() // dropped below
			}
		} else {
			for j := last + 1; j < i; j++ {
				out[j] = out[last] + (v-out[last])*float64(j-last)/float64(i-last)
			}
		}
		last = i
	}
	first := 0
	for first < len(out) && math.IsNaN(out[first]) {
		first++
	}
	return out[first:]
}

// newest is the number of cells up to the newest sample.
func (m *minutes) newest() int {
	n := len(m.values)
	for n > 0 && math.IsNaN(m.values[n-1]) {
		n--
	}
	return n
}
