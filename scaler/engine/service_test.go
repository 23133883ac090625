package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
)

// queue is a service of replicas with 8 slots of 80 ms, full at 100 requests/s each,
// that keeps p99 ≤ 500 ms.
func queue() api.Spec {
	return api.Spec{
		Metric: api.MetricSpec{Query: "q"},
		Scale: api.ScaleSpec{
			LatencyObjective: &api.LatencyObjective{Quantile: 0.99, Value: api.Duration(500 * time.Millisecond)},
			Service:          &api.ServiceSpec{Slots: 8, Time: api.Duration(80 * time.Millisecond)},
		},
	}
}

// Many replicas carry more each than few. The counts are those of Erlang's C, solved
// for the share of 1 % that may take longer.
func TestAnObjectiveIsStaffedAsAQueue(t *testing.T) {
	w, err := engine.New(queue())
	require.NoError(t, err)
	require.InDelta(t, 100, w.Target(), 1e-9, "one that is busy all the time")
	before := 0.0
	for _, n := range []int32{1, 2, 4, 10, 40} {
		each := most(w, n) / float64(n)
		require.Greater(t, each, before, "%d replicas", n)
		before = each
	}
	require.Equal(t, int32(1), w.Replicas(60))
	require.Greater(t, before, 95.0, "forty at once are nearly full")
	require.Equal(t, int32(-1), w.Replicas(math.NaN()))
}

// Where each replica is by itself, forty carry forty times what one does, and one that
// shares its processors less than one with a line: 0.877 and 0.778 of its full rate, as
// computed by scaler/capacity.
func TestReplicasByThemselvesAreStaffedOneByOne(t *testing.T) {
	for discipline, each := range map[api.Discipline]float64{api.Random: 87.7, api.Sharing: 77.8} {
		spec := queue()
		spec.Scale.Service.Discipline = discipline
		w, err := engine.New(spec)
		require.NoError(t, err)
		for _, n := range []int32{1, 7, 40} {
			require.InDelta(t, each, most(w, n)/float64(n), 1, "%s: %d replicas", discipline, n)
		}
	}
}

// What is answered makes the HPA behind it arrive at the very count: it rounds up, and
// its metric has three decimals.
func TestTheAnswerYieldsTheCountOfTheQueue(t *testing.T) {
	w, err := engine.New(queue())
	require.NoError(t, err)
	for rate := 0.5; rate < 50_000; rate *= 1.19 {
		value := w.Answer(time.Unix(1e9, 0), scaler.Demand{Observed: rate, Predicted: math.NaN()})
		value = math.Round(value*1000) / 1000
		require.Equal(t, w.Replicas(rate), int32(math.Ceil(value/w.Target())), "at %v", rate)
	}
}

// The replicas carry 20 % less than was stated: latency shows it, and the whole curve
// comes down by as much.
func TestWhatIsSeenCorrectsTheCurve(t *testing.T) {
	const minutes, count = 2000, 10
	w, err := engine.New(queue())
	require.NoError(t, err)
	stated := w.Replicas(700)
	line := func(f func(i int) float64) forecast.Series {
		s := forecast.Series{Start: time.Unix(1_760_000_040, 0).UTC().Truncate(time.Minute), Step: time.Minute, Values: make([]float64, minutes)}
		for i := range s.Values {
			s.Values[i] = f(i)
		}
		return s
	}
	rate := func(i int) float64 { return 650 + 150*math.Sin(float64(i)/60) }
	keeps := 70.0 // requests/s a replica
	w.ObserveService(line(rate), line(func(i int) float64 { return 0.5 * math.Pow(rate(i)/count/keeps, 4) }),
		line(func(int) float64 { return count }))
	require.InDelta(t, count*keeps, most(w, count), 25)
	require.Greater(t, w.Replicas(700), stated)
	require.Less(t, most(w, 1), keeps*0.9, "one alone carries less still")
}

// most returns the highest whole rate that n replicas carry.
func most(w *engine.Workload, n int32) float64 {
	rate := 0.0
	for w.Replicas(rate+1) <= n {
		rate++
	}
	return rate
}

// Processors that are full earlier than stated bound what is expected of a replica.
func TestProcessorsBoundTheCurve(t *testing.T) {
	w, err := engine.New(queue())
	require.NoError(t, err)
	for i := range 3000 {
		x := 30 + 20*math.Sin(float64(i)/50)
		w.ObserveCPU(4*x, 4, x/60)
	}
	require.InDelta(t, 60, w.Target(), 1)
}

func TestAServiceThatNoReplicaKeepsIsRefused(t *testing.T) {
	spec := queue()
	spec.Scale.Service.Time = api.Duration(time.Second)
	_, err := engine.New(spec)
	require.ErrorContains(t, err, "scale.service.time: \"1s\": want at most 108.573ms")
}
