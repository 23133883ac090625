package service

import (
	"github.com/forescale/forescale/bench/replay/queue"
)

// fluid is the service as a fluid: within capacity the stationary queue, beyond it
// a backlog
//
//	q ← max(0, q + λ·Δt − κ·Δt),  κ = pods · slots / service time
//
// whose virtual wait q/κ shortens the time that is left of the objective. The
// backlog is of the intensity: the chance of single arrivals is in the stationary
// queue already.
type fluid struct {
	service queue.Service
	table   *queue.Table
	clients Clients
	dt      float64 // s
	perPod  float64 // requests that one pod can finish in a step
	busy    float64 // slots that one request per step keeps busy

	tails *tails

	queue   float64
	retries []float64 // that come in the next steps, a ring
	at      int
}

func newFluid(o Settings) *fluid {
	dt := o.Step.Seconds()
	f := &fluid{
		service: o.Queue, table: queue.NewTable(o.Queue), clients: o.Clients, tails: newTails(o),
		dt: dt, perPod: o.Queue.Capacity(1) * dt, busy: o.Queue.ServiceTime.Seconds() / dt,
	}
	if o.Clients.Retry > 0 {
		f.retries = make([]float64, max(1, retryAfter/o.Step))
	}
	return f
}

func (f *fluid) Advance(rate, arrived float64, ready int32) Step {
	s := Step{Offered: rate * f.dt}
	if f.retries != nil {
		s.Offered += f.retries[f.at]
		rate = s.Offered / f.dt
	}
	capacity := f.perPod * float64(ready)
	demandOfSlots := arrived * f.busy
	switch {
	case f.queue == 0 && s.Offered == 0: // nobody asks, nobody waits
	case f.queue == 0 && s.Offered < capacity:
		state := f.table.At(int(ready), rate, 0)
		s.Late, s.Served = state.Late, s.Offered
		s.LateReqs = s.Late * s.Offered
		s.Busy = s.Offered / capacity
		f.tails.steady(ready, s.Busy, s.Offered)
		s.InFlight = demandOfSlots + state.Waiting
	default:
		f.overload(&s, rate, ready, capacity)
		s.InFlight = min(demandOfSlots, float64(int(ready)*f.service.Slots)) + f.queue
	}
	s.Broken = s.Late > 1-f.service.Quantile
	s.Queued = f.queue
	f.retry(s.Failed)
	return s
}

// overload is a step with a backlog, or one that begins one.
func (f *fluid) overload(s *Step, rate float64, ready int32, capacity float64) {
	before := f.queue
	work := min(capacity, before+s.Offered)
	f.queue = before + s.Offered - work
	wait := 0.0 // seconds, halfway through the step
	if capacity > 0 {
		wait = (before + f.queue) / 2 / capacity * f.dt
		s.Busy = work / capacity
	}
	s.Late = f.table.At(int(ready), rate, wait).Late
	s.Served = work
	patience := f.clients.Timeout.Seconds()
	// Without a pod the queue is what came within the patience of the clients.
	limit := max(capacity, s.Offered*b2f(capacity == 0)) / f.dt * patience
	if f.clients.Zombies {
		if before > limit { // the service works on requests whose clients have left
			s.Served, s.Failed = 0, work
		}
		limit *= 4
	}
	if excess := f.queue - limit; excess > 0 {
		f.queue = limit
		s.Failed += excess
	}
	s.LateReqs = min(s.Offered, max(s.Late*s.Offered, s.Failed))
	f.tails.behind(wait, s.Offered, s.Failed)
}

func (f *fluid) Judge()               { f.tails = newTails(Settings{Queue: f.service, Clients: f.clients}) }
func (f *fluid) Latencies() Latencies { return f.tails.latencies() }

func b2f(yes bool) float64 { //nolint:revive // flag-parameter: the indicator function
	if yes {
		return 1
	}
	return 0
}

func (f *fluid) retry(failed float64) {
	if f.retries == nil {
		return
	}
	f.retries[f.at] = failed * f.clients.Retry
	f.at = (f.at + 1) % len(f.retries)
}

// latency is at most the timeout of the clients, which is all that they can see.
func (f *fluid) Latency(rate float64, ready int32) float64 {
	patience := f.clients.Timeout.Seconds()
	capacity := f.service.Capacity(int(ready))
	if ready == 0 || rate >= capacity {
		return patience
	}
	return min(patience, f.queue/capacity+f.table.Quantile(int(ready), rate))
}
