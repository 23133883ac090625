package capacity_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/capacity"
)

// latency is the quantile of the objective of a simulated service, with noise
// and, beyond capacity, a backlog that grows.
func latency(s capacity.Service, o capacity.Objective, rate float64, n int32, rng *rand.Rand) float64 {
	noise := math.Exp(0.03 * rng.NormFloat64())
	lo, hi := time.Duration(0), time.Minute
	if s.Miss(rate, n, hi) > 1-o.Quantile {
		return 60 * noise
	}
	for hi-lo > time.Millisecond {
		if mid := (lo + hi) / 2; s.Miss(rate, n, mid) > 1-o.Quantile {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi.Seconds() * noise
}

// watch lets l see a service for some minutes, at rates per replica within
// [low, high] and counts within [least, most] that change every quarter of an hour.
func watch(l *capacity.Learner, s capacity.Service, rng *rand.Rand, minutes int, low, high float64, least, most int32) {
	n := least
	for i := range minutes {
		if i%15 == 0 {
			n = least + int32(rng.IntN(int(most-least)+1))
		}
		x := low + (high-low)*rng.Float64()
		l.Observe(capacity.Interval{
			Rate: x * float64(n), Ready: n, Latency: latency(s, l.Objective, x*float64(n), n, rng),
			CPU: min(0.03+x/s.Full()*0.97, 1) + 0.01*rng.NormFloat64(),
		})
	}
}

func TestLearnerFindsTheCapacity(t *testing.T) {
	for name, s := range map[string]capacity.Service{
		"web, 8 slots":       {Slots: 8, Time: 80 * time.Millisecond},
		"single thread":      {Slots: 1, Time: 20 * time.Millisecond},
		"wide and irregular": {Slots: 32, Time: 90 * time.Millisecond, Variation: 1},
	} {
		t.Run(name, func(t *testing.T) {
			l := capacity.Learner{Objective: capacity.Objective{Quantile: 0.99, Latency: 500 * time.Millisecond}}
			curve, err := capacity.Queue(s, l.Objective)
			require.NoError(t, err)
			watch(&l, s, rand.New(rand.NewPCG(1, 1)), 2000, 0.3*s.Full(), 1.1*s.Full(), 4, 40)
			for _, n := range []int32{5, 12, 36} {
				e, truth := l.Estimate(n), curve.Rate(n)/float64(n)
				require.Equal(t, capacity.Learned, e.Knowledge, "%d replicas: %+v, in truth %v", n, e, truth)
				require.LessOrEqual(t, e.SafeRate, truth*1.03, "%d replicas", n)
				require.GreaterOrEqual(t, e.SafeRate, truth*0.9, "%d replicas", n)
				require.GreaterOrEqual(t, e.MissRate, truth*0.97, "%d replicas", n)
				require.LessOrEqual(t, e.MissRate, truth*1.1, "%d replicas", n)
				require.InDelta(t, s.Full(), e.FullRate, 0.05*s.Full())
			}
		})
	}
}

// A fleet of 160 replicas, of which one comes or goes every other minute, is learned from, and
// one of 16 is not: there a new one serves more requests than may be late.
func TestLearnerSeesALargeFleetThatIsNeverStill(t *testing.T) {
	s, _ := web()
	o := capacity.Objective{Quantile: 0.95, Latency: 500 * time.Millisecond}
	curve, err := capacity.Queue(s, o)
	require.NoError(t, err)
	for replicas, seen := range map[int32]bool{16: false, 160: true} {
		l := capacity.Learner{Objective: o}
		rng := rand.New(rand.NewPCG(5, 5))
		for i := range 800 {
			n := replicas + int32(i/2%2)
			rate := (30 + 80*rng.Float64()) * float64(n)
			l.Observe(capacity.Interval{Rate: rate, Ready: n, Latency: latency(s, o, rate, n, rng), CPU: math.NaN()})
		}
		e, truth := l.Estimate(replicas), curve.Rate(replicas)/float64(replicas)
		if !seen {
			require.Equal(t, capacity.Estimate{Knowledge: capacity.CannotTell}, e, "%d replicas", replicas)
			continue
		}
		require.Equal(t, capacity.Learned, e.Knowledge, "%d replicas: %+v, in truth %v", replicas, e, truth)
		require.InDelta(t, truth, e.SafeRate, 0.1*truth)
		require.Greater(t, e.Intervals, 700.0)
	}
}

// Where every replica is kept at 60 %, nothing is known about 90 %.
func TestLearnerDoesNotExtrapolate(t *testing.T) {
	s, o := web()
	for name, c := range map[string]struct{ low, high float64 }{
		"constant load":   {59, 61},
		"never saturated": {20, 70},
	} {
		t.Run(name, func(t *testing.T) {
			l := capacity.Learner{Objective: o}
			watch(&l, s, rand.New(rand.NewPCG(2, 2)), 1500, c.low, c.high, 10, 20)
			e := l.Estimate(15)
			require.Equal(t, capacity.CannotTell, e.Knowledge)
			require.LessOrEqual(t, e.SafeRate, c.high*1.02)
			require.Greater(t, e.SafeRate, 0.9*c.high)
			require.Zero(t, e.MissRate)
		})
	}
	var nothing capacity.Learner
	require.Equal(t, capacity.Estimate{Knowledge: capacity.CannotTell}, nothing.Estimate(3))
}

// After an overload the backlog is late at any rate, so that its misses say nothing about the rate.
func TestBacklogIsNotTakenForAMiss(t *testing.T) {
	s, o := web()
	l := capacity.Learner{Objective: o}
	rng := rand.New(rand.NewPCG(3, 3))
	for range 40 {
		watch(&l, s, rng, 20, 30, 80, 10, 10)
		for _, x := range []float64{130, 70, 60, 50, 40} { // an overload, then its backlog
			l.Observe(capacity.Interval{Rate: x * 10, Ready: 10, Latency: 20, CPU: math.NaN()})
		}
	}
	e := l.Estimate(10)
	require.Greater(t, e.SafeRate, 70.0)
	require.Greater(t, e.MissRate, 100.0)
}

func TestLearnerNoticesADeploy(t *testing.T) {
	fast, o := web()
	slow := capacity.Service{Slots: 8, Time: 100 * time.Millisecond}
	for name, tell := range map[string]func(l *capacity.Learner){
		"told":         (*capacity.Learner).Deployed,
		"from latency": func(*capacity.Learner) {},
	} {
		t.Run(name, func(t *testing.T) {
			l := capacity.Learner{Objective: o}
			rng := rand.New(rand.NewPCG(4, 4))
			watch(&l, fast, rng, 2000, 30, 110, 10, 20)
			require.Greater(t, l.Estimate(15).SafeRate, 88.0)
			tell(&l)
			watch(&l, slow, rng, 600, 25, 90, 10, 20)
			require.Less(t, l.Estimate(15).SafeRate, 78.0) // 75.6 by the curve of the slow one
			require.Less(t, l.Estimate(15).MissRate, 85.0)
		})
	}
}

// A deploy after which the service misses the objective at every rate is noticed, though it met the
// objective at the same rates for days: the learned target falls to what the service can serve now.
func TestLearnerFollowsAServiceThatOnlyMisses(t *testing.T) {
	fast, _ := web()
	o := capacity.Objective{Quantile: 0.95, Latency: 800 * time.Millisecond}
	for name, slow := range map[string]capacity.Service{
		"by a third":    {Slots: 8, Time: 107 * time.Millisecond},
		"by two thirds": {Slots: 8, Time: 133 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			curve, err := capacity.Queue(slow, o)
			require.NoError(t, err)
			l := capacity.Learner{Objective: o}
			rng := rand.New(rand.NewPCG(6, 6))
			watch(&l, fast, rng, 3000, 40, 110, 10, 10)
			before := l.Estimate(10)
			require.Greater(t, before.SafeRate, 88.0)
			for i := range 600 {
				most := max(l.Estimate(10).SafeRate, l.Estimate(10).Bound)
				require.GreaterOrEqual(t, most, 0.45*before.SafeRate, "minute %d: it is not lost what to ask for", i)
				x := most * (0.9 + 0.1*rng.Float64())
				l.Observe(capacity.Interval{Rate: 10 * x, Ready: 10, Latency: latency(slow, o, 10*x, 10, rng), CPU: math.NaN()})
			}
			e, truth := l.Estimate(10), curve.Rate(10)/10
			require.LessOrEqual(t, max(e.SafeRate, e.Bound), 1.05*truth, "%+v", e)
			require.GreaterOrEqual(t, max(e.SafeRate, e.Bound), 0.9*truth, "%+v", e)
		})
	}
}

// While a dependency of the service is down for twenty minutes, nothing is learned of a replica.
func TestAShortOutageIsNotADeploy(t *testing.T) {
	s, o := web()
	l := capacity.Learner{Objective: o}
	rng := rand.New(rand.NewPCG(7, 7))
	watch(&l, s, rng, 2000, 40, 110, 10, 10)
	before := l.Estimate(10)
	for i := range 20 {
		l.Observe(capacity.Interval{Rate: 700 - 5*float64(i), Ready: 10, Latency: 10, CPU: math.NaN()})
	}
	after := l.Estimate(10)
	require.InDelta(t, before.SafeRate, after.SafeRate, 0.02*before.SafeRate)
	require.Equal(t, before.Knowledge, after.Knowledge)
}

func TestLearnerIsBounded(t *testing.T) {
	s, o := web()
	l := capacity.Learner{Objective: o}
	watch(&l, s, rand.New(rand.NewPCG(5, 5)), 4000, 0.001, 400, 1, 3000)
	l.Observe(capacity.Interval{Rate: math.NaN(), Ready: 3, Latency: 1})
	l.Observe(capacity.Interval{Rate: 1, Ready: 0, Latency: 1})
	require.LessOrEqual(t, len(l.Cells), 512)
}

// The rate at which the processors are full is estimated from a line only where the load has varied,
// the replicas were at least half busy, and the use follows the load.
func TestFullProcessorsAreEstimatedOnlyWhereTheyShow(t *testing.T) {
	for name, c := range map[string]struct {
		low, high float64 // rate per replica, of which a hundred fill it
		cpu       func(x float64) float64
		want      float64
	}{
		"as busy as loaded":    {20, 70, func(x float64) float64 { return x / 100 }, 100},
		"with a base":          {20, 70, func(x float64) float64 { return 0.1 + 0.9*x/100 }, 100},
		"a constant load":      {69.9, 70.1, func(x float64) float64 { return x / 100 }, 0},
		"hardly busy":          {5, 30, func(x float64) float64 { return x / 100 }, 0},
		"busy with other work": {20, 70, func(float64) float64 { return 0.6 }, 0},
		"the less the more":    {20, 70, func(x float64) float64 { return 1 - x/100 }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var l capacity.Learner
			rng := rand.New(rand.NewPCG(6, 6))
			for range 500 {
				x := c.low + (c.high-c.low)*rng.Float64()
				l.Busy(10*x, 10, c.cpu(x)+0.01*rng.NormFloat64())
			}
			require.InDelta(t, c.want, l.Estimate(10).FullRate, 2)
		})
	}
}

// Nine starts in ten take no longer than the estimate; starts that hang raise it, and those of no
// duration are ignored.
func TestTheEstimateIsThatOfNineStartsInTen(t *testing.T) {
	var l capacity.Startup
	for i := range 20 {
		l.Started("a", time.Duration(i+1)*time.Second)
	}
	d, _ := l.Estimate(nil)
	require.Equal(t, 18*time.Second, d)
	// One that has waited for 19.5 s was not ready when 19 were: 19 s stand for 1 − 2/21 of them.
	d, _ = l.Estimate([]time.Duration{19500 * time.Millisecond})
	require.Equal(t, 19*time.Second, d)
	l.Started("b", 0)
	l.Started("b", -time.Second)
	require.Len(t, l.Starts, 20)
	d, measured := l.Estimate(nil)
	require.Equal(t, 18*time.Second, d)
	require.True(t, measured)
}

func TestStartup(t *testing.T) {
	var l capacity.Startup
	d, measured := l.Estimate(nil)
	require.Equal(t, 60*time.Second, d)
	require.False(t, measured)

	for i := range 100 {
		l.Started("a", time.Duration(11+i%10)*time.Second) // 11 to 20 s
	}
	d, measured = l.Estimate(nil)
	require.InDelta(t, 19, d.Seconds(), 1.01) // nine in ten
	require.True(t, measured)

	// Four that hang raise it, one does not tell more than the others.
	d, _ = l.Estimate([]time.Duration{time.Minute, time.Minute, time.Minute, time.Minute, time.Minute, time.Minute, time.Minute, time.Minute})
	require.Equal(t, 60*time.Second, d)

	// A new template starts from the old estimate; slower shows at once.
	l.Started("b", 45*time.Second)
	d, measured = l.Estimate(nil)
	require.Equal(t, 45*time.Second, d)
	require.False(t, measured)
	for range 5 {
		l.Started("b", 8*time.Second)
	}
	d, measured = l.Estimate(nil)
	require.True(t, measured)
	require.Equal(t, 45*time.Second, d) // one of six took that long
	for range 60 {
		l.Started("b", 8*time.Second)
	}
	d, _ = l.Estimate(nil)
	require.Equal(t, 8*time.Second, d)

	l.Started("b", 0)
	for range 64 {
		l.Started("b", time.Hour)
	}
	d, _ = l.Estimate(nil)
	require.Equal(t, 15*time.Minute, d)
	require.LessOrEqual(t, len(l.Starts), 64)
}

// During a canary replicas of two templates start in turn, and the next one may be of either: both
// are remembered, whether they are half or a tenth of the starts. After the roll-out the former one
// is forgotten, even if it was slower.
func TestStartupInACanary(t *testing.T) {
	for _, every := range []int{2, 10} {
		var l capacity.Startup
		for range 64 {
			l.Started("stable", 20*time.Second)
		}
		for i := range 200 {
			template, took := "stable", 20*time.Second
			if i%every == 0 {
				template, took = "canary", 90*time.Second
			}
			l.Started(template, took)
			d, measured := l.Estimate(nil)
			if measured {
				require.Equal(t, 90*time.Second, d, "start %d of a canary of one in %d", i, every)
			} else {
				require.Less(t, i, 5*every, "measured once five have started")
			}
		}
		for range 16 {
			l.Started("stable", 20*time.Second)
		}
		d, measured := l.Estimate(nil)
		require.True(t, measured)
		require.Equal(t, 20*time.Second, d, "the canary was called off")
	}
}
