package queue

import (
	"fmt"
	"math"
	"sort"
	"time"
)

// Balancing says how requests find a pod.
type Balancing int

// The ways to balance, which bound what real proxies do.
const (
	Central Balancing = iota // one queue for all pods: least connections with fresh information
	PerPod                   // each pod its own queue, chosen at random
)

// String returns the name of b.
func (b Balancing) String() string {
	if b == PerPod {
		return "per-pod"
	}
	return "central"
}

// Service describes the pods of a service and its objective.
type Service struct {
	Slots       int           // requests one pod serves at once, ≥ 1
	ServiceTime time.Duration // mean time of a request on its slot, > 0
	Variation   float64       // coefficient of variation of the service time, which is then lognormal; 0 = exponential
	Balancing   Balancing

	Latency  time.Duration // a request that takes longer is late
	Quantile float64       // at most 1 − Quantile of the requests may be late
}

// Check returns an error if s is not a service whose objective one idle pod keeps.
func (s Service) Check() error {
	switch {
	case s.Slots < 1:
		return fmt.Errorf("queue: %d slots per pod, want at least 1", s.Slots)
	case s.ServiceTime <= 0:
		return fmt.Errorf("queue: service time %v, want a positive duration", s.ServiceTime)
	case !(s.Quantile > 0 && s.Quantile < 1):
		return fmt.Errorf("queue: quantile %v of the objective, want a number above 0 and below 1", s.Quantile)
	case s.Latency <= 0:
		return fmt.Errorf("queue: latency %v of the objective, want a positive duration", s.Latency)
	case !(s.Variation >= 0 && s.Variation <= 10):
		return fmt.Errorf("queue: coefficient of variation %v of the service time, want 0 to 10", s.Variation)
	}
	if late := s.work().exceeds(s.Latency.Seconds()); late >= s.slack() {
		return fmt.Errorf("queue: %.3g of the requests take more than %v on an idle pod (mean %v), the objective allows %.3g: no number of pods keeps it",
			late, s.Latency, s.ServiceTime, s.slack())
	}
	return nil
}

func (s Service) slack() float64 { return 1 - s.Quantile }

// mu returns the rate of one slot, 1/s.
func (s Service) mu() float64 { return 1 / s.ServiceTime.Seconds() }

// Means returns the quantile q of the service time over its mean.
func (s Service) Means(q float64) float64 {
	w := s.work()
	w.mean = 1
	return w.quantile(q)
}

// Capacity returns the rate at which n pods are busy all the time, requests/s.
func (s Service) Capacity(n int) float64 { return float64(n*s.Slots) * s.mu() }

// variability returns the Allen–Cunneen factor (c_a² + c_s²)/2, where c_a = 1: arrivals are
// Poisson.
func (s Service) variability() float64 {
	if s.Variation == 0 {
		return 1
	}
	return (1 + s.Variation*s.Variation) / 2
}

// leastVariation is what lesser ones count as: no square of it is lost, which would make the
// service time exponential.
const leastVariation = 1e-9

// work returns the distribution of the service time.
func (s Service) work() work {
	w := work{mean: s.ServiceTime.Seconds()}
	if s.Variation > 0 {
		v := max(s.Variation, leastVariation)
		w.sigma = math.Sqrt(math.Log1p(v * v))
	}
	return w
}

// seen returns the servers and the rate of the queue that one request sees.
func (s Service) seen(n int, rate float64) (int, float64) {
	if s.Balancing == PerPod {
		return s.Slots, rate / float64(n)
	}
	return n * s.Slots, rate
}

// Late returns the share of requests that take more than Latency − waited at rate
// requests/s on n ready pods, in the long run; 1 beyond capacity or without a
// pod. It costs O(slots of the queue).
func (s Service) Late(n int, rate float64, waited time.Duration) float64 {
	if n < 1 || rate >= s.Capacity(n) {
		return 1
	}
	c, r := s.seen(n, rate)
	return s.lateGiven(ErlangC(c, r/s.mu()), n, rate, (s.Latency - waited).Seconds())
}

func (s Service) lateGiven(wait float64, n int, rate, t float64) float64 {
	c, r := s.seen(n, rate)
	theta := (float64(c)*s.mu() - r) / s.variability()
	return s.work().late(wait, theta, t)
}

// MeanWait returns the mean waiting time at rate on n pods in seconds,
// C/(cμ − λ)·(c_a² + c_s²)/2; +Inf beyond capacity.
func (s Service) MeanWait(n int, rate float64) float64 {
	if n < 1 || rate >= s.Capacity(n) {
		return math.Inf(1)
	}
	c, r := s.seen(n, rate)
	return ErlangC(c, r/s.mu()) / (float64(c)*s.mu() - r) * s.variability()
}

// MaxRate returns the largest rate at which n pods keep the objective, requests/s.
// It is 0 for n = 0.
func (s Service) MaxRate(n int) float64 {
	if n < 1 {
		return 0
	}
	if s.Balancing == PerPod && n > 1 {
		return float64(n) * s.MaxRate(1)
	}
	low, high := 0.0, s.Capacity(n)
	for range 50 { // to 1e-15 of the capacity
		mid := (low + high) / 2
		if s.Late(n, mid, 0) <= s.slack() {
			low = mid
		} else {
			high = mid
		}
	}
	return low
}

// Staffing answers how many pods a rate needs. It remembers what it computed and
// is not safe for concurrent use.
type Staffing struct {
	service Service
	max     []float64 // max[n] = MaxRate(n), ascending
}

// NewStaffing returns the staffing of s, which must pass its Check.
func NewStaffing(s Service) *Staffing { return &Staffing{service: s, max: []float64{0}} }

// exact is the number of servers, pods times slots, up to which counts are computed one by
// one. Among more of them a server carries at most a hundredth more under the objective.
const exact = 10_000

// Pods returns the fewest ready pods that keep the objective at rate requests/s:
// the demand. It is 0 for a rate of 0. Beyond 10,000 servers each is taken to carry as
// much as among 10,000, so that the time for an answer is bounded. An answer beyond the
// range of an int32 becomes its maximum.
func (s *Staffing) Pods(rate float64) int {
	most := max(exact/s.service.Slots, 1)
	for s.max[len(s.max)-1] < rate && len(s.max) <= most {
		s.max = append(s.max, s.service.MaxRate(len(s.max)))
	}
	if last := len(s.max) - 1; s.max[last] < rate {
		return int(min(math.Ceil(rate/s.max[last]*float64(last)), math.MaxInt32))
	}
	return sort.SearchFloat64s(s.max, rate)
}
