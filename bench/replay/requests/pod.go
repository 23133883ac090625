package requests

import "container/heap"

// A pod is one pod with a queue of its own, or one that shares its slots.
type pod struct {
	busy  int
	queue queue

	jobs    jobs    // of Sharing
	served  float64 // work that each job present all the time would have got
	at      float64 // instant of served
	version int     // of the event that announces its next departure
}

func (p *pod) load() int { return p.busy + p.queue.len() + len(p.jobs) }

// join puts a request that arrived at an instant into p.
func (s *Service) join(p *pod, arrived float64) {
	p.queue.push(arrived)
	if p.busy < s.set.Slots {
		s.next(p)
	}
}

// next starts the next request in the queue of p.
func (s *Service) next(p *pod) {
	for p.queue.len() > 0 {
		if arrived := p.queue.pop(); !s.expired(arrived) {
			p.busy++
			s.events.push(event{at: s.now + s.set.Work(s.rng), arrived: arrived, began: s.now, pod: p})
			return
		}
	}
}

// speed is the work that each job of p gets per second.
func (s *Service) speed(p *pod) float64 {
	return min(1, float64(s.set.Slots)/float64(max(len(p.jobs), 1)))
}

// settle brings the work done by p up to now.
func (s *Service) settle(p *pod) {
	p.served += (s.now - p.at) * s.speed(p)
	p.at = s.now
}

// share adds a request to p.
func (s *Service) share(p *pod, arrived float64) {
	s.settle(p)
	heap.Push(&p.jobs, job{end: p.served + s.set.Work(s.rng), arrived: arrived})
	s.announce(p)
}

// announce schedules the next departure of p; older announcements are void.
func (s *Service) announce(p *pod) {
	p.version++
	if len(p.jobs) > 0 {
		left := max(0, p.jobs[0].end-p.served)
		s.events.push(event{at: s.now + left/s.speed(p), pod: p, version: p.version})
	}
}

// finish ends the job that e announced, unless e is void.
func (s *Service) finish(e event) {
	p := e.pod
	if e.version != p.version {
		return
	}
	s.settle(p)
	j := p.jobs[0]
	heap.Pop(&p.jobs)
	s.leave(Request{Total: s.now - j.arrived})
	s.announce(p)
}

// A job is one request of a pod that shares; end is the value of served at which it is done.
type job struct{ end, arrived float64 }

type jobs []job

func (j jobs) Len() int           { return len(j) }
func (j jobs) Less(a, b int) bool { return j[a].end < j[b].end }
func (j jobs) Swap(a, b int)      { j[a], j[b] = j[b], j[a] }
func (j *jobs) Push(x any)        { *j = append(*j, x.(job)) } //nolint:forcetypeassert // only share pushes
func (j *jobs) Pop() any {
	old := *j
	last := old[len(old)-1]
	*j = old[:len(old)-1]
	return last
}

// A queue holds instants of arrival, first in first out.
type queue struct {
	items []float64
	head  int
}

func (q *queue) len() int { return len(q.items) - q.head }

func (q *queue) push(at float64) { q.items = append(q.items, at) }

func (q *queue) pop() float64 {
	at := q.items[q.head]
	q.head++
	if q.head > 1024 && q.head > len(q.items)/2 { // forget what has left
		q.items = append(q.items[:0], q.items[q.head:]...)
		q.head = 0
	}
	return at
}

// An event is the end of a service; pod is nil in the central queue.
type event struct {
	at, arrived, began float64
	pod                *pod
	version            int // of Sharing
}

// events is a binary heap by time, without the interface calls of container/heap.
type events []event

func (h *events) push(e event) {
	*h = append(*h, e)
	q := *h
	for i := len(q) - 1; i > 0; {
		parent := (i - 1) / 2
		if q[parent].at <= q[i].at {
			return
		}
		q[parent], q[i] = q[i], q[parent]
		i = parent
	}
}

func (h *events) pop() event {
	q := *h
	first := q[0]
	last := len(q) - 1
	q[0] = q[last]
	q[last] = event{}
	*h = q[:last]
	q = *h
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return first
		}
		if child+1 < last && q[child+1].at < q[child].at {
			child++
		}
		if q[i].at <= q[child].at {
			return first
		}
		q[i], q[child] = q[child], q[i]
		i = child
	}
}
