package pods

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Never is an instant that no run reaches, in milliseconds.
const Never = math.MaxInt64

// A pod is one pod; instants are ms since the begin of the run, and may be negative.
type pod struct {
	id        int
	created   int64
	scheduled int64 // created, or later if it waits for a node; Never while that is not known
	ready     int64 // condition Ready
	serving   int64 // in the endpoints
	startup   int64 // from scheduled to ready
	used      float64
	counted   bool // whether it serves by now; used is the use of processors per pod up to then
}

// A dying pod is deleted and within its grace period.
type dying struct {
	pod

	gone int64
}

// A Cluster is the pods of a service. It is not safe for concurrent use.
type Cluster struct {
	set      Settings
	startups *rand.Rand
	nodes    *nodes // nil = there is always room

	pods    []pod // not deleted, oldest first
	dying   []dying
	serving int32 // pods that take traffic
	next    int64 // next instant at which a pod begins to serve; Never if none

	created, wasted int // pods in all; those deleted before or within a minute of ready

	deleted []Life // pods that served and were deleted since the last question
}

// New returns a cluster of s, which is filled and checked, with replicas pods that
// have long been serving. Startups and arrivals are the random sources of the
// start-up times of pods and nodes.
func New(s Settings, replicas int32, startups, arrivals *rand.Rand) *Cluster {
	c := &Cluster{set: s, startups: startups, next: Never}
	long := -time.Hour.Milliseconds()
	for id := range int(replicas) {
		c.pods = append(c.pods, pod{id: -1 - id, created: long, scheduled: long, ready: long, serving: long, counted: true})
	}
	c.serving = replicas
	if s.Nodes != nil {
		c.nodes = newNodes(*s.Nodes, int(replicas), arrivals)
	}
	return c
}

// Replicas returns spec.replicas: the pods that are not deleted.
func (c *Cluster) Replicas() int32 { return int32(len(c.pods)) }

// Billed returns the pods that exist: starting and terminating ones included.
func (c *Cluster) Billed() int32 { return int32(len(c.pods) + len(c.dying)) }

// Scale sets spec.replicas to n at now.
func (c *Cluster) Scale(n int32, now int64) {
	for int(n) > len(c.pods) {
		c.create(now)
	}
	for int(n) < len(c.pods) {
		c.remove(now)
	}
	if c.nodes != nil {
		c.nodes.place(c, now)
	}
	c.plan()
}

func (c *Cluster) create(now int64) {
	p := pod{id: c.created, created: now, scheduled: now, startup: c.set.Startup.draw(c.startups)}
	if c.nodes != nil {
		p.scheduled = Never
	}
	c.start(&p)
	c.pods = append(c.pods, p)
	c.created++
}

// start sets the instants that follow from scheduled.
func (c *Cluster) start(p *pod) {
	p.ready, p.serving = Never, Never
	if p.scheduled != Never {
		p.ready = p.scheduled + p.startup
		p.serving = p.ready + c.set.Endpoint.Milliseconds()
	}
}

// remove deletes one pod: one that does not serve yet before one that does, the
// youngest first.
func (c *Cluster) remove(now int64) {
	victim := len(c.pods) - 1
	for i := victim; i >= 0; i-- {
		if !c.pods[i].counted {
			victim = i
			break
		}
	}
	p := c.pods[victim]
	c.pods = slices.Delete(c.pods, victim, victim+1)
	if p.counted {
		c.serving--
	}
	if p.ready == Never || p.ready > now-time.Minute.Milliseconds() {
		c.wasted++
	}
	if p.scheduled == Never { // a pod without a node ends at once
		return
	}
	c.dying = append(c.dying, dying{pod: p, gone: now + c.set.Grace.Milliseconds()})
	if p.counted {
		c.deleted = append(c.deleted, Life{ID: p.id, Serving: p.serving, Deleted: now, Gone: now + c.set.Grace.Milliseconds()})
	}
}

// Advance moves the pods to now; used is the processor use per pod up to now.
func (c *Cluster) Advance(now int64, used float64) {
	for len(c.dying) > 0 && c.dying[0].gone <= now {
		c.dying = c.dying[1:]
	}
	if c.nodes != nil {
		c.nodes.place(c, now)
	}
	if c.next > now {
		return
	}
	for i := range c.pods {
		if p := &c.pods[i]; !p.counted && p.serving <= now {
			p.counted, p.used = true, used
			c.serving++
		}
	}
	c.plan()
}

// Effective returns the serving pods at now, those that start slowly counted by
// what they can do and the sum rounded down.
func (c *Cluster) Effective(now int64) int32 {
	slow := c.set.SlowStart
	if slow.For == 0 {
		return c.serving
	}
	n := 0
	for i := range c.pods {
		if p := &c.pods[i]; p.counted && now-p.serving < slow.For.Milliseconds() {
			n++
		}
	}
	return c.serving - int32(n) + int32(float64(n)*slow.Share)
}

// plan finds the next instant at which a pod begins to serve.
func (c *Cluster) plan() {
	c.next = Never
	if int(c.serving) == len(c.pods) {
		return
	}
	for i := range c.pods {
		if p := &c.pods[i]; !p.counted {
			c.next = min(c.next, p.serving)
		}
	}
}

// Serving returns the pods that take traffic.
func (c *Cluster) Serving() int32 { return c.serving }

// Created returns the pods created so far, and those of them that were deleted
// before they were ready, or within a minute of it.
func (c *Cluster) Created() (all, wasted int) { return c.created, c.wasted }

// Nodes returns the nodes that are paid for; 0 if there is always room.
func (c *Cluster) Nodes() int {
	if c.nodes == nil {
		return 0
	}
	return c.nodes.count()
}

// A Life is when a pod served.
type Life struct {
	ID            int   // unique; negative for the pods of the begin
	Serving       int64 // its first request
	Deleted, Gone int64 // its last request, and the end of its process; Never while it lives
}

// Living calls yield for each pod that serves.
func (c *Cluster) Living(yield func(Life)) {
	for i := range c.pods {
		if p := &c.pods[i]; p.counted {
			yield(Life{ID: p.id, Serving: p.serving, Deleted: Never, Gone: Never})
		}
	}
}

// Ended appends the pods that served and were deleted since the last call to dst.
func (c *Cluster) Ended(dst []Life) []Life {
	dst = append(dst, c.deleted...)
	c.deleted = c.deleted[:0]
	return dst
}
