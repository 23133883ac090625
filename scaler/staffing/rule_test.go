package staffing_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/staffing"
)

// queue is a service of replicas with 8 slots of 80 ms, full at 100 requests/s each,
// that keeps p99 ≤ 500 ms.
func queue() api.ScaleSpec {
	return api.ScaleSpec{
		LatencyObjective: &api.LatencyObjective{Quantile: 0.99, Value: api.Duration(500 * time.Millisecond)},
		Service:          &api.ServiceSpec{Slots: 8, Time: api.Duration(80 * time.Millisecond)},
	}
}

// Many replicas carry more each than few. The counts are those of Erlang's C, solved
// for the share of 1 % that may take longer.
func TestAnObjectiveIsStaffedAsAQueue(t *testing.T) {
	r, err := staffing.New(queue())
	require.NoError(t, err)
	require.InDelta(t, 100, r.Target(), 1e-9, "one that is busy all the time")
	before := 0.0
	for _, n := range []int32{1, 2, 4, 10, 40} {
		each := most(r, n) / float64(n)
		require.Greater(t, each, before, "%d replicas", n)
		before = each
	}
	require.Equal(t, int32(1), r.Replicas(60))
	require.Greater(t, before, 95.0, "forty at once are nearly full")
	require.Equal(t, int32(-1), r.Replicas(math.NaN()))
}

// Where each replica is by itself, forty carry forty times what one does, and one that
// shares its processors less than one with a queue: 0.877 and 0.778 of its full rate, as
// computed by scaler/capacity.
func TestReplicasByThemselvesAreStaffedOneByOne(t *testing.T) {
	for discipline, each := range map[api.Discipline]float64{api.Random: 87.7, api.Sharing: 77.8} {
		spec := queue()
		spec.Service.Discipline = discipline
		r, err := staffing.New(spec)
		require.NoError(t, err)
		for _, n := range []int32{1, 7, 40} {
			require.InDelta(t, each, most(r, n)/float64(n), 1, "%s: %d replicas", discipline, n)
		}
	}
}

// The replicas carry 20 % less than was stated: latency shows it, and the whole curve
// comes down by as much.
func TestWhatIsSeenCorrectsTheCurve(t *testing.T) {
	const minutes, count = 2000, 10
	r, err := staffing.New(queue())
	require.NoError(t, err)
	stated := r.Replicas(700)
	line := func(f func(i int) float64) forecast.Series {
		s := forecast.Series{Start: time.Unix(1_760_000_040, 0).UTC().Truncate(time.Minute), Step: time.Minute, Values: make([]float64, minutes)}
		for i := range s.Values {
			s.Values[i] = f(i)
		}
		return s
	}
	rate := func(i int) float64 { return 650 + 150*math.Sin(float64(i)/60) }
	keeps := 70.0 // requests/s a replica
	r.ObserveService(line(rate), line(func(i int) float64 { return 0.5 * math.Pow(rate(i)/count/keeps, 4) }),
		line(func(int) float64 { return count }))
	require.InDelta(t, count*keeps, most(r, count), 25)
	require.Greater(t, r.Replicas(700), stated)
	require.Less(t, most(r, 1), keeps*0.9, "one alone carries less still")
}

// most returns the highest whole rate that n replicas carry.
func most(r *staffing.Rule, n int32) float64 {
	rate := 0.0
	for r.Replicas(rate+1) <= n {
		rate++
	}
	return rate
}

// Processors that are full earlier than stated bound what is expected of a replica.
func TestProcessorsBoundTheCurve(t *testing.T) {
	r, err := staffing.New(queue())
	require.NoError(t, err)
	for i := range 3000 {
		x := 30 + 20*math.Sin(float64(i)/50)
		r.ObserveCPU(4*x, 4, x/60)
	}
	require.InDelta(t, 60, r.Target(), 1)
}
