package replay

import (
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay/pods"
	"github.com/forescale/forescale/bench/replay/scrape"
)

// perPod is the query sum(rate(counter[W])) over the counters of the pods, which most
// services have instead of a counter at their ingress. It misses what a new pod serves
// before its second scrape, and counts deleted pods for a window longer.
//
// Pods share the arrivals evenly, so that one curve, the arrivals per pod so far,
// tells the counter of each pod at each instant.
type perPod struct {
	s      *Scenario
	shares []float64   // arrivals per serving pod up to the start of each step
	gone   []pods.Life // of deleted pods, in order of their end
	buffer []scrape.Sample
}

func newPerPod(s *Scenario) *perPod {
	return &perPod{s: s, shares: make([]float64, 1, len(s.rate)+1)}
}

// advance adds one step of arrivals that ready pods share.
func (p *perPod) advance(arrived float64, ready int32) {
	p.shares = append(p.shares, p.shares[len(p.shares)-1]+arrived/float64(max(ready, 1)))
}

// by returns the arrivals per pod up to an instant, which is not in the future.
func (p *perPod) by(ms int64) float64 {
	if ms <= 0 {
		return 0
	}
	x := float64(ms) / float64(p.s.stepMS)
	i := min(int(x), len(p.shares)-1)
	j := min(i+1, len(p.shares)-1)
	return p.shares[i] + (x-float64(i))*(p.shares[j]-p.shares[i])
}

// query returns the sum of the rates at now over the living pods of c and the gone
// ones, and whether any pod had a rate.
func (p *perPod) query(c *pods.Cluster, now int64) (float64, bool) {
	window := p.s.Options.Metric.RateWindow.Milliseconds()
	p.gone = c.Ended(p.gone)
	for len(p.gone) > 0 && p.gone[0].Gone < now-window {
		p.gone = p.gone[1:]
	}
	sum, found := 0.0, false
	add := func(k pods.Life) {
		if r, ok := p.rate(k, now, window); ok {
			sum, found = sum+r, true
		}
	}
	c.Living(add)
	for _, k := range p.gone {
		add(k)
	}
	return sum, found
}

// rate returns rate() of one counter.
func (p *perPod) rate(k pods.Life, now, window int64) (float64, bool) {
	interval := p.s.Options.Metric.ScrapeInterval.Milliseconds()
	phase := int64(chance(p.s.Options.Seed, uint64(k.ID), 0) * float64(interval))
	first := max(now-window+1, k.Serving)
	at := first + (phase-first%interval+2*interval)%interval
	p.buffer = p.buffer[:0]
	for ; at <= min(now, k.Gone); at += interval {
		if !p.lost(k.ID, at) {
			value := p.by(min(at, k.Deleted)) - p.by(k.Serving)
			if k.Serving < 0 {
				value += 1e6 // it has served for long
			}
			p.buffer = append(p.buffer, scrape.Sample{Millis: at, Value: math.Floor(value)})
		}
	}
	return scrape.Rate(p.buffer, now, window)
}

// lost returns whether the scrape of a pod at an instant fails.
func (p *perPod) lost(id int, at int64) bool {
	loss := p.s.Options.Metric.Loss
	if loss > 0 && chance(p.s.Options.Seed, uint64(id), uint64(at)) < loss {
		return true
	}
	now := p.s.begin.Add(time.Duration(at) * time.Millisecond)
	return p.s.out(now) || p.s.unseen(now)
}

// chance is a number in [0, 1) that its arguments decide: randomness that does not
// depend on the order in which it is asked for. The mixing is that of splitmix64.
func chance(seed, a, b uint64) float64 {
	x := seed ^ a*0x9e3779b97f4a7c15 ^ b*0xd1b54a32d192ed03
	for range 2 {
		x += 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		x ^= x >> 31
	}
	return float64(x>>11) / (1 << 53)
}
