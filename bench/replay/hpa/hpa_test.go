package hpa_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/hpa"
)

const sync = 15 * time.Second

var epoch = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// run drives an Autoscaler with one external metric of 100 per replica through
// loads, one per sync, with every pod existing at once, and returns the counts.
func run(t *testing.T, s hpa.Settings, b hpa.Bounds, current int32, loads ...float64) []int32 {
	t.Helper()
	a, err := hpa.New(s)
	require.NoError(t, err)
	counts := make([]int32, len(loads))
	for i, load := range loads {
		d := a.Sync(epoch.Add(time.Duration(i)*sync), b, hpa.Scale{Spec: current, Status: current}, average(load))
		require.NoError(t, d.Err)
		current = d.Replicas
		counts[i] = current
	}
	return counts
}

func average(load float64) hpa.ExternalAverage {
	return hpa.ExternalAverage{Value: hpa.Milli(load), Target: hpa.Milli(100)}
}

func repeat(load float64, n int) []float64 {
	loads := make([]float64, n)
	for i := range loads {
		loads[i] = load
	}
	return loads
}

func TestWithoutBehaviorGrowthIsLimitedToTwiceOrFour(t *testing.T) {
	// from 1: max(2, 4) = 4, then 8, 16, 32, and 40 is all that is needed
	got := run(t, hpa.Settings{}, hpa.Bounds{Min: 1, Max: 100}, 1, repeat(4000, 5)...)
	require.Equal(t, []int32{4, 8, 16, 32, 40}, got)
}

func TestShrinkingWaitsForTheLastHighRecommendation(t *testing.T) {
	for name, c := range map[string]struct {
		settings hpa.Settings
		first    int // index of the sync that shrinks
	}{
		"without behavior the old end of the window counts": {hpa.Settings{}, 21}, // 300 s after sync 0 is sync 20
		"with behavior it does not":                         {hpa.Settings{Behavior: &hpa.Behavior{}}, 20},
	} {
		t.Run(name, func(t *testing.T) {
			loads := append([]float64{1000}, repeat(200, 22)...)
			got := run(t, c.settings, hpa.Bounds{Min: 1, Max: 100}, 10, loads...)
			for i, n := range got {
				want := int32(10)
				if i >= c.first {
					want = 2
				}
				require.Equal(t, want, n, "sync %d", i)
			}
		})
	}
}

func TestToleranceHoldsBothEnds(t *testing.T) {
	for name, c := range map[string]struct {
		load float64
		want int32
	}{
		"exactly +10 %":      {1100, 10},
		"just above":         {1100.001, 12}, // ⌈11.00001⌉
		"exactly -10 %":      {900, 10},
		"nothing to do":      {1000, 10},
		"rounded up from 11": {1150, 12},
	} {
		t.Run(name, func(t *testing.T) {
			got := run(t, hpa.Settings{}, hpa.Bounds{Min: 1, Max: 100}, 10, c.load)
			require.Equal(t, c.want, got[0])
		})
	}
}

func TestToleranceOfTheBehaviorNeedsItsGate(t *testing.T) {
	zero := 0.0
	s := hpa.Settings{Behavior: &hpa.Behavior{Up: hpa.Rules{Tolerance: &zero}}}
	require.Equal(t, []int32{10}, run(t, s, hpa.Bounds{Min: 1, Max: 100}, 10, 1050))
	s.Gates = hpa.Version(36)
	require.Equal(t, []int32{11}, run(t, s, hpa.Bounds{Min: 1, Max: 100}, 10, 1050))
}

func TestFloorAndCeilingAskNoMetric(t *testing.T) {
	a, err := hpa.New(hpa.Settings{})
	require.NoError(t, err)
	d := a.Sync(epoch, hpa.Bounds{Min: 30, Max: 50}, hpa.Scale{Spec: 10, Status: 10}, hpa.Unavailable{})
	require.Equal(t, hpa.Decision{Replicas: 30, Reason: hpa.BelowMin}, d) // ×3 at once, past the ×2 limit
	d = a.Sync(epoch.Add(sync), hpa.Bounds{Min: 5, Max: 20}, hpa.Scale{Spec: 30, Status: 30}, hpa.Unavailable{})
	require.Equal(t, hpa.Decision{Replicas: 20, Reason: hpa.AboveMax}, d)
}

func TestRemovedFloorIsNotStabilized(t *testing.T) {
	a, err := hpa.New(hpa.Settings{})
	require.NoError(t, err)
	n := int32(12)
	at := func(i int, b hpa.Bounds) hpa.Decision {
		d := a.Sync(epoch.Add(time.Duration(i)*sync), b, hpa.Scale{Spec: n, Status: n}, average(1200))
		n = d.Replicas
		return d
	}
	at(0, hpa.Bounds{Min: 1, Max: 100})
	require.Equal(t, int32(50), at(1, hpa.Bounds{Min: 50, Max: 100}).Replicas)
	for i := 2; i < 40; i++ { // the metrics keep recommending 12 under the floor
		d := at(i, hpa.Bounds{Min: 50, Max: 100})
		require.Equal(t, int32(50), d.Replicas)
		require.Equal(t, hpa.TooFewReplicas, d.Reason)
	}
	require.Equal(t, int32(12), at(40, hpa.Bounds{Min: 1, Max: 100}).Replicas)
}

func TestPoliciesRememberEvents(t *testing.T) {
	minute := time.Minute
	none := time.Duration(0)
	s := hpa.Settings{Behavior: &hpa.Behavior{
		Up:   hpa.Rules{Policies: []hpa.Policy{{Kind: hpa.Pods, Value: 3, Period: minute}}},
		Down: hpa.Rules{Window: &none, Policies: []hpa.Policy{{Kind: hpa.Percent, Value: 50, Period: minute}}},
	}}
	// 3 pods a minute: the event of sync 0 is no longer "after" 60 s at sync 4
	require.Equal(t, []int32{13, 13, 13, 13, 16}, run(t, s, hpa.Bounds{Min: 1, Max: 100}, 10, repeat(5000, 5)...))
	// half a minute's start: int(13 · 0.5) = 6
	require.Equal(t, []int32{6, 6, 6, 6, 3}, run(t, s, hpa.Bounds{Min: 1, Max: 100}, 13, repeat(100, 5)...))
}

func TestDisabledDirectionHolds(t *testing.T) {
	none := time.Duration(0)
	s := hpa.Settings{Behavior: &hpa.Behavior{Down: hpa.Rules{Window: &none, Select: hpa.SelectDisabled}}}
	require.Equal(t, []int32{10, 20}, run(t, s, hpa.Bounds{Min: 1, Max: 100}, 10, 100, 2000))
}

func TestFailingMetricBlocksShrinkingOnly(t *testing.T) {
	for name, c := range map[string]struct {
		load   float64
		want   int32
		reason hpa.Reason
	}{
		"grows on the other":     {1500, 15, hpa.DesiredWithinRange},
		"does not shrink on it":  {100, 10, hpa.FailedMetrics},
		"holds where it is even": {1000, 10, hpa.DesiredWithinRange},
	} {
		t.Run(name, func(t *testing.T) {
			a, err := hpa.New(hpa.Settings{})
			require.NoError(t, err)
			d := a.Sync(epoch, hpa.Bounds{Min: 1, Max: 100}, hpa.Scale{Spec: 10, Status: 10}, average(c.load), hpa.Unavailable{})
			require.ErrorIs(t, d.Err, hpa.ErrMetric)
			require.Equal(t, c.want, d.Replicas)
			require.Equal(t, c.reason, d.Reason)
		})
	}
}

func TestZeroIsLeftOnlyByWhoWentThere(t *testing.T) {
	b := hpa.Bounds{Min: 0, Max: 10}
	a, err := hpa.New(hpa.Settings{Gates: hpa.Version(37), Stabilization: new(time.Duration)})
	require.NoError(t, err)
	require.Equal(t, hpa.ScalingDisabled, a.Sync(epoch, b, hpa.Scale{}, average(500)).Reason, "a user went to zero")
	a.Sync(epoch.Add(sync), b, hpa.Scale{Spec: 1, Status: 1}, average(0))
	require.Equal(t, int32(0), a.Sync(epoch.Add(2*sync), b, hpa.Scale{Spec: 1, Status: 1}, average(0)).Replicas)
	require.Equal(t, int32(4), a.Sync(epoch.Add(3*sync), b, hpa.Scale{}, average(500)).Replicas, "at most 4 from 0")
}

func TestSettingsThatTheServerRefuses(t *testing.T) {
	long, negative := 2*time.Hour, -0.1
	for name, s := range map[string]hpa.Settings{
		"window":    {Behavior: &hpa.Behavior{Up: hpa.Rules{Window: &long}}},
		"tolerance": {Tolerance: &negative},
		"select":    {Behavior: &hpa.Behavior{Down: hpa.Rules{Select: "Largest"}}},
		"policy":    {Behavior: &hpa.Behavior{Down: hpa.Rules{Policies: []hpa.Policy{{Kind: hpa.Pods, Period: time.Minute}}}}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := hpa.New(s)
			require.ErrorContains(t, err, name)
		})
	}
}

func TestMilliRoundsAndSaturates(t *testing.T) {
	// KEDA formats with "%.3f" since 2.20; before, it cut towards zero.
	require.Equal(t, int64(2000), hpa.Milli(1.9999))
	require.Equal(t, int64(1011), hpa.Milli(1.011), "whose product with 1000 is less")
	require.Equal(t, int64(-2000), hpa.Milli(-1.9999))
	require.Equal(t, int64(9223372036854775807), hpa.Milli(1e300))
}
