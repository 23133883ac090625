package pods

import (
	"time"

	"github.com/forescale/forescale/bench/replay/hpa"
)

// Usage is what metrics-server knows: the use of processors per serving pod, as a
// sum over time, at its last two collections.
type Usage struct {
	at, before       int64 // ms; the collections
	used, usedBefore float64
	resolution       float64 // s
}

// NewUsage returns the usage before the first collection, which comes at first.
func NewUsage(first int64, resolution time.Duration) Usage {
	ms := resolution.Milliseconds()
	return Usage{at: first - ms, before: first - 2*ms, resolution: resolution.Seconds()}
}

// Collect takes the use so far, in seconds of a busy pod, at an instant.
func (u *Usage) Collect(at int64, used float64) {
	u.before, u.at = u.at, at
	u.usedBefore, u.used = u.used, used
}

// of returns the use of p over the last window, 0 to 1 of its request, and whether
// there is a sample: a pod that started within the window has none yet. A pod that does
// not serve yet uses nothing.
func (u Usage) of(p *pod) (float64, bool) {
	switch {
	case p.scheduled > u.before:
		return 0, false
	case !p.counted || p.serving >= u.at:
		return 0, true
	case p.serving <= u.before:
		return (u.used - u.usedBefore) / u.resolution, true
	}
	return max(0, u.used-p.used) / u.resolution, true
}

// CPU returns the mean use of the serving pods that have samples; NaN if none has.
func (c *Cluster) CPU(u Usage) float64 {
	sum, n := 0.0, 0
	for i := range c.pods {
		if p := &c.pods[i]; p.counted {
			if v, ok := u.of(p); ok {
				sum += v
				n++
			}
		}
	}
	return sum / float64(n)
}

// View appends the pods to dst as the API shows them; begin is the instant 0.
func (c *Cluster) View(dst []hpa.Pod, u Usage, begin time.Time, slots int) []hpa.Pod {
	now := u.at
	add := func(p *pod, deleted bool) {
		v := hpa.Pod{Deleted: deleted, Ready: hpa.False, Request: int64(slots) * 1000, Window: time.Duration(u.resolution * float64(time.Second))}
		at := func(ms int64) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
		if p.scheduled == Never {
			v.Phase = hpa.Pending
			dst = append(dst, v)
			return
		}
		v.Started, v.Changed = at(p.scheduled), at(p.scheduled)
		if p.counted {
			v.Ready, v.Changed = hpa.True, at(p.ready)
		}
		if use, ok := u.of(p); ok {
			v.Sampled, v.Value, v.At = true, int64(use*float64(v.Request)), at(now)
		}
		dst = append(dst, v)
	}
	for i := range c.dying {
		add(&c.dying[i].pod, true)
	}
	for i := range c.pods {
		add(&c.pods[i], false)
	}
	return dst
}
