package capacity

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// uniformized computes the same share by another way, the jump chain at a Poisson
// number of steps, which is exact and slow.
func uniformized(slots int, rho, t float64, states int) float64 {
	c, lambda := float64(slots), rho*float64(slots)
	total := lambda + c
	stay := make([]float64, states)
	for j := range stay {
		stay[j] = 1
	}
	mean := make([]float64, states)
	weight := math.Exp(-total * t)
	for k := 0; ; k++ {
		for j := range mean {
			mean[j] += weight * stay[j]
		}
		if float64(k) > total*t+12*math.Sqrt(total*t)+30 {
			break
		}
		next := make([]float64, states)
		for j := range stay {
			leave := min(float64(j+1), c)
			next[j] = (total-lambda-leave)*stay[j] + lambda*stay[min(j+1, states-1)]
			if j > 0 {
				next[j] += leave * float64(j) / float64(j+1) * stay[j-1]
			}
			next[j] /= total
		}
		stay = next
		weight *= total * t / float64(k+1)
	}
	found, _ := stationary(slots, states, rho)
	late := 0.0
	for j, p := range found {
		if j < states {
			late += p * mean[j]
		}
	}
	return late
}

func TestSharedMiss(t *testing.T) {
	for _, slots := range []int{1, 2, 8, 40} {
		for _, rho := range []float64{0, 0.1, 0.5, 0.8, 0.95} {
			for _, latency := range []float64{0.5, 3, 8} {
				s := Service{Slots: slots, Time: time.Second}
				want := uniformized(slots, rho, latency, slots+600)
				got := sharedMiss(s, rho, time.Duration(latency*1e9))
				require.InEpsilon(t, want, got, 2e-3, "%d processors, %v full, later than %v", slots, rho, latency)
			}
		}
	}
}

// On an idle replica a request is served alone, and so it is on one with many processors.
func TestSharedMissAtItsLimits(t *testing.T) {
	s := Service{Slots: 4, Time: time.Second}
	require.InEpsilon(t, math.Exp(-3), sharedMiss(s, 0, 3*time.Second), 1e-4)
	require.InDelta(t, 1, sharedMiss(s, 1, 3*time.Second), 0)
	s.Slots = 1000
	require.InEpsilon(t, math.Exp(-3), sharedMiss(s, 0.5, 3*time.Second), 1e-4)
}

// The mean time in M/G/1 with sharing is S/(1 − ρ), for any distribution of the work.
func TestSharedMissHasItsMean(t *testing.T) {
	s := Service{Slots: 1, Time: time.Second}
	for _, rho := range []float64{0.3, 0.6, 0.8} {
		mean, step := 0.0, 0.05
		for x := step / 2; x < 40/(1-rho); x += step {
			mean += step * sharedMiss(s, rho, time.Duration(x*1e9))
			step = max(0.05, x/40)
		}
		require.InEpsilon(t, 1/(1-rho), mean, 0.02, "at %v", rho)
	}
}

func TestSharingIsSmoothBetweenItsLoads(t *testing.T) {
	const latency = 500 * time.Millisecond
	s := Service{Slots: 8, Time: 80 * time.Millisecond}
	table := newSharing(s, latency)
	before := 0.0
	for rho := 0.0; rho < 1; rho += 0.0137 {
		got := table.miss(rho)
		require.GreaterOrEqual(t, got, before, "at %v", rho)
		require.InEpsilon(t, sharedMiss(s, rho, latency), got, 0.01, "at %v", rho)
		before = got
	}
	require.InDelta(t, 1, table.miss(1.5), 0)
}

// At the same utilization a replica with more processors than are computed is late less often.
func TestManyProcessorsAreOnTheSafeSide(t *testing.T) {
	const latency = 300 * time.Millisecond
	many := Service{Slots: 2 * maxProcessors, Time: 80 * time.Millisecond}
	table := newSharing(many, latency)
	for _, rho := range []float64{0.5, 0.9, 0.98} {
		require.GreaterOrEqual(t, table.miss(rho)*1.001, sharedMiss(many, rho, latency), "at %v", rho)
	}
}

// BenchmarkSharing is what a workload with shared processors costs once.
func BenchmarkSharing(b *testing.B) {
	for _, slots := range []int{1, 8, 64, 32768} {
		b.Run(strconv.Itoa(slots), func(b *testing.B) {
			for b.Loop() {
				newSharing(Service{Slots: slots, Time: 80 * time.Millisecond}, 500*time.Millisecond)
			}
		})
	}
}
