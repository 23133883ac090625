package differential

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/forescale/forescale/bench/replay/kpa"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"k8s.io/apimachinery/pkg/types"
	"knative.dev/serving/pkg/autoscaler/aggregation"
	"knative.dev/serving/pkg/autoscaler/scaling"
)

// A revision is what the autoscaler of Knative sees. It implements the metric
// client and the counter of ready pods.
type revision struct {
	ready             int
	stable, panicking float64
}

func (r *revision) ReadyCount() (int, error) { return r.ready, nil }

func (r *revision) NotReadyCount() (int, error) { return 0, nil }

func (r *revision) StableAndPanicConcurrency(types.NamespacedName, time.Time) (float64, float64, error) {
	return r.stable, r.panicking, nil
}

func (r *revision) StableAndPanicRPS(types.NamespacedName, time.Time) (float64, float64, error) {
	return r.stable, r.panicking, nil
}

// kpaSettings are the settings of one run; the names are those of the port.
func kpaSettings() []kpa.Settings {
	return []kpa.Settings{
		{Target: 5.6},
		{Target: 70, PanicThreshold: 1.1},
		{Target: 1, MaxUp: 1.3, MaxDown: 1.05},
		{Target: 140, MaxUp: 10, MaxDown: 4, Activation: 3},
		{Target: 5.6, DownDelay: 5 * time.Minute},
		{Target: 5.6, DownDelay: 31 * time.Second, StableWindow: 30 * time.Second, PanicThreshold: 1.5},
		{Target: 5.6, Unreachable: true},
	}
}

// A tick is one decision of the real autoscaler.
type tick struct {
	at                int64 // milliseconds since the start
	ready             int
	stable, panicking float64
	want              int32
}

// runKPA drives the real autoscaler and the port through the same ticks. It
// starts with one pod at begin, or, if that is zero, with some pods now: the real
// autoscaler reads the clock for a start in panic, and only there.
func runKPA(t *testing.T, s kpa.Settings, ticks int, seed uint64, begin time.Time) []tick {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 4))
	world, now := &revision{ready: 1}, begin
	if begin.IsZero() {
		world.ready = r.IntN(6)
		now = time.Now().Add(250 * time.Millisecond) // so that no tick falls on the end of the first panic
	}
	original := scaling.New(t.Context(), "shop", "web", world, world, &scaling.DeciderSpec{
		MaxScaleUpRate: orDefault(s.MaxUp, 1000), MaxScaleDownRate: orDefault(s.MaxDown, 2),
		ScalingMetric: "concurrency", TargetValue: s.Target, TotalValue: s.Target / 0.7,
		TargetBurstCapacity: 211, PanicThreshold: orDefault(s.PanicThreshold, 2),
		StableWindow:   time.Duration(orDefault(float64(s.StableWindow), float64(time.Minute))),
		ScaleDownDelay: s.DownDelay, Reachable: !s.Unreachable, ActivationScale: s.Activation,
	})
	port, err := kpa.New(s, world.ready, now.Add(-250*time.Millisecond))
	require.NoError(t, err)
	logger := zap.NewNop().Sugar()
	level := s.Target * 5
	out := make([]tick, ticks)
	for i := range ticks {
		now = now.Add(kpa.Tick + time.Duration(r.IntN(3))*time.Second/2)
		level = min(max(level*math.Exp(0.1*r.NormFloat64()), s.Target/20), s.Target*500)
		if r.Float64() < 0.01 {
			level *= 8 * r.Float64()
		}
		world.stable = math.Round(level * (0.5 + r.Float64()))
		world.panicking = math.Round(level * (0.3 + 1.4*r.Float64()))
		if r.Float64() < 0.01 {
			world.stable, world.panicking = 0, 0
		}
		got := original.Scale(logger, now)
		require.True(t, got.ScaleValid)
		n := port.Scale(now, world.ready, world.stable, world.panicking)
		require.Equal(t, got.DesiredPodCount, n, "tick %d of seed %d: %+v", i, seed, *world)
		out[i] = tick{now.Sub(begin).Milliseconds(), world.ready, world.stable, world.panicking, n}
		if r.Float64() < 0.7 {
			world.ready = int(n)
		}
	}
	return out
}

func TestTicksOfTheRealKnativeAutoscaler(t *testing.T) {
	ticks, seeds := 20_000, uint64(3)
	if testing.Short() {
		ticks /= 10
	}
	total, moves := 0, 0
	for _, s := range kpaSettings() {
		for seed := range seeds {
			for _, k := range runKPA(t, s, ticks, seed, time.Time{}) {
				total++
				if int(k.want) != k.ready {
					moves++
				}
			}
		}
	}
	t.Logf("%d decisions, %d of them changes, all equal", total, moves)
}

// This version truncates the averages of its buckets to six decimals; newer ones, and the port,
// round them.
func TestAveragesOfTheRealKnativeBuckets(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for _, length := range []time.Duration{6 * time.Second, 30 * time.Second, time.Minute} {
		original, port := aggregation.NewTimedFloat64Buckets(length, time.Second), kpa.NewWindow(length)
		now := time.Unix(1_800_000_000, 0).UTC()
		for i := range 100_000 {
			now = now.Add(time.Duration(r.IntN(1500)) * time.Millisecond)
			if r.Float64() < 0.002 {
				now = now.Add(time.Duration(r.Int64N(2 * int64(length))))
			}
			if r.Float64() < 0.9 {
				v := 100 * r.Float64()
				original.Record(now, v)
				port.Record(now, v)
			}
			ask := now.Add(time.Duration(r.IntN(4)) * time.Second)
			require.InDelta(t, original.WindowAverage(ask), port.Average(ask), 1.1e-6, "record %d", i)
			require.Equal(t, original.IsEmpty(ask), port.Empty(ask), "record %d", i)
		}
	}
}

func TestGoldenTicks(t *testing.T) {
	begin := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	var b bytes.Buffer
	b.WriteString(`{"about": "decisions of the autoscaler of Knative serving 0.42.2, recorded by ../../differential",` + "\n" +
		`"columns": ["milliseconds", "ready pods", "stable average", "panic average", "pods wanted"],` + "\n" + `"runs": [`)
	for i, s := range kpaSettings() {
		if i > 0 {
			b.WriteString(",")
		}
		ticks := runKPA(t, s, 250, 100, begin)
		fmt.Fprintf(&b, "\n{\"settings\": {\"Target\": %v, \"StableWindow\": %d, \"PanicThreshold\": %v, \"MaxUp\": %v, \"MaxDown\": %v, \"DownDelay\": %d, \"Activation\": %d, \"Unreachable\": %t},\n\"ticks\": [",
			s.Target, s.StableWindow, s.PanicThreshold, s.MaxUp, s.MaxDown, s.DownDelay, s.Activation, s.Unreachable)
		for j, k := range ticks {
			if j > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(&b, "\n[%d,%d,%v,%v,%d]", k.at, k.ready, k.stable, k.panicking, k.want)
		}
		b.WriteString("]}")
	}
	b.WriteString("\n]}\n")
	compare(t, "../kpa/testdata/ticks.json", b.Bytes())
}

func orDefault(v, fallback float64) float64 {
	if v == 0 {
		return fallback
	}
	return v
}
