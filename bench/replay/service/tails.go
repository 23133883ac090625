package service

import (
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay/queue"
)

// Latencies are quantiles of the response time over all requests of the judged
// part. A request that timed out took at least the timeout, which is the largest
// value.
type Latencies struct{ P50, P95, P99, P999 time.Duration }

// tails gathers how long requests took in a service that is a fluid: how many met
// which state. Its distribution is the mixture of those states.
type tails struct {
	table   *queue.Table
	mu      float64
	timeout float64

	states [][]float64 // states[n][i] = requests that met n pods at utilization (i+½)/tailBins
	waits  []float64   // waits[i] = requests behind a backlog of (i+½)·10 ms
	failed float64
	all    float64
}

// tailBins is the resolution of utilization, tailWait that of the backlog in s.
const (
	tailBins = 256
	tailWait = 0.01
)

func newTails(o Settings) *tails {
	return &tails{
		table: queue.NewTable(o.Queue), mu: 1 / o.Queue.ServiceTime.Seconds(), timeout: o.Clients.Timeout.Seconds(),
		waits: make([]float64, int(o.Clients.Timeout.Seconds()/tailWait)+1),
	}
}

// steady adds requests that met n pods at a utilization below 1.
func (t *tails) steady(n int32, utilization, requests float64) {
	for len(t.states) <= int(n) {
		t.states = append(t.states, nil)
	}
	if t.states[n] == nil {
		t.states[n] = make([]float64, tailBins)
	}
	t.states[n][min(int(utilization*tailBins), tailBins-1)] += requests
	t.all += requests
}

// behind adds requests that met a backlog of wait seconds, of which some failed.
func (t *tails) behind(wait, requests, failed float64) {
	t.waits[min(int(wait/tailWait), len(t.waits)-1)] += max(0, requests-failed)
	t.failed += failed
	t.all += max(requests, failed)
}

// exceed returns how many requests took more than x seconds.
func (t *tails) exceed(x float64) float64 {
	sum := t.failed
	for n, row := range t.states {
		capacity := float64(n) * t.table.Capacity()
		for i, requests := range row {
			if requests > 0 {
				sum += requests * t.table.Exceed(n, capacity*(float64(i)+0.5)/tailBins, x)
			}
		}
	}
	for i, requests := range t.waits {
		if requests > 0 {
			sum += requests * min(1, math.Exp(-t.mu*(x-(float64(i)+0.5)*tailWait)))
		}
	}
	return sum
}

// latencies solves for the quantiles, to 1 ms; zero without requests.
func (t *tails) latencies() Latencies {
	at := func(p float64) time.Duration {
		if t.all == 0 {
			return 0
		}
		low, high := 0.0, t.timeout
		for high-low > 1e-3 {
			if mid := (low + high) / 2; t.exceed(mid) > (1-p)*t.all {
				low = mid
			} else {
				high = mid
			}
		}
		return time.Duration(math.Round((low+high)/2*1e3)) * time.Millisecond
	}
	return Latencies{P50: at(0.5), P95: at(0.95), P99: at(0.99), P999: at(0.999)}
}

// histogram gathers single response times in bins that are one percent wide.
type histogram struct {
	counts  []float64
	all     float64
	timeout float64
}

// finest is the upper border of the first bin, s.
const finest = 1e-4

func (h *histogram) add(seconds float64) {
	i := 0
	if seconds > finest {
		i = int(math.Log(seconds/finest) * 100)
	}
	for len(h.counts) <= i {
		h.counts = append(h.counts, 0)
	}
	h.counts[i]++
	h.all++
}

func (h *histogram) latencies() Latencies {
	at := func(p float64) time.Duration {
		left := p * h.all
		for i, n := range h.counts {
			if left -= n; left < 0 {
				return time.Duration(min(h.timeout, finest*math.Exp((float64(i)+0.5)/100)) * float64(time.Second))
			}
		}
		return 0
	}
	return Latencies{P50: at(0.5), P95: at(0.95), P99: at(0.99), P999: at(0.999)}
}
