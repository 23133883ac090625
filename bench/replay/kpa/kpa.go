// Package kpa ports the decision of Knative's pod autoscaler (KPA) to a pure value.
//
// # The idea
//
// Two averages of one load, over a stable window (60 s) and a panic window
// (6 s), are each divided by the target per pod, rounded up and kept within what
// one tick may change:
//
//	stable = clamp(⌈avg₆₀ / target⌉, ⌊ready/2⌋, ⌈1000·ready⌉)
//	panic  = clamp(⌈avg₆ / target⌉,  the same)
//
// A panic begins when avg₆ asks for twice the ready pods, lasts until a stable
// window has passed since the last tick that asked for so many, and only ever
// grows the count: max(stable, panic, the highest count of this panic). Out of
// panic it is the stable count. An optional delay holds the highest count of its
// window.
//
// [Window] is the average as the collector keeps it, in buckets of one second;
// [Autoscaler] is the decision, due every 2 s.
//
// Source: Knative serving v0.51.0, pkg/autoscaler/scaling/autoscaler.go,
// pkg/autoscaler/aggregation and pkg/autoscaler/config, of which this is an
// independent implementation. The tests of the module in ../differential drive
// the real autoscaler of v0.42.2 through the same input; testdata holds what it
// did. Between the two versions the rule changed twice: averages are rounded instead
// of truncated, and the delay no longer holds revisions that no route reaches.
//
// # What is left out
//
// The excess burst capacity, which decides whether the activator buffers in
// front of the pods and never the count, and the bounds and scale to zero, which
// are the reconciler's and thus the caller's.
package kpa

import (
	"fmt"
	"math"
	"time"
)

// Tick is how often the autoscaler decides.
const Tick = 2 * time.Second

// Settings of an Autoscaler. Zero values are Knative's defaults.
type Settings struct {
	Target         float64       // load per pod to keep; unit of the load, > 0, no default
	StableWindow   time.Duration // whole seconds; 0 = 60 s
	PanicThreshold float64       // ready pods are multiplied by it; 0 = 2
	MaxUp          float64       // factor by which one tick may grow; 0 = 1000
	MaxDown        float64       // factor by which one tick may shrink; 0 = 2
	DownDelay      time.Duration // holds the highest count of this window; 0 = none
	Activation     int32         // the least count that is not zero; 0 or 1 = no such bound
	Unreachable    bool          // no route leads here: may shrink at any rate, and no delay
}

// An Autoscaler carries the panic and the delay of one revision. It is not safe
// for concurrent use.
type Autoscaler struct {
	s        Settings
	panicked time.Time // last tick over the threshold; zero = no panic
	highest  int32     // count of this panic
	delay    *delay    // nil = none
}

// New returns the autoscaler of a revision that has ready pods at now. With more
// than one it starts in panic, so that a restart without history does not shrink
// anything.
func New(s Settings, ready int, now time.Time) (*Autoscaler, error) {
	if !(s.Target > 0) {
		return nil, fmt.Errorf("kpa: target per pod %v, want a positive number", s.Target)
	}
	s.StableWindow = or(s.StableWindow, time.Minute)
	s.PanicThreshold = or(s.PanicThreshold, 2)
	s.MaxUp = or(s.MaxUp, 1000)
	s.MaxDown = or(s.MaxDown, 2)
	a := &Autoscaler{s: s, highest: int32(ready)}
	if ready > 1 {
		a.panicked = now
	}
	if s.DownDelay > 0 {
		a.delay = &delay{slots: int64(math.Ceil(float64(s.DownDelay) / float64(Tick)))}
	}
	return a, nil
}

// Scale returns the count for now from the averages over the two windows, in the
// unit of the target. Ready is the number of ready pods; none counts as one.
func (a *Autoscaler) Scale(now time.Time, ready int, stable, panicking float64) int32 {
	pods := math.Max(1, float64(ready))
	most := math.Ceil(a.s.MaxUp * pods)
	least := 0.0
	if !a.s.Unreachable {
		least = math.Floor(pods / a.s.MaxDown)
	}
	calm, alarm := math.Ceil(stable/a.s.Target), math.Ceil(panicking/a.s.Target)
	n, p := a.count(calm, least, most), a.count(alarm, least, most)

	switch over := alarm/pods >= a.s.PanicThreshold; {
	case over:
		a.panicked = now
	case !a.panicked.IsZero() && a.panicked.Add(a.s.StableWindow).Before(now):
		a.panicked, a.highest = time.Time{}, 0
	}
	if !a.panicked.IsZero() {
		a.highest = max(a.highest, n, p)
		n = a.highest
	}
	if a.delay != nil && !a.s.Unreachable {
		n = a.delay.highest(now, n)
	}
	return n
}

// count bounds the wanted number of pods.
func (a *Autoscaler) count(want, least, most float64) int32 {
	n := int32(math.Min(math.Min(math.Max(want, least), most), math.MaxInt32))
	if a.s.Activation > 1 && want > 0 {
		n = max(n, a.s.Activation)
	}
	return n
}

// A delay keeps the highest count per slot of one tick.
type delay struct {
	slots  int64
	counts []slot // ascending by index, descending by count
}

type slot struct {
	index int64
	count int32
}

// highest records n and returns the highest count of the window.
func (d *delay) highest(now time.Time, n int32) int32 {
	index := now.Unix() / int64(Tick/time.Second)
	for len(d.counts) > 0 && d.counts[len(d.counts)-1].count <= n {
		d.counts = d.counts[:len(d.counts)-1]
	}
	old := 0
	for old < len(d.counts) && index-d.counts[old].index >= d.slots {
		old++
	}
	d.counts = append(d.counts[:0], d.counts[old:]...)
	if last := len(d.counts) - 1; last < 0 || d.counts[last].index != index { // else a higher count holds the slot
		d.counts = append(d.counts, slot{index, n})
	}
	return d.counts[0].count
}

func or[T time.Duration | float64](v, fallback T) T {
	if v == 0 {
		return fallback
	}
	return v
}
