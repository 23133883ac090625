package live

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
)

// tended tells s for a while, every 15 s and 20 s late, what ready pods used of
// their processors, which are full at 40 a replica.
func tended(s *Store, span time.Duration, template string, ready func(time.Time) int32) {
	const delay = 20 * time.Second
	for end := time.Now().Add(span); time.Now().Before(end); time.Sleep(15 * time.Second) {
		now := time.Now()
		s.Scale(key, engine.Target{Current: 4, Ready: ready(now), Min: 1, Max: 30, Missed: math.NaN()})
		to := now.Add(-delay)
		x := wave(to) / float64(ready(to))
		s.SetCPU(key, CPU{Template: template, Share: 0.02 + 0.98*x/40, From: to.Add(-15 * time.Second), To: to})
	}
}

// A replica with a stated target of 50 has processors that are full at 40: 40 is used, until it
// runs another program.
func TestProcessorsBoundWhatAReplicaServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: wave}, Options{Forget: -1, Tick: 15 * time.Second})
		s.SetCPU(key, CPU{Share: 0.5}) // of nobody
		require.NoError(t, s.Ensure(key, demand()))
		target := func() float64 {
			out, known := s.Scale(key, bounded(4, 1, 30))
			require.True(t, known)
			return out.Target
		}
		require.InDelta(t, 50, target(), 0)
		tended(s, 12*time.Hour, "a", func(time.Time) int32 { return 4 })
		require.InDelta(t, 40, target(), 0.5)
		s.SetCPU(key, CPU{Template: "b", Share: 0.5, From: time.Now(), To: time.Now().Add(time.Second)})
		require.InDelta(t, 50, target(), 0)
		tended(s, 12*time.Hour, "b", func(time.Time) int32 { return 4 })
		require.InDelta(t, 40, target(), 0.5)
		s.ForgetCPU(key)
		require.InDelta(t, 50, target(), 0)
	})
}

// A window in which the number of ready replicas changed is not attributed to any of them.
func TestWindowsOfAChangingCountAreIgnored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: wave}, Options{Forget: -1, Tick: 15 * time.Second})
		require.NoError(t, s.Ensure(key, demand()))
		tended(s, 12*time.Hour, "a", func(now time.Time) int32 { return 4 + int32(now.Unix()/15%2) })
		out, _ := s.Scale(key, bounded(4, 1, 30))
		require.InDelta(t, 50, out.Target, 0)
	})
}

// The capacity is learned from the ready pods that the owner of a target reports, without a query
// for them.
func TestCapacityIsLearnedFromThePodsOfTheOwner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spec := demand()
		spec.Metric.LatencyQuery, spec.Scale.TargetPerReplica = "latency", 0
		spec.Scale.LatencyObjective = &api.LatencyObjective{Quantile: 0.95, Value: api.Duration(200 * time.Millisecond)}
		s := run(t, &fakeSource{value: flat(120), others: map[string]func(time.Time) float64{"latency": flat(0.1)}}, Options{Forget: -1, Tick: 15 * time.Second})
		require.NoError(t, s.Ensure(key, spec))
		for end := time.Now().Add(time.Hour); time.Now().Before(end); time.Sleep(15 * time.Second) {
			s.Scale(key, engine.Target{Current: 4, Ready: 4, Min: 1, Max: 30, Missed: math.NaN()})
		}
		out, _ := s.Scale(key, bounded(4, 1, 30))
		require.InDelta(t, 30, out.Target, 1, "120 were carried by 4")
	})
}

func TestCountsAndCellsOfPods(t *testing.T) {
	at := func(seconds int) time.Time { return time.Unix(int64(6000+seconds), 0) }
	var p pods
	for i, n := range []int32{4, 4, 4, 5, 5} {
		p.note(at(10*i), n)
	}
	p.note(at(300), 5) // nobody looked for minutes
	for name, c := range map[string]struct {
		from, to int
		want     int32
		steady   bool
	}{
		"before anybody looked": {-10, 5, 0, false},
		"four":                  {0, 29, 4, true},
		"a fifth comes":         {20, 35, 0, false},
		"five":                  {30, 40, 5, true},
		"not looked at":         {35, 60, 0, false},
		"still to come":         {300, 310, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			n, steady := p.throughout(at(c.from), at(c.to))
			require.Equal(t, c.steady, steady)
			if steady {
				require.Equal(t, c.want, n)
			}
		})
	}

	var few pods
	for i, count := range []int32{1, 1, 1, 0, 0} {
		few.note(at(10*i), count)
	}
	n, steady := few.throughout(at(0), at(29))
	require.True(t, steady)
	require.EqualValues(t, 1, n)
	_, steady = few.throughout(at(30), at(40))
	require.False(t, steady, "no replica was ready")

	line := func(start int, v ...float64) forecast.Series {
		return forecast.Series{Start: at(start), Step: time.Minute, Values: v}
	}
	p.closed(line(-6000, make([]float64, 100)...)) // the history
	require.Equal(t, 5, p.cells.Len())
	require.LessOrEqual(t, cap(p.cells.Values), 16, "the history is not held")
	p.closed(line(0, 10))
	p.closed(line(60, 30, 50))
	r, known := p.rate(at(30), at(90))
	require.True(t, known)
	require.InDelta(t, 20, r, 1e-9, "half of 10 and half of 30")
	_, known = p.rate(at(170), at(190))
	require.False(t, known, "not closed yet")
	p.closed(line(240, 70)) // after a hole
	_, known = p.rate(at(170), at(250))
	require.False(t, known)
	require.Equal(t, 1, p.cells.Len())
}
