package capacity

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"
)

// maxExact is the largest count whose rate is computed from the queue. For more
// replicas the rate per replica is that of maxExact, which is on the safe side,
// because it rises with the count.
const maxExact = 2048

// maxServers bounds the work of one exact rate likewise.
const maxServers = 1 << 15

// A Curve says which demand a count of replicas carries. Rates and demand are in
// the unit of the metric, requests/s under a latency objective.
//
// It remembers the rates it has computed and is not safe for concurrent use.
type Curve struct {
	service Service
	allowed float64 // share of requests that may miss the objective
	latency time.Duration
	exact   int32
	rates   []float64 // by count; 0 = not yet computed
	shared  *sharing  // with Sharing
	rests   *rests    // with a Variation
}

// Queue returns the curve of a service under an objective. It is a straight line where each
// replica has its own requests (Random, Sharing). It returns an error if no count can keep
// the objective, because the time of service alone is too long.
func Queue(s Service, o Objective) (*Curve, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	c := &Curve{service: s, allowed: 1 - o.Quantile, latency: o.Latency}
	c.exact = int32(min(maxExact, max(maxServers/s.Slots, 1)))
	if s.Discipline != Central {
		c.exact = 1 // each replica is by itself
	}
	if idle := s.miss(0, 1, o.Latency); idle > c.allowed {
		return nil, fmt.Errorf("capacity: an idle replica already misses %v within %v: %.2g of the requests of mean %v take longer",
			o.Quantile, o.Latency, idle, s.Time)
	}
	c.rests = s.rests(o.Latency.Seconds())
	if s.Discipline == Sharing {
		c.shared = newSharing(s, o.Latency)
	}
	return c, nil
}

// Clone returns the same curve, for use beside c.
func (c *Curve) Clone() *Curve {
	out := *c
	out.rates = slices.Clone(c.rates)
	return &out
}

// Rate returns the highest demand that n replicas carry; 0 for n ≤ 0. It ascends
// with n, and so does its share per replica.
func (c *Curve) Rate(n int32) float64 {
	switch {
	case n <= 0:
		return 0
	case n > c.exact:
		return c.Rate(c.exact) / float64(c.exact) * float64(n)
	}
	if int(n) >= len(c.rates) {
		c.rates = append(c.rates, make([]float64, int(n)+1-len(c.rates))...)
	}
	if c.rates[n] == 0 {
		c.rates[n] = c.solve(n)
	}
	return c.rates[n]
}

// solve finds the rate at which the permitted share misses, to one part in 10⁷.
func (c *Curve) solve(n int32) float64 {
	lo, hi := 0.0, float64(n)*c.service.Full()
	for hi-lo > 1e-7*hi {
		mid := (lo + hi) / 2
		if c.late(mid, n) > c.allowed {
			hi = mid
		} else {
			lo = mid
		}
	}
	return lo
}

// late returns the share of requests that miss the objective on n replicas.
func (c *Curve) late(rate float64, n int32) float64 {
	if c.shared != nil {
		return c.shared.miss(rate / (float64(n) * c.service.Full()))
	}
	return c.service.missWith(c.rests, rate, n, c.latency)
}

// Replicas returns the smallest count that carries demand, within 0 and 2³¹−1;
// −1, unknown, if demand is NaN. Once the rates around the answer are known it
// takes O(log n) and does not allocate.
func (c *Curve) Replicas(demand float64) int32 {
	if math.IsNaN(demand) {
		return -1
	}
	if !(demand > 0) {
		return 0
	}
	slack := demand * (1 - 1e-9) // rounding errors must not add a replica to an exact fit
	lo := slack / c.Full()       // no count below carries it
	if lo >= math.MaxInt32 {
		return math.MaxInt32
	}
	n := max(int32(math.Ceil(lo)), 1)
	if c.Rate(n) >= slack {
		return n
	}
	step := int32(1) // gallop, then halve
	for n < math.MaxInt32-step && c.Rate(n+step) < slack {
		n += step
		step = min(step*2, math.MaxInt32/4)
	}
	end := int(min(int64(step), int64(math.MaxInt32)-int64(n)))
	return n + int32(sort.Search(end, func(i int) bool { return c.Rate(n+int32(i)) >= slack }))
}

// Full returns the demand at which one replica is busy all the time. No count carries as
// much per replica.
func (c *Curve) Full() float64 { return c.service.Full() }

// Averaged returns the smallest count for which at most the share allowed misses
// on average over a distribution of demand, given by nodes and their weights
// (both of one length, weights summing to one). What misses is the share of requests that
// take too long or, beyond the counts that are computed exactly, the probability that
// demand exceeds what the replicas carry. It returns −1, unknown, if a node is NaN or there
// is none, and takes O(log n) evaluations of all nodes.
func (c *Curve) Averaged(nodes, weights []float64, allowed float64) int32 {
	if len(nodes) == 0 || slices.ContainsFunc(nodes, math.IsNaN) {
		return -1
	}
	most := c.Replicas(slices.Max(nodes))
	least := min(c.Replicas(slices.Min(nodes)), most)
	return least + int32(sort.Search(int(most-least), func(i int) bool {
		return c.missed(nodes, weights, least+int32(i)) <= allowed
	}))
}

// missed returns the mean share of misses of n replicas.
func (c *Curve) missed(nodes, weights []float64, n int32) float64 {
	total := 0.0
	for i, demand := range nodes {
		switch {
		case n > c.exact && c.service.Discipline == Central:
			if demand*(1-1e-9) > c.Rate(n) {
				total += weights[i]
			}
		default:
			total += weights[i] * c.late(demand, n)
		}
	}
	return total
}
