// Package requests simulates a service request by request: arrivals, queues, slots
// and completions are events.
//
// It is the reference for the closed forms that the fluid mode of a replay uses,
// and shows what they leave out: how requests find a pod, and processors that are
// shared rather than taken in turn. A request costs about a tenth of a
// microsecond per event.
package requests

import (
	"math"
	"math/rand/v2"
	"time"
)

// A Discipline says how requests find a pod and are served there.
type Discipline int

// The disciplines. Where a pod has a queue of its own, requests in it stay with
// the pod when it is deleted: it drains within its grace period.
const (
	Central    Discipline = iota // one queue for all pods, first come first served
	Random                       // a queue per pod, chosen at random: the pessimistic bound
	TwoChoices                   // a queue per pod, the shorter of two chosen at random
	Sharing                      // no queue: a pod shares its slots among all it has, chosen as in TwoChoices
)

// String returns the name of d.
func (d Discipline) String() string {
	switch d {
	case Random:
		return "random"
	case TwoChoices:
		return "two-choices"
	case Sharing:
		return "sharing"
	case Central:
	}
	return "central"
}

// A Work draws the time in seconds that a request keeps one slot busy.
type Work func(rng *rand.Rand) float64

// Exponential is work with a coefficient of variation of 1.
func Exponential(mean float64) Work {
	return func(rng *rand.Rand) float64 { return mean * rng.ExpFloat64() }
}

// Lognormal is work with the given coefficient of variation, > 0.
func Lognormal(mean, variation float64) Work {
	sigma := math.Sqrt(math.Log1p(variation * variation))
	return func(rng *rand.Rand) float64 { return mean * math.Exp(sigma*(rng.NormFloat64()-sigma/2)) }
}

// Settings describe a service. All are required, except that a Timeout of 0 waits
// for ever.
type Settings struct {
	Slots      int // per pod
	Work       Work
	Discipline Discipline
	Timeout    time.Duration // a request that has waited for so long is dropped when its turn comes
}

// A Request is one that has left.
type Request struct {
	Wait   float64 // seconds before its service began; 0 with Sharing
	Total  float64 // seconds from arrival to departure
	Failed bool    // dropped after its timeout
}

// A Service is a simulated service. It is not safe for concurrent use.
type Service struct {
	set  Settings
	rng  *rand.Rand
	done func(Request)
	now  float64 // seconds

	pods   []*pod // those that take requests
	queue  queue  // of Central
	busy   int    // slots in use, of Central
	events events
	count  int // requests in the service
	area   float64
}

// New returns a service without pods that calls done for each request that leaves,
// in order of time.
func New(s Settings, rng *rand.Rand, done func(Request)) *Service {
	return &Service{set: s, rng: rng, done: done}
}

// Len returns the number of requests in the service.
func (s *Service) Len() int { return s.count }

// Area returns the integral of Len over time so far, in request-seconds.
func (s *Service) Area() float64 { return s.area }

// Resize sets the number of pods that take requests, from now on. Pods that leave
// finish what they have.
func (s *Service) Resize(pods int) {
	for len(s.pods) < pods {
		s.pods = append(s.pods, &pod{})
	}
	s.pods = s.pods[:pods]
	if s.set.Discipline != Central {
		s.spread()
		return
	}
	for s.busy < pods*s.set.Slots && s.begin() {
	}
}

// spread hands the requests that waited for a first pod to the pods.
func (s *Service) spread() {
	for len(s.pods) > 0 && s.queue.len() > 0 {
		arrived := s.queue.pop()
		switch {
		case s.expired(arrived):
		case s.set.Discipline == Sharing:
			s.share(s.choose(), arrived)
		default:
			s.join(s.choose(), arrived)
		}
	}
}

// Advance moves time on by seconds, during which n requests arrive at instants
// that are uniform and independent: a Poisson process, given its count. Without a
// pod the requests wait in the central queue, whatever the discipline.
func (s *Service) Advance(seconds float64, n int) {
	from, to := s.now, s.now+seconds
	sum, gaps := 0.0, make([]float64, n+1)
	for i := range gaps { // gaps of a Poisson process, scaled to fit
		gaps[i] = s.rng.ExpFloat64()
		sum += gaps[i]
	}
	at := 0.0
	for _, gap := range gaps[:n] {
		at += gap
		s.run(from + seconds*at/sum)
		s.arrive()
	}
	s.run(to)
}

// run plays the departures up to an instant.
func (s *Service) run(until float64) {
	for len(s.events) > 0 && s.events[0].at <= until {
		e := s.events.pop()
		s.pass(e.at)
		s.depart(e)
	}
	s.pass(until)
}

func (s *Service) pass(to float64) {
	s.area += float64(s.count) * (to - s.now)
	s.now = to
}

func (s *Service) leave(r Request) {
	s.count--
	s.done(r)
}

// arrive lets one request in now.
func (s *Service) arrive() {
	s.count++
	switch {
	case s.set.Discipline == Central || len(s.pods) == 0:
		s.queue.push(s.now)
		if s.busy < len(s.pods)*s.set.Slots {
			s.begin()
		}
	case s.set.Discipline == Sharing:
		s.share(s.choose(), s.now)
	default:
		s.join(s.choose(), s.now)
	}
}

// choose picks a pod by the discipline.
func (s *Service) choose() *pod {
	p := s.pods[s.rng.IntN(len(s.pods))]
	if s.set.Discipline != Random {
		if q := s.pods[s.rng.IntN(len(s.pods))]; q.load() < p.load() {
			return q
		}
	}
	return p
}

// begin starts the next request of the central queue, dropping those that waited
// too long, and returns whether there was one.
func (s *Service) begin() bool {
	for s.queue.len() > 0 {
		arrived := s.queue.pop()
		if s.expired(arrived) {
			continue
		}
		s.busy++
		s.events.push(event{at: s.now + s.set.Work(s.rng), arrived: arrived, began: s.now})
		return true
	}
	return false
}

// expired drops a request that has waited for too long.
func (s *Service) expired(arrived float64) bool {
	if s.set.Timeout <= 0 || s.now-arrived < s.set.Timeout.Seconds() {
		return false
	}
	s.leave(Request{Wait: s.now - arrived, Total: s.now - arrived, Failed: true})
	return true
}

// depart plays the end of a service.
func (s *Service) depart(e event) {
	switch {
	case e.pod == nil:
		s.leave(Request{Wait: e.began - e.arrived, Total: s.now - e.arrived})
		s.busy--
		if s.busy < len(s.pods)*s.set.Slots {
			s.begin()
		}
	case s.set.Discipline == Sharing:
		s.finish(e)
	default:
		s.leave(Request{Wait: e.began - e.arrived, Total: s.now - e.arrived})
		e.pod.busy--
		s.next(e.pod)
	}
}
