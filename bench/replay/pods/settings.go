// Package pods simulates the life cycle of the pods of one service (created, started,
// ready, serving, deleted, gone) and what metrics-server knows of their CPU use.
//
// Which pod is deleted when the count falls is simplified from the ReplicaSet
// controller: one that does not serve yet before one that does, the youngest first. A
// pod is billed from its creation to the end of its grace period.
//
// Instants are milliseconds since the begin of a run, and may be negative for what
// was there before it. Calls come in order of time.
package pods

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Settings say how pods live. The zero value of each field stands for its default.
type Settings struct {
	Startup  Startup
	Endpoint time.Duration // from readiness to the first request; 0 = 1 s
	Grace    time.Duration // a deleted pod is billed for so long; 0 = 30 s
	Min, Max int32         // bounds of the replicas; 0 = 1 and 400
	ZeroMin  bool          // Min 0 means 0

	SlowStart SlowStart
	Nodes     *Nodes // nil = there is always room
}

// Startup is the time from the creation of a pod to its readiness: empirical if
// Observed is given, else lognormal.
type Startup struct {
	Median   time.Duration   // 0 = 60 s
	Sigma    float64         // of the logarithm; 0 = 0.25
	Fixed    bool            // always Median
	Observed []time.Duration // drawn from with equal chances; the other fields are then ignored
}

// SlowStart makes new pods serve less: cold caches, code that is not compiled yet.
type SlowStart struct {
	For   time.Duration // from the first request on; 0 = pods are at their best at once
	Share float64       // of their capacity that they have until then, in [0, 1]
}

// Nodes makes pods wait for a node when there is no room.
type Nodes struct {
	Pods      int           // that fit on one node, > 0
	Provision time.Duration // median from the first pod without room to a usable node; 0 = 60 s
	Sigma     float64       // of the logarithm of that; 0 = 0.25
}

// Filled returns s with defaults in place of zeros, and its observations sorted.
func (s Settings) Filled() Settings {
	if s.Min == 0 && !s.ZeroMin {
		s.Min = 1
	}
	if s.Max == 0 {
		s.Max = 400
	}
	if s.Startup.Median == 0 {
		s.Startup.Median = time.Minute
	}
	if s.Startup.Sigma == 0 {
		s.Startup.Sigma = 0.25
	}
	if s.Endpoint == 0 {
		s.Endpoint = time.Second
	}
	if s.Grace == 0 {
		s.Grace = 30 * time.Second
	}
	s.Startup.Observed = slices.Sorted(slices.Values(s.Startup.Observed))
	if s.Nodes != nil {
		n := s.Nodes.filled()
		s.Nodes = &n
	}
	return s
}

func (n Nodes) filled() Nodes {
	if n.Provision == 0 {
		n.Provision = time.Minute
	}
	if n.Sigma == 0 {
		n.Sigma = 0.25
	}
	return n
}

// Check returns an error if the filled settings are out of their ranges.
func (s Settings) Check() error {
	switch slow := s.SlowStart; {
	case s.Min < 0 || s.Max < 1 || s.Min > s.Max:
		return fmt.Errorf("pods: replicas from %d to %d, want 0 ≤ min ≤ max and a max of at least 1", s.Min, s.Max)
	case s.Endpoint < 0 || s.Grace < 0:
		return fmt.Errorf("pods: endpoint after %v and grace of %v, want none negative", s.Endpoint, s.Grace)
	case !(slow.Share >= 0 && slow.Share <= 1) || slow.For < 0:
		return fmt.Errorf("pods: a slow start at %v of the capacity for %v, want a share of at most 1 and no negative time", slow.Share, slow.For)
	}
	return errors.Join(s.Startup.check(), s.Nodes.check())
}

func (s Startup) check() error {
	if s.Median < 0 || s.Sigma < 0 || len(s.Observed) > 0 && s.Observed[0] < 0 {
		return fmt.Errorf("pods: a start-up time of %v, σ %v, least observed of %v: want none negative", s.Median, s.Sigma, s.Quantile(0))
	}
	return nil
}

func (n *Nodes) check() error {
	if n != nil && (n.Pods < 1 || n.Provision < 0 || n.Sigma < 0) {
		return fmt.Errorf("pods: nodes of %d pods after %v, σ %v: want at least 1 pod per node and nothing negative",
			n.Pods, n.Provision, n.Sigma)
	}
	return nil
}

// Quantile returns the start-up time that the share p of the pods does not exceed.
// Observed must be sorted, as [Settings.Filled] leaves it.
func (s Startup) Quantile(p float64) time.Duration {
	switch {
	case len(s.Observed) > 0:
		return s.Observed[min(int(p*float64(len(s.Observed))), len(s.Observed)-1)]
	case s.Fixed:
		return s.Median
	}
	return time.Duration(float64(s.Median) * math.Exp(s.Sigma*math.Sqrt2*math.Erfinv(2*p-1)))
}

// draw returns the start-up time of the next pod in ms. It uses up one number of
// rng, so that the k-th pod of each policy gets the k-th number.
func (s Startup) draw(rng *rand.Rand) int64 {
	return s.Quantile(rng.Float64()).Milliseconds()
}
