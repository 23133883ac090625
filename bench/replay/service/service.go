// Package service simulates the service that takes the load, with requests as a fluid
// or one by one, behind one interface.
package service

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/replay/requests"
)

// Settings describe a service. See [Settings.Filled] for the zero values.
type Settings struct {
	Queue    queue.Service // pods and objective
	Clients  Clients
	Step     time.Duration // of time, > 0
	Requests RequestMode   // zero = the service is a fluid
}

// Clients say what callers do with slow answers.
type Clients struct {
	Timeout time.Duration // a request that would wait longer fails; 0 = 10 s
	Retry   float64       // share of the failed requests that come again, a second later, in [0, 1)
	// Zombies makes the service work on requests whose clients have left, as real
	// servers do that do not notice: the queue is not shortened by their leaving, up
	// to four timeouts of work.
	Zombies bool
}

// retryAfter is how long a failed request takes to come again.
const retryAfter = time.Second

// RequestMode makes each request an event. It costs about a fifth of a microsecond
// per request: for validation and for stretches of hours.
type RequestMode struct {
	On         bool
	Discipline requests.Discipline // how requests find a pod and are served there
}

// Filled returns s with defaults in place of zeros.
func (s Settings) Filled() Settings {
	if s.Queue == (queue.Service{}) {
		s.Queue = queue.Service{Slots: 8, ServiceTime: 80 * time.Millisecond, Latency: 500 * time.Millisecond, Quantile: 0.99}
	}
	if s.Clients.Timeout == 0 {
		s.Clients.Timeout = 10 * time.Second
	}
	return s
}

// Check returns an error if the filled settings are out of their ranges.
func (s Settings) Check() error {
	if c := s.Clients; c.Timeout < 0 || !(c.Retry >= 0 && c.Retry < 1) {
		return fmt.Errorf("service: timeout %v, share of retries %v: want no negative time and a share in [0, 1)", c.Timeout, c.Retry)
	}
	return s.Queue.Check()
}

// A Service takes the load. It is not safe for concurrent use.
type Service interface {
	// Advance moves it by one step at the intensity rate, in requests/s, of which
	// arrived requests really come, with ready serving pods.
	Advance(rate, arrived float64, ready int32) Step
	// Latency is the quantile of the objective that it reports now, in s; NaN if it
	// has served nothing since it was last asked.
	Latency(rate float64, ready int32) float64
	// Judge forgets the latencies so far: the judged part begins.
	Judge()
	// Latencies are those since then.
	Latencies() Latencies
}

// New returns an idle service of s, which is filled and checked. Rng is used for
// single requests only.
func New(s Settings, rng *rand.Rand) Service {
	if s.Requests.On {
		return newDiscrete(s, rng)
	}
	return newFluid(s)
}

// A Step is what happened within one step of time.
type Step struct {
	Late     float64 // share of the requests that miss the objective, 0 to 1
	Broken   bool    // the objective was missed: a violating step
	Offered  float64 // requests that came in, retries included
	Served   float64 // requests that were finished for their client
	Failed   float64 // requests that timed out
	LateReqs float64 // requests that missed the objective, failed ones included
	Queued   float64 // requests in the queue at the end
	Busy     float64 // use of the processors of the serving pods, 0 to 1
	InFlight float64 // mean requests in the service
}
