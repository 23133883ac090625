package demo

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/forescale/forescale/bench/replay/hpa"
)

const (
	capacityPerPod = 100 // requests/s that a replica serves within its objective
	targetPerPod   = 90  // requests/s for each replica, which the HPA aims at
)

// An arm is one way of scaling: an HPA, its metric and its pods.
type arm struct {
	name   string
	hpa    *hpa.Autoscaler
	target float64
	spec   int32       // replicas asked for
	pods   []time.Time // when each is ready, oldest first
	rng    *rand.Rand  // of the start-up times

	violating time.Duration // in which the load was above the capacity of the ready pods
	hours     float64       // replica-hours, from the creation of a pod on
	failed    int           // syncs without a metric
}

func newArm(name string, target, load float64, now time.Time, seed uint64) *arm {
	scaler, err := hpa.New(hpa.Settings{})
	if err != nil {
		panic(fmt.Sprintf("demo: the HPA refuses its defaults: %v", err))
	}
	a := &arm{name: name, hpa: scaler, target: target, rng: rand.New(rand.NewPCG(seed, 1))}
	a.spec = int32(math.Ceil(load / target))
	for range a.spec {
		a.pods = append(a.pods, now)
	}
	return a
}

// sync is one round of the HPA: value is the metric, or err why there is none.
func (a *arm) sync(now time.Time, value float64, err error) {
	var metric hpa.Metric = hpa.ExternalAverage{Value: hpa.Milli(value), Target: hpa.Milli(a.target)}
	if err != nil {
		metric = hpa.Unavailable{}
		a.failed++
	}
	d := a.hpa.Sync(now, hpa.Bounds{Min: 2, Max: 100}, hpa.Scale{Spec: a.spec, Status: int32(len(a.pods))}, metric)
	a.spec = d.Replicas
	for len(a.pods) < int(a.spec) { // start-up times differ by up to a quarter
		a.pods = append(a.pods, now.Add(time.Duration((0.75+0.5*a.rng.Float64())*float64(podStart))))
	}
	a.pods = a.pods[:a.spec] // the youngest go first, as those that are not ready do in a ReplicaSet
}

func (a *arm) ready(now time.Time) int {
	n := 0
	for _, at := range a.pods {
		if !at.After(now) {
			n++
		}
	}
	return n
}

// account adds the span that ends at now.
func (a *arm) account(now time.Time, span time.Duration, load float64) {
	a.hours += float64(len(a.pods)) * span.Hours()
	if load > float64(a.ready(now))*capacityPerPod {
		a.violating += span
	}
}

// A moment is what the pictures show of one instant.
type moment struct {
	at      time.Time
	load    float64
	provide float64 // what forescale asked the HPA to provide for; NaN before its first answer
	ready   []int   // of each arm
}

// A run is the course of a demo.
type run struct {
	chain   *chain
	traffic *traffic
	from    time.Time
	to      time.Time
	done    time.Time // up to which time has passed
	arms    []*arm    // forescale first
	provide float64   // the newest answer; NaN before the first
	moments []moment
}

func newRun(chain *chain, traffic *traffic, o options) *run {
	now := chain.clock.Now()
	load := traffic.load(now)
	return &run{
		chain: chain, traffic: traffic, from: now, to: now.Add(o.span()), done: now, provide: math.NaN(),
		arms: []*arm{
			newArm("forescale", targetPerPod, load, now, o.seed),
			newArm("reactive 90 %", targetPerPod, load, now, o.seed),
			newArm("reactive 70 %", 0.7*capacityPerPod, load, now, o.seed),
		},
	}
}

// play lets the time of the demo pass.
func (r *run) play(ctx context.Context, view *view) error {
	const patience = 30 * time.Second // of real time, for a chain that does not keep up
	clock := r.chain.clock
	clock.allow(r.from.Add(time.Second))
	if err := r.chain.prometheus.Scrape(r.chain.scrape); err != nil {
		return err
	}
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	slot, alive := r.from, time.Now()
	for r.done.Before(r.to) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		now := clock.Now()
		if limit := r.chain.limit(now); limit.After(now) {
			clock.allow(limit)
			alive = time.Now()
		} else if time.Since(alive) > patience {
			return fmt.Errorf("demo: no fresh scrape or answer for %v: %s", patience, r.chain.log.last())
		}
		r.pass(now)
		if !now.Before(slot) {
			slot = now.Truncate(syncPeriod).Add(syncPeriod)
			r.sync(ctx, now)
		}
		view.frame(r, now)
	}
	return nil
}

// pass accounts for the time until now.
func (r *run) pass(now time.Time) {
	for ; r.done.Before(now) && r.done.Before(r.to); r.done = r.done.Add(time.Second) {
		for _, a := range r.arms {
			a.account(r.done, time.Second, r.traffic.load(r.done))
		}
		if r.done.Sub(r.from)%cellLength == 0 {
			r.record(r.done)
		}
	}
}

// sync lets each HPA look at its metric and act. A metric that is missing is
// nothing that ends a demo: the HPA holds.
func (r *run) sync(ctx context.Context, now time.Time) {
	value, err := r.chain.metric(ctx)
	r.arms[0].sync(now, value, err)
	if err == nil {
		r.provide = value
	}
	observed, err := r.chain.query.Instant(ctx, demandQuery, now)
	for _, a := range r.arms[1:] {
		a.sync(now, observed.Value, err)
	}
	r.chain.eye.update()
}

func (r *run) record(now time.Time) {
	m := moment{at: now, load: r.traffic.load(now), provide: r.provide}
	for _, a := range r.arms {
		m.ready = append(m.ready, a.ready(now))
	}
	r.moments = append(r.moments, m)
}
