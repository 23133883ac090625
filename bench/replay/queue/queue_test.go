package queue_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/queue"
)

// web is the setting of the published figures: 100 requests/s per pod.
func web() queue.Service {
	return queue.Service{Slots: 8, ServiceTime: 80 * time.Millisecond, Latency: 500 * time.Millisecond, Quantile: 0.99}
}

// The values are those of Erlang's tables, to six digits.
func TestErlangGoldens(t *testing.T) {
	for _, c := range []struct {
		c    int
		a    float64
		want float64
	}{
		{1, 0.8, 0.8},
		{2, 1.6, 0.711111},
		{5, 4, 0.554113},
		{10, 8, 0.409180},
		{10, 9, 0.668732},
		{100, 90, 0.216940},
		{1000, 970, 0.242823},
	} {
		require.InDelta(t, c.want, queue.ErlangC(c.c, c.a), 1e-6, "C(%d, %v)", c.c, c.a)
	}
	require.InDelta(t, 1, queue.ErlangC(3, 3), 0, "at capacity everybody waits")
	require.InDelta(t, 0, queue.ErlangC(3, 0), 0, "without load no request waits")
}

func TestMeanWaitGoldens(t *testing.T) {
	s := queue.Service{Slots: 10, ServiceTime: time.Second, Latency: 9 * time.Second, Quantile: 0.9}
	require.InDelta(t, 0.204590, s.MeanWait(1, 8), 1e-6, "Wq/S of M/M/10 at 8 erlangs")
	require.InDelta(t, 1.6367, queue.NewTable(s).At(1, 8, 0).Waiting, 2e-3, "Lq = λ·Wq")
	s.Variation = 1e-6
	require.InDelta(t, 0.204590/2, s.MeanWait(1, 8), 1e-6, "Allen and Cunneen: half of it without variation")
}

// A variation whose square is too small for a number is next to none, and not the default.
func TestHardlyAnyVariationIsNotExponential(t *testing.T) {
	for _, v := range []float64{1e-6, 1e-100, 1e-200} {
		s := queue.Service{Slots: 8, ServiceTime: 80 * time.Millisecond, Variation: v, Latency: 81 * time.Millisecond, Quantile: 0.99}
		require.NoError(t, s.Check(), "%v", v)
		require.InDelta(t, 1, s.Means(0.99), 1e-5, "%v", v)
	}
}

func TestTailIsTheSumOfWaitAndService(t *testing.T) {
	// M/M/1 at ρ = 0.5, μ = 1: the response time is exponential with rate μ − λ.
	require.InDelta(t, 0.22313016, queue.Tail(0.5, 1, 0.5, 3), 1e-8)
	// Near θ = μ the limit takes over without a jump.
	require.InDelta(t, queue.Tail(0.3, 2, 2*(1+2e-6), 1), queue.Tail(0.3, 2, 2, 1), 1e-6)
	require.InDelta(t, 1, queue.Tail(0.3, 2, 0, 1), 0)
}

func TestDemandIsTheFewestPodsThatKeepTheObjective(t *testing.T) {
	for _, b := range []queue.Balancing{queue.Central, queue.PerPod} {
		s := web()
		s.Balancing = b
		require.NoError(t, s.Check())
		staffing := queue.NewStaffing(s)
		for rate := 1.0; rate < 4000; rate *= 1.07 {
			n := staffing.Pods(rate)
			require.LessOrEqual(t, s.Late(n, rate, 0), 0.01+1e-9, "%v: %d pods at %v", b, n, rate)
			require.Greater(t, s.Late(n-1, rate, 0), 0.01, "%v: %d pods would do at %v", b, n-1, rate)
		}
		require.Zero(t, staffing.Pods(0))
	}
	require.Equal(t, 41, queue.NewStaffing(web()).Pods(4000), "41 pods at the peak of the published setting")
}

// The pods for any rate are computed at once, and go on rising with it beyond 1,250 pods of 8 slots,
// from where on the servers are no longer tried one after another.
func TestDemandOfAnyRateIsBounded(t *testing.T) {
	s := queue.NewStaffing(queue.Service{Slots: 8, ServiceTime: 80 * time.Millisecond, Latency: 500 * time.Millisecond, Quantile: 0.99, Balancing: queue.PerPod})
	last := 0
	for _, rate := range []float64{1e4, 1e5, 1.2e5, 1.3e5, 1e6, 1e9} {
		n := s.Pods(rate)
		require.Greater(t, n, last)
		require.GreaterOrEqual(t, float64(n)*100, rate, "never less than the pods that are busy all the time")
		last = n
	}
	require.Equal(t, math.MaxInt32, s.Pods(1e300))
}

func TestSafeUtilizationRisesWithSize(t *testing.T) {
	s, last := web(), 0.0
	for n := 1; n <= 64; n *= 2 {
		u := s.MaxRate(n) / s.Capacity(n)
		require.Greater(t, u, last)
		last = u
	}
}

// At a rate one rounding error below the capacity the wait exceeds any duration: the result is
// bounded.
func TestTheQuantileAtTheEdgeOfCapacity(t *testing.T) {
	table := queue.NewTable(web())
	q := table.Quantile(4, math.Nextafter(400, 0))
	require.Greater(t, q, 1e12)
	require.False(t, math.IsInf(q, 0))
	require.True(t, math.IsInf(table.Quantile(4, 400), 1))
}

func TestTableIsCloseToTheFormula(t *testing.T) {
	for _, b := range []queue.Balancing{queue.Central, queue.PerPod} {
		s := web()
		s.Balancing = b
		table := queue.NewTable(s)
		for _, n := range []int{1, 3, 41} {
			for rho := 0.05; rho < 0.999; rho += 0.0137 {
				rate := rho * s.Capacity(n)
				require.InDelta(t, s.Late(n, rate, 0), table.At(n, rate, 0).Late, 1e-3, "%v %d pods at ρ %v", b, n, rho)
				require.InDelta(t, s.Late(n, rate, 200*time.Millisecond), table.At(n, rate, 0.2).Late, 2e-3)
			}
		}
		require.InDelta(t, 0.5, table.Quantile(4, s.MaxRate(4)), 5e-3, "p99 at the largest safe rate is the objective")
	}
}

func TestCheckNamesWhatNoPodCanKeep(t *testing.T) {
	s := web()
	s.Latency = 300 * time.Millisecond // e^{−300/80} = 2.4 % are late on an idle pod
	require.ErrorContains(t, s.Check(), "no number of pods keeps it")
	require.Error(t, queue.Service{}.Check())
}

// At the highest rate below the capacity of eleven queues the share of one rounds to its capacity,
// at which there is no finite wait.
func TestTheLatencyOfAQueueThatRoundsToItsCapacity(t *testing.T) {
	s := queue.Service{Slots: 1, ServiceTime: 7 * time.Millisecond, Latency: time.Second, Quantile: 0.99, Balancing: queue.PerPod}
	table := queue.NewTable(s)
	rate := math.Nextafter(11*table.Capacity(), 0)
	require.Less(t, rate, 11*table.Capacity())
	require.InDelta(t, table.Capacity(), rate/11, 0)
	require.True(t, math.IsInf(table.Quantile(11, rate), 1))
	require.InDelta(t, 1, table.At(11, rate, 0).Late, 1e-12)
}
