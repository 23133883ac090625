package live

import (
	"cmp"
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/scaler/api"
)

var key = Key{Namespace: "shop", Name: "web", Metric: "demand"}

// fakeSource answers with value(t), or with err.
type fakeSource struct {
	mu       sync.Mutex // guards what follows
	value    func(time.Time) float64
	others   map[string]func(time.Time) float64 // by query, in place of value
	err      error
	failing  map[string]error // by query, in place of an answer
	rangeErr error            // in place of a range
	since    time.Time        // no samples before
	ranges   int
	instant  int
}

func (f *fakeSource) set(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *fakeSource) counts() (ranges, instants int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.ranges, f.instant
}

func (f *fakeSource) Range(_ context.Context, query string, from, to time.Time, step time.Duration) ([]collector.Sample, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ranges++
	if f.err != nil {
		return nil, f.err
	}
	if err := cmp.Or(f.failing[query], f.rangeErr); err != nil {
		return nil, err
	}
	var out []collector.Sample
	for t := from.Truncate(step).Add(step); !t.After(to); t = t.Add(step) {
		value := f.value
		if other := f.others[query]; other != nil {
			value = other
		}
		if t.After(f.since) {
			out = append(out, collector.Sample{Time: t, Value: value(t)})
		}
	}
	return out, nil
}

func (f *fakeSource) Instant(_ context.Context, _ string, at time.Time) (collector.Sample, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.instant++
	if f.err != nil {
		return collector.Sample{}, f.err
	}
	return collector.Sample{Time: at, Value: f.value(at)}, nil
}

func flat(v float64) func(time.Time) float64 { return func(time.Time) float64 { return v } }

func wave(t time.Time) float64 {
	return 100 - 50*math.Cos(2*math.Pi*float64(t.Unix()%86400)/86400)
}

func demand() api.Spec {
	return api.Spec{
		Metric: api.MetricSpec{Query: "q", History: api.Duration(2 * 24 * time.Hour)},
		Scale:  api.ScaleSpec{TargetPerReplica: 50},
	}
}

// run starts a store in simulated time and stops it at the end of the test.
func run(t *testing.T, source Source, opts Options) *Store {
	t.Helper()
	s := NewStore(source, opts)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	return s
}
