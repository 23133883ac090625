package queue

import "math"

// bins is the resolution of the utilization in a [Table].
const bins = 256

// A Table answers the questions of [Service] in constant time by interpolating the
// probability to wait between 256 utilizations, computed when first needed. The
// share of late requests is within 1e-3 of the exact one. It is not safe for
// concurrent use.
type Table struct {
	service     Service
	work        work
	left        remainder // of the objective's latency, where work is lognormal
	perPod      float64   // capacity of one pod, requests/s
	latency     float64   // of the objective, s
	served      float64   // share of requests whose service alone takes longer than that
	variability float64
	rows        [][]float64 // rows[n][i] = ErlangC at utilization i/bins; NaN = not yet computed
}

// NewTable returns an empty table of s.
func NewTable(s Service) *Table {
	latency := s.Latency.Seconds()
	t := &Table{
		service: s, work: s.work(), perPod: s.Capacity(1), latency: latency,
		served: s.work().exceeds(latency), variability: s.variability(),
	}
	if t.work.sigma > 0 {
		t.left = t.work.left(latency)
	}
	return t
}

// Capacity returns the rate at which one pod is busy all the time, requests/s.
func (t *Table) Capacity() float64 { return t.perPod }

// theta returns the rate at which waiting times decay at rate on n pods, 1/s.
func (t *Table) theta(n int, rate float64) float64 {
	if t.service.Balancing == PerPod {
		return (t.perPod - rate/float64(n)) / t.variability
	}
	return (t.perPod*float64(n) - rate) / t.variability
}

// wait returns the interpolated probability to wait at rate on n pods, below capacity.
func (t *Table) wait(n int, rate float64) float64 {
	rho := rate / (t.perPod * float64(n))
	c := n * t.service.Slots
	if t.service.Balancing == PerPod {
		c, n = t.service.Slots, 0
	}
	for len(t.rows) <= n {
		t.rows = append(t.rows, nil)
	}
	if t.rows[n] == nil {
		t.rows[n] = make([]float64, bins+1)
		for i := range t.rows[n] {
			t.rows[n][i] = math.NaN()
		}
	}
	row, x := t.rows[n], rho*bins
	i := int(x)
	for j := i; j <= i+1; j++ {
		if math.IsNaN(row[j]) {
			row[j] = ErlangC(c, float64(j)/bins*float64(c))
		}
	}
	return row[i] + (x-float64(i))*(row[i+1]-row[i])
}

// State is a service in the long run.
type State struct {
	Late    float64 // share of requests that miss the latency of the objective
	Waiting float64 // mean number of requests in the queue
}

// At returns the state at rate requests/s on n ready pods when the queue that
// stands before a request takes waited seconds already. Beyond capacity, or
// without a pod, all are late and Waiting is 0: there the queue is the backlog,
// which the caller keeps.
func (t *Table) At(n int, rate, waited float64) State {
	if n < 1 || rate >= t.perPod*float64(n) {
		return State{Late: 1}
	}
	wait, theta := t.wait(n, rate), t.theta(n, rate)
	s := State{Late: t.served}
	switch {
	case waited > 0:
		s.Late = t.work.late(wait, theta, t.latency-waited)
	case t.work.sigma > 0:
		s.Late = t.left.late(wait, theta)
	case wait > 1e-12:
		s.Late = tail(t.served, wait, 1/t.work.mean, theta, t.latency)
	}
	rho := rate / (t.perPod * float64(n))
	s.Waiting = wait * rho / (1 - rho) * t.variability
	if t.service.Balancing == PerPod {
		s.Waiting *= float64(n)
	}
	return s
}

// Exceed returns the share of requests that take more than the given seconds at
// rate on n pods; 1 beyond capacity or without a pod.
func (t *Table) Exceed(n int, rate, seconds float64) float64 {
	if n < 1 || rate >= t.perPod*float64(n) {
		return 1
	}
	return t.work.late(t.wait(n, rate), t.theta(n, rate), seconds)
}

// Quantile returns the latency of the objective's quantile, in seconds, at rate on n pods. It
// is exact to 1 ms, or to one part in 10⁹ where that is more, as just below capacity. It is +Inf
// at and beyond capacity, within rounding, and without a pod.
func (t *Table) Quantile(n int, rate float64) float64 {
	if n < 1 || rate >= t.perPod*float64(n) || t.theta(n, rate) <= 0 {
		return math.Inf(1)
	}
	wait, theta := t.wait(n, rate), t.theta(n, rate)
	late := func(x float64) bool { return t.work.late(wait, theta, x) > t.service.slack() }
	low, high := 0.0, 4*t.service.ServiceTime.Seconds()
	for late(high) {
		low, high = high, 2*high
	}
	for high-low > max(1e-3, 1e-9*high) {
		if mid := (low + high) / 2; late(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return (low + high) / 2
}
