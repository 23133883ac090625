package replay

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/forescale/forescale/bench/replay/hpa"
)

// never is an instant that no run reaches, in milliseconds.
const never = math.MaxInt64

// median returns the median of the start-up time.
func (s Startup) median() time.Duration { return s.quantile(0.5) }

// quantile returns the start-up time that the share p of the pods does not exceed.
func (s Startup) quantile(p float64) time.Duration {
	switch {
	case len(s.Observed) > 0:
		sorted := slices.Sorted(slices.Values(s.Observed))
		return sorted[min(int(p*float64(len(sorted))), len(sorted)-1)]
	case s.Fixed:
		return s.Median
	}
	return time.Duration(float64(s.Median) * math.Exp(s.Sigma*math.Sqrt2*math.Erfinv(2*p-1)))
}

// draw returns the start-up time of the next pod in ms. It uses up one number of
// rng, so that the k-th pod of each policy gets the k-th number.
func (s Startup) draw(rng *rand.Rand) int64 {
	return s.quantile(rng.Float64()).Milliseconds()
}

// A pod is one pod; instants are ms since the begin of the run, and may be negative.
type pod struct {
	id        int
	created   int64
	scheduled int64 // created, or later if it waits for a node; never while that is not known
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

// A cluster is the pods of the service.
type cluster struct {
	c        Cluster
	startups *rand.Rand
	nodes    *nodes // nil = there is always room

	pods    []pod // not deleted, oldest first
	dying   []dying
	serving int32 // pods that take traffic
	next    int64 // next instant at which a pod begins to serve; never if none

	created, wasted int // pods in all; those deleted before or within a minute of ready

	deleted func(dying, int64) // told of each pod that served, unless nil
}

func newCluster(o Options, replicas int32) *cluster {
	c := &cluster{c: o.Cluster, startups: o.stream(streamStartup), next: never}
	long := -time.Hour.Milliseconds()
	for id := range int(replicas) {
		c.pods = append(c.pods, pod{id: -1 - id, created: long, scheduled: long, ready: long, serving: long, counted: true})
	}
	c.serving = replicas
	if o.Cluster.Nodes != nil {
		c.nodes = newNodes(o, int(replicas))
	}
	return c
}

// spec returns spec.replicas.
func (c *cluster) spec() int32 { return int32(len(c.pods)) }

// billed returns the pods that exist: starting and terminating ones included.
func (c *cluster) billed() int32 { return int32(len(c.pods) + len(c.dying)) }

// scale sets spec.replicas to n at now.
func (c *cluster) scale(n int32, now int64) {
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

func (c *cluster) create(now int64) {
	p := pod{id: c.created, created: now, scheduled: now, startup: c.c.Startup.draw(c.startups)}
	if c.nodes != nil {
		p.scheduled = never
	}
	c.start(&p)
	c.pods = append(c.pods, p)
	c.created++
}

// start sets the instants that follow from scheduled.
func (c *cluster) start(p *pod) {
	p.ready, p.serving = never, never
	if p.scheduled != never {
		p.ready = p.scheduled + p.startup
		p.serving = p.ready + c.c.Endpoint.Milliseconds()
	}
}

// remove deletes one pod: one that does not serve yet before one that does, the
// youngest first.
func (c *cluster) remove(now int64) {
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
	if p.ready == never || p.ready > now-time.Minute.Milliseconds() {
		c.wasted++
	}
	if p.scheduled == never { // a pod without a node ends at once
		return
	}
	c.dying = append(c.dying, dying{pod: p, gone: now + c.c.Grace.Milliseconds()})
	if p.counted && c.deleted != nil {
		c.deleted(c.dying[len(c.dying)-1], now)
	}
}

// advance moves the pods to now; used is the processor use per pod up to now.
func (c *cluster) advance(now int64, used float64) {
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

// effective returns the serving pods at now, those that start slowly counted by
// what they can do and the sum rounded down.
func (c *cluster) effective(now int64) int32 {
	slow := c.c.SlowStart
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
func (c *cluster) plan() {
	c.next = never
	if int(c.serving) == len(c.pods) {
		return
	}
	for i := range c.pods {
		if p := &c.pods[i]; !p.counted {
			c.next = min(c.next, p.serving)
		}
	}
}

// usage is what metrics-server knows: the use per serving pod, as a sum over time,
// at its last two collections.
type usage struct {
	at, before           int64 // ms; the collections
	used, usedBefore     float64
	resolution, starting float64 // s; use of a pod that is not ready
}

// of returns the use of p over the last window, 0 to 1 of its request, and whether
// there is a sample: a pod that started within the window has none yet.
func (u usage) of(p *pod) (float64, bool) {
	switch {
	case p.scheduled > u.before:
		return 0, false
	case !p.counted || p.serving >= u.at:
		return u.starting, true
	case p.serving <= u.before:
		return (u.used - u.usedBefore) / u.resolution, true
	}
	share := float64(u.at-p.serving) / 1000 / u.resolution
	return max(0, u.used-p.used)/u.resolution + (1-share)*u.starting, true
}

// mean returns the mean use of the serving pods that have samples; NaN if none has.
func (c *cluster) mean(u usage) float64 {
	sum, n := 0.0, 0
	for i := range c.pods {
		if p := &c.pods[i]; p.counted {
			if v, ok := u.of(p); ok {
				sum += v
				n++
			}
		}
	}
	return sum / float64(n)
}

// view appends the pods to dst as the API shows them; begin is the instant 0.
func (c *cluster) view(dst []hpa.Pod, u usage, begin time.Time, slots int) []hpa.Pod {
	now := u.at
	add := func(p *pod, deleted bool) {
		v := hpa.Pod{Deleted: deleted, Ready: hpa.False, Request: int64(slots) * 1000, Window: time.Duration(u.resolution * float64(time.Second))}
		at := func(ms int64) time.Time { return begin.Add(time.Duration(ms) * time.Millisecond) }
		if p.scheduled == never {
			v.Phase = hpa.Pending
			dst = append(dst, v)
			return
		}
		v.Started, v.Changed = at(p.scheduled), at(p.scheduled)
		if p.counted {
			v.Ready, v.Changed = hpa.True, at(p.ready)
		}
		if use, ok := u.of(p); ok {
			v.Sampled, v.Value, v.At = true, int64(use*float64(v.Request)), at(now)
		}
		dst = append(dst, v)
	}
	for i := range c.dying {
		add(&c.dying[i].pod, true)
	}
	for i := range c.pods {
		add(&c.pods[i], false)
	}
	return dst
}
