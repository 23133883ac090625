package capacity_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/capacity"
)

// Values of Erlang's C from closed forms (c = 1: a; c = 2: 2a²/(2+a)/2...) and
// from the recursion in exact rational arithmetic.
func TestErlangC(t *testing.T) {
	for _, c := range []struct {
		servers int
		load    float64
		want    float64
	}{
		{1, 0.8, 0.8}, // M/M/1 waits with probability ρ
		{2, 1.6, 0.711111},
		{5, 4, 0.554113},
		{10, 8, 0.409180},
		{10, 9, 0.668732},
		{100, 90, 0.216940},
		{1000, 970, 0.242823},
		{10, 10, 1}, // cannot keep up
		{10, 0, 0},
	} {
		require.InDelta(t, c.want, capacity.ErlangC(c.servers, c.load), 1e-6, "C(%d, %v)", c.servers, c.load)
	}
}

func TestMiss(t *testing.T) {
	one := capacity.Service{Slots: 1, Time: time.Second}
	// M/M/1 at ρ = ½: the response time is exponential of rate μ − λ = ½.
	require.InDelta(t, math.Exp(-0.5*3), one.Miss(0.5, 1, 3*time.Second), 1e-12)
	require.InDelta(t, math.Exp(-3), one.Miss(0, 1, 3*time.Second), 1e-12)
	require.InDelta(t, 1, one.Miss(1, 1, 3*time.Second), 0)
	// θ → μ: e^{−μt}(1 + Cμt), and no jump on the way there.
	two := capacity.Service{Slots: 2, Time: time.Second}
	limit := math.Exp(-1) * (1 + capacity.ErlangC(2, 1))
	require.InDelta(t, limit, two.Miss(1, 1, time.Second), 1e-12)
	require.InDelta(t, limit, two.Miss(1+1e-6, 1, time.Second), 1e-5)
	// Times that vary less mean less time in the queue, hence fewer miss.
	calm := capacity.Service{Slots: 2, Time: time.Second, Variation: 0.5}
	require.Less(t, calm.Miss(1.8, 1, 3*time.Second), two.Miss(1.8, 1, 3*time.Second))
	// If all take a second, those miss that wait for more than the rest of the objective: by
	// Allen and Cunneen C·e^{−2(cμ−λ)(t−1)}, with C = 0.853 of two servers at 1.8 erlangs.
	constant := capacity.Service{Slots: 2, Time: time.Second, Variation: 1e-4}
	require.InDelta(t, capacity.ErlangC(2, 1.8)*math.Exp(-0.8), constant.Miss(1.8, 1, 3*time.Second), 1e-3)
	// Without load as many miss as take longer alone: log 3 is (ln 3 + ½ ln 5)/√(ln 5) = 1.500
	// deviations above the mean of a lognormal time that varies by twice its mean.
	irregular := capacity.Service{Slots: 2, Time: time.Second, Variation: 2}
	require.InDelta(t, 0.0668, irregular.Miss(0, 1, 3*time.Second), 1e-4)
	// The square of a variation may be too small for a number: half of the constant times are
	// still no longer than their mean, and none is ten times as long.
	constant.Variation = 1e-200
	require.InDelta(t, 0.5, constant.Miss(0, 1, time.Second), 1e-6)
	require.Zero(t, constant.Miss(0, 1, 10*time.Second))
}

func web() (capacity.Service, capacity.Objective) {
	return capacity.Service{Slots: 8, Time: 80 * time.Millisecond}, capacity.Objective{Quantile: 0.99, Latency: 500 * time.Millisecond}
}

func webCurve(tb testing.TB) *capacity.Curve {
	tb.Helper()
	c, err := capacity.Queue(web())
	require.NoError(tb, err)
	return c
}

func TestTheSmallestCountKeepsTheObjective(t *testing.T) {
	c := webCurve(t)
	s, o := web()
	for demand := 1.0; demand < 30000; demand *= 1.37 {
		n := c.Replicas(demand)
		require.LessOrEqual(t, s.Miss(demand, n, o.Latency), 0.01+1e-6, "%d replicas at %v/s", n, demand)
		require.Greater(t, s.Miss(demand, n-1, o.Latency), 0.01-1e-6, "one fewer at %v/s", demand)
	}
	require.Equal(t, int32(41), c.Replicas(4000)) // the setting of the backtest: 97.6 % busy
}

func TestLargePoolsAreCheaper(t *testing.T) {
	c := webCurve(t)
	before := 0.0
	for n := int32(1); n < 5000; n = n*5/4 + 1 {
		each := c.Rate(n) / float64(n)
		require.GreaterOrEqual(t, each, before*(1-1e-6), "%d replicas", n)
		require.Less(t, each, 100.0)
		before = each
	}
	require.Less(t, c.Rate(1), 88.0) // 8 slots of 80 ms are full at 100/s
	require.Greater(t, c.Rate(100)/100, 97.0)
}

// Where each replica is by itself the curve is a straight line.
func TestReplicasOnALine(t *testing.T) {
	s, o := web()
	s.Discipline = capacity.Random
	c, err := capacity.Queue(s, o)
	require.NoError(t, err)
	one := c.Rate(1)
	for name, x := range map[string]struct {
		demand float64
		want   int32
	}{
		"fits":          {3 * one, 3},
		"a little more": {3.002 * one, 4},
		"noise":         {3 * one * (1 + 1e-13), 3},
		"none":          {0, 0},
		"less":          {-3, 0},
		"unknown":       {math.NaN(), -1},
		"beyond":        {1e300, math.MaxInt32},
		"infinite":      {math.Inf(1), math.MaxInt32},
		"just beyond":   {one * float64(math.MaxInt32) * 1.01, math.MaxInt32},
		"far out":       {one * 1e8, 1e8},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, x.want, c.Replicas(x.demand)) })
	}
}

func TestHugeDemandOnAQueue(t *testing.T) {
	c := webCurve(t)
	require.Equal(t, int32(math.MaxInt32), c.Replicas(1e300))
	n := c.Replicas(1e8)
	require.InDelta(t, 1e6, float64(n), 2e4) // within 2 % of all slots busy
	require.GreaterOrEqual(t, c.Rate(n), 1e8*(1-1e-6))
}

func TestAveraged(t *testing.T) {
	c := webCurve(t)
	require.Equal(t, int32(-1), c.Averaged(nil, nil, 0.1))
	require.Equal(t, int32(-1), c.Averaged([]float64{math.NaN()}, []float64{1}, 0.1))

	// Thousands of replicas are as good as a line: short of what they carry or not.
	each := c.Rate(10_000) / 10_000
	nodes, weights := []float64{10_000 * each, 20_000 * each, 30_000 * each, 40_000 * each}, []float64{0.4, 0.3, 0.2, 0.1}
	require.Equal(t, int32(40_000), c.Averaged(nodes, weights, 0.05)) // short in no case
	require.Equal(t, int32(30_000), c.Averaged(nodes, weights, 0.1))  // in one of ten
	require.Equal(t, int32(10_000), c.Averaged(nodes, weights, 0.6))

	// One risk, one margin: the average over a distribution lies between its
	// median and its upper end under the same objective.
	nodes, weights = []float64{900, 1000, 1100, 1300}, []float64{0.3, 0.4, 0.29, 0.01}
	n := c.Averaged(nodes, weights, 0.01)
	require.Greater(t, n, c.Replicas(1000))
	require.LessOrEqual(t, n, c.Replicas(1300))
	// A certain demand is that of Replicas.
	require.Equal(t, c.Replicas(1000), c.Averaged([]float64{1000}, []float64{1}, 0.01))
}

// A service that is idle at night has a distribution that begins at nothing: the search then
// begins at no replica.
func TestAveragedOverDemandThatMayBeNone(t *testing.T) {
	objective := capacity.Objective{Quantile: 0.99, Latency: 500 * time.Millisecond}
	for _, discipline := range []capacity.Discipline{capacity.Central, capacity.Random, capacity.Sharing} {
		c, err := capacity.Queue(capacity.Service{Slots: 4, Time: 50 * time.Millisecond, Discipline: discipline}, objective)
		require.NoError(t, err)
		weights := []float64{0.4, 0.4, 0.2}
		require.Equal(t, int32(1), c.Averaged([]float64{0, 0, 10}, weights, 0.01), discipline)
		require.Equal(t, int32(0), c.Averaged([]float64{0, 0, 0}, weights, 0.01), discipline)
	}
}

func TestWrongServicesAreErrors(t *testing.T) {
	s, o := web()
	_, err := capacity.Queue(capacity.Service{}, o)
	require.ErrorContains(t, err, "0 slots")
	for name, c := range map[string]struct {
		wrong capacity.Service
		says  string
	}{
		"no slots":  {capacity.Service{Time: s.Time}, "want at least one slot"},
		"no time":   {capacity.Service{Slots: 8}, "want at least one slot"},
		"negative":  {capacity.Service{Slots: 8, Time: s.Time, Variation: -1}, "want 0 to 10"},
		"boundless": {capacity.Service{Slots: 8, Time: s.Time, Variation: math.Inf(1)}, "want 0 to 10"},
		"unknown":   {capacity.Service{Slots: 8, Time: s.Time, Variation: math.NaN()}, "want 0 to 10"},
		"shared":    {capacity.Service{Slots: 8, Time: s.Time, Variation: 2, Discipline: capacity.Sharing}, "share their processors"},
	} {
		_, err = capacity.Queue(c.wrong, o)
		require.ErrorContains(t, err, c.says, name)
	}
	_, err = capacity.Queue(s, capacity.Objective{Quantile: 1, Latency: time.Second})
	require.ErrorContains(t, err, "objective 1 within 1s")
	_, err = capacity.Queue(s, capacity.Objective{Quantile: 0.99, Latency: 100 * time.Millisecond})
	require.ErrorContains(t, err, "an idle replica already misses")
}

func TestReplicasDoesNotAllocateOnceWarm(t *testing.T) {
	c := webCurve(t)
	c.Replicas(4000)
	require.Zero(t, testing.AllocsPerRun(100, func() { c.Replicas(4000) }))
}

func BenchmarkReplicas(b *testing.B) {
	c := webCurve(b)
	for i := 0; b.Loop(); i++ {
		c.Replicas(float64(i%4000) + 1)
	}
}
