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

// Each of many replicas can serve more than each of few. The counts are those of the Erlang C
// formula, solved for a share of 1 % that may take longer.
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

// Where each replica has its own requests, forty serve forty times as much as one. One that shares
// its processors among them serves less than one with a queue: 0.778 and 0.877 of the full rate,
// as computed by scaler/capacity.
func TestReplicasWithTheirOwnRequestsAreStaffedOneByOne(t *testing.T) {
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

// If the replicas can serve 20 % less than stated, latency shows it, and the whole curve is lowered
// by as much.
func TestWhatIsSeenCorrectsTheCurve(t *testing.T) {
	const count, keeps = 10, 70.0 // requests/s a replica
	r, err := staffing.New(queue())
	require.NoError(t, err)
	stated := r.Replicas(700)
	serve(r, keeps, wave, ten)
	require.InDelta(t, count*keeps, most(r, count), 25)
	require.Greater(t, r.Replicas(700), stated)
	require.Less(t, most(r, 1), keeps*0.9, "one alone carries less still")
}

// After a deploy with which every minute misses the objective, the demand that a replica can serve
// neither becomes unknown, which would hold the count while demand rises, nor is it the stated
// target again, which is known to miss.
func TestAServiceThatOnlyMissesIsGivenMoreReplicas(t *testing.T) {
	for name, stated := range map[string]float64{"stated": 80, "not stated": 0} {
		t.Run(name, func(t *testing.T) {
			spec := api.ScaleSpec{LatencyObjective: queue().LatencyObjective, TargetPerReplica: api.Number(stated)}
			r, err := staffing.New(spec)
			require.NoError(t, err)
			minute := func(x, latency float64) {
				one := func(v float64) forecast.Series {
					return forecast.Series{Start: time.Unix(1_760_000_040, 0).UTC(), Step: time.Minute, Values: []float64{v}}
				}
				r.ObserveService(one(10*x), one(latency), one(10))
			}
			for i := range 2000 {
				x := 65 + 25*math.Sin(float64(i)/60)
				minute(x, 0.5*math.Pow(x/80, 8))
			}
			before := r.Target()
			require.InDelta(t, 79, before, 3)
			for range 300 {
				minute(r.Target(), 3)
			}
			require.Less(t, r.Target(), 0.65*before)
			require.GreaterOrEqual(t, r.Target(), 0.45*before)
		})
	}
}

// What is learned is estimated anew when something was observed, and not for each decision, of
// which a start makes tens of thousands.
func TestAnEstimateIsKeptUntilSomethingIsObserved(t *testing.T) {
	r, err := staffing.New(queue())
	require.NoError(t, err)
	serve(r, 70, wave, ten)
	before := r.Target()
	require.Zero(t, testing.AllocsPerRun(100, func() { r.Replicas(r.Target()) }))
	for range 100 {
		r.ObserveCPU(300, 10, 0.6) // 50 a replica, at most
		r.ObserveCPU(150, 10, 0.3)
	}
	bounded := r.Target()
	require.Less(t, bounded, before)
	r.Redeployed()
	require.Greater(t, r.Target(), bounded)
}

// From a minute within which the count changed nothing is learned.
func TestNothingIsLearnedFromACountThatChanged(t *testing.T) {
	r, err := staffing.New(api.ScaleSpec{LatencyObjective: queue().LatencyObjective})
	require.NoError(t, err)
	n := 200
	rate, latency, ready := make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		rate[i], latency[i], ready[i] = 300, 0.2, 3.75
	}
	line := func(v []float64) forecast.Series {
		return forecast.Series{Start: time.Unix(1_760_000_040, 0).UTC(), Step: time.Minute, Values: v}
	}
	r.ObserveService(line(rate), line(latency), line(ready))
	require.Zero(t, r.Target())
}

// most returns the highest whole rate that n replicas carry.
func most(r *staffing.Rule, n int32) float64 {
	rate := 0.0
	for r.Replicas(rate+1) <= n {
		rate++
	}
	return rate
}

// Where processors are full below the stated rate, they bound what a replica is expected to serve.
func TestProcessorsBoundTheCurve(t *testing.T) {
	r, err := staffing.New(queue())
	require.NoError(t, err)
	for i := range 3000 {
		x := 30 + 20*math.Sin(float64(i)/50)
		r.ObserveCPU(4*x, 4, x/60)
	}
	require.InDelta(t, 60, r.Target(), 1)
}

// minutes is a grid of what f says of each minute.
func minutes(n int, f func(i int) float64) forecast.Series {
	s := forecast.Series{Start: time.Unix(1_760_000_040, 0).UTC().Truncate(time.Minute), Step: time.Minute, Values: make([]float64, n)}
	for i := range s.Values {
		s.Values[i] = f(i)
	}
	return s
}

// serve lets ten replicas be seen that keep the objective up to so much a replica.
func serve(r *staffing.Rule, keeps float64, rate, ready func(i int) float64) {
	r.ObserveService(minutes(2000, rate), minutes(2000, func(i int) float64 { return 0.5 * math.Pow(rate(i)/10/keeps, 4) }), minutes(2000, ready))
}

func wave(i int) float64  { return 650 + 150*math.Sin(float64(i)/60) }
func quiet(i int) float64 { return 350 + 50*math.Sin(float64(i)/60) }
func ten(int) float64     { return 10 }

// Of several estimates of what a replica can serve the one nearest to what users notice counts, and
// none beyond what the processors can do.
func TestWhatAReplicaServes(t *testing.T) {
	objective := &api.LatencyObjective{Quantile: 0.95, Value: api.Duration(500 * time.Millisecond)}
	busy := func(full float64) func(r *staffing.Rule) {
		return func(r *staffing.Rule) {
			for i := range 3000 {
				x := 30 + 20*math.Sin(float64(i)/50)
				r.ObserveCPU(4*x, 4, x/full)
			}
		}
	}
	for name, c := range map[string]struct {
		spec    api.ScaleSpec
		observe func(r *staffing.Rule)
		from    float64
		to      float64
	}{
		"nothing is known":                          {api.ScaleSpec{}, func(*staffing.Rule) {}, 0, 0},
		"what is stated":                            {api.ScaleSpec{TargetPerReplica: 100}, func(*staffing.Rule) {}, 100, 100},
		"what is stated, within the processors":     {api.ScaleSpec{TargetPerReplica: 50}, busy(60), 50, 50},
		"beyond them":                               {api.ScaleSpec{TargetPerReplica: 100}, busy(60), 59, 61},
		"what latency shows":                        {api.ScaleSpec{TargetPerReplica: 100, LatencyObjective: objective}, func(r *staffing.Rule) { serve(r, 70, wave, ten) }, 66, 71},
		"the objective was never missed: stated":    {api.ScaleSpec{TargetPerReplica: 100, LatencyObjective: objective}, func(r *staffing.Rule) { serve(r, 70, quiet, ten) }, 100, 100},
		"never missed, and nothing stated: as seen": {api.ScaleSpec{LatencyObjective: objective}, func(r *staffing.Rule) { serve(r, 70, quiet, ten) }, 35, 41},
		"the number of replicas is unknown":         {api.ScaleSpec{TargetPerReplica: 100, LatencyObjective: objective}, func(r *staffing.Rule) { serve(r, 70, wave, func(int) float64 { return math.NaN() }) }, 100, 100},
		"there were none":                           {api.ScaleSpec{TargetPerReplica: 100, LatencyObjective: objective}, func(r *staffing.Rule) { serve(r, 70, wave, func(int) float64 { return 0.5 }) }, 100, 100},
		"more than there can be":                    {api.ScaleSpec{TargetPerReplica: 100, LatencyObjective: objective}, func(r *staffing.Rule) { serve(r, 70, wave, func(int) float64 { return 1e12 }) }, 100, 100},
		"latency without an objective":              {api.ScaleSpec{TargetPerReplica: 100}, func(r *staffing.Rule) { serve(r, 70, wave, ten) }, 100, 100},
		"a new program, whose processors are unknown": {api.ScaleSpec{TargetPerReplica: 100}, func(r *staffing.Rule) {
			r.Redeployed() // and before anything was seen
			busy(60)(r)
			r.Redeployed()
		}, 100, 100},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := staffing.New(c.spec)
			require.NoError(t, err)
			c.observe(r)
			require.GreaterOrEqual(t, r.Target(), c.from)
			require.LessOrEqual(t, r.Target(), c.to)
			require.False(t, r.AsQueue())
			if c.to == 0 {
				require.Equal(t, int32(-1), r.Replicas(100))
			} else {
				require.Equal(t, int32(math.Ceil(1000/r.Target())), r.Replicas(1000))
			}
		})
	}
}

// What the replicas can serve together is read at the last known number of ready ones, even if that
// is missing in the newest cell.
func TestAGapDoesNotMoveTheCurve(t *testing.T) {
	known, gap := new(staffing.Rule), new(staffing.Rule)
	for r, last := range map[*staffing.Rule]float64{known: 10, gap: math.NaN()} {
		fresh, err := staffing.New(queue())
		require.NoError(t, err)
		*r = *fresh
		serve(r, 70, wave, func(i int) float64 {
			if i == 1999 {
				return last
			}
			return 10
		})
	}
	require.Equal(t, known.Replicas(2000), gap.Replicas(2000))
}

// An objective that a single request misses on an idle replica is a fault of the spec.
func TestAnObjectiveThatNoReplicaKeeps(t *testing.T) {
	spec := queue()
	spec.LatencyObjective.Value = api.Duration(10 * time.Millisecond)
	_, err := staffing.New(spec)
	require.ErrorContains(t, err, "staffing: scale.service: ")
}

// What a copy learns does not change its original.
func TestACopyLearnsByItself(t *testing.T) {
	r, err := staffing.New(queue())
	require.NoError(t, err)
	serve(r, 90, wave, ten)
	before, stated := r.Replicas(2000), r.Target()
	c := r.Clone()
	require.Equal(t, before, c.Replicas(2000), "it knows what the first one does")
	for range 4 {
		serve(c, 60, wave, ten)
	}
	require.Greater(t, c.Replicas(2000), before)
	require.Equal(t, before, r.Replicas(2000))
	require.InDelta(t, stated, r.Target(), 0)
}

// On average over equal demands the count is that of one of them. If a quarter of them is twice as
// high, it is higher, but lower than if all of them were.
func TestAveraged(t *testing.T) {
	for name, observe := range map[string]func(r *staffing.Rule){
		"as stated":       func(*staffing.Rule) {},
		"weaker, as seen": func(r *staffing.Rule) { serve(r, 70, wave, ten) },
	} {
		t.Run(name, func(t *testing.T) {
			r, err := staffing.New(queue())
			require.NoError(t, err)
			observe(r)
			one, two := r.Replicas(1000), r.Replicas(2000)
			require.Equal(t, one, r.Averaged([]float64{1000, 1000}, []float64{0.5, 0.5}))
			mixed := r.Averaged([]float64{1000, 2000}, []float64{0.75, 0.25})
			require.Greater(t, mixed, one)
			require.LessOrEqual(t, mixed, two)
		})
	}
}

// A deploy that makes a service so slow that it misses the objective at every rate lowers the whole
// curve, though no rate is seen at which it is met.
func TestAServiceThatMissesAtEveryRateBringsTheCurveDown(t *testing.T) {
	r, err := staffing.New(queue())
	require.NoError(t, err)
	serve(r, 90, wave, ten)
	before := r.Replicas(700)
	serve(r, 40, wave, ten)
	require.Greater(t, r.Replicas(700), before)
}

// After a deploy a stated target that was never seen to miss stays, also for few replicas, which
// have been observed neither with this version nor with the one before.
func TestADeployAloneDoesNotLowerAStatedTarget(t *testing.T) {
	for name, latency := range map[string]float64{"slower, and fast enough": 0.2, "faster": 0.05} {
		t.Run(name, func(t *testing.T) {
			r, err := staffing.New(api.ScaleSpec{LatencyObjective: queue().LatencyObjective, TargetPerReplica: 80})
			require.NoError(t, err)
			rate := func(i int) float64 { return 320 + 80*math.Sin(float64(i)/60) }
			at := func(s float64) func(i int) float64 {
				return func(i int) float64 { return s * (1 + 0.01*math.Sin(float64(i))) }
			}
			constant := func(n float64) func(int) float64 { return func(int) float64 { return n } }
			r.ObserveService(minutes(2000, rate), minutes(2000, at(0.1)), minutes(2000, constant(16)))
			r.ObserveService(minutes(200, rate), minutes(200, at(latency)), minutes(200, constant(16)))
			r.ObserveService(minutes(4, constant(60)), minutes(4, at(latency)), minutes(4, constant(4)))
			require.InDelta(t, 80, r.Target(), 0)
		})
	}
}

// After a deploy that makes a service slower none of the few replicas of the night is removed: the
// bound learned with many replicas says nothing of what few can serve.
func TestASlowerServiceIsNotScaledInWhereNothingIsKnown(t *testing.T) {
	for name, known := range map[string]bool{"seen before the deploy": true, "never seen": false} {
		t.Run(name, func(t *testing.T) {
			r, err := staffing.New(api.ScaleSpec{LatencyObjective: queue().LatencyObjective})
			require.NoError(t, err)
			serve := func(n, x, carries float64) {
				one := func(v float64) forecast.Series { return minutes(1, func(int) float64 { return v }) }
				r.ObserveService(one(n*x), one(0.5*math.Pow(x/carries, 8)), one(n))
			}
			for i := range 2000 {
				serve(16, 65+25*math.Sin(float64(i)/60), 80)
			}
			for i := range 600 {
				if known {
					serve(2, 20+5*math.Sin(float64(i)/60), 80)
				}
			}
			for range 3 {
				serve(16, 65, 80)
			}
			before := r.Target()
			for range 300 {
				serve(16, r.Target(), 80/1.6)
			}
			require.Less(t, r.Target(), 0.7*before, "the deploy is noticed")
			serve(2, 20, 80/1.6)
			require.Contains(t, []int32{-1, 2}, r.Replicas(40))
			for range 20 {
				serve(2, 20, 80/1.6)
				require.Contains(t, []int32{-1, 2}, r.Replicas(40))
			}
		})
	}
}
