package kpa

import (
	"math"
	"time"
)

// A Window is the average of a load over the last seconds, in buckets of one
// second. It is not safe for concurrent use.
//
// Seconds between two records count as zero; those after the newest record and
// those before the first one do not count. After a whole window without a record
// it begins anew.
type Window struct {
	buckets     []float64 // ring, by second since the epoch
	first, last int64     // seconds since the epoch of the first and the newest record
	begun       bool
	total       float64 // of the buckets; differs from their sum by rounding, as in the original
}

// NewWindow returns an empty window of the given length, rounded up to whole
// seconds and to at least one.
func NewWindow(length time.Duration) *Window {
	return &Window{buckets: make([]float64, max(1, int(math.Ceil(length.Seconds()))))}
}

// Record adds v to the second of now, which must not lie before the second of
// the record before.
//
// Source: TimedFloat64Buckets.Record.
func (w *Window) Record(now time.Time, v float64) {
	at, n := now.Unix(), int64(len(w.buckets))
	switch {
	case !w.begun || at-w.last >= n:
		clear(w.buckets)
		w.first, w.total, w.begun = at, 0, true
	default:
		for s := w.last + 1; s <= at; s++ {
			w.total -= w.buckets[s%n]
			w.buckets[s%n] = 0
		}
	}
	w.last = at
	w.buckets[at%n] += v
	w.total += v
}

// Average returns the mean load per second at now, rounded to six decimals, and
// 0 when the newest record is a window old.
//
// Source: TimedFloat64Buckets.WindowAverage.
func (w *Window) Average(now time.Time) float64 {
	at, n := now.Unix(), int64(len(w.buckets))
	if !w.begun || at-w.last >= n {
		return 0
	}
	total, silent := w.total, max(at-w.last, 0)
	for s := w.last + 1; s <= at; s++ {
		total -= w.buckets[s%n]
	}
	return round(total / float64(min(w.last-w.first+1, n-silent)))
}

// Empty returns whether no record is at most a window old: the autoscaler then
// does not decide.
func (w *Window) Empty(now time.Time) bool {
	return !w.begun || now.Unix()-w.last > int64(len(w.buckets))
}

func round(x float64) float64 { return math.Round(x*1e6) / 1e6 }
