package kpa_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/kpa"
)

var epoch = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func at(s int) time.Time { return epoch.Add(time.Duration(s) * time.Second) }

func start(t *testing.T, s kpa.Settings, ready int) *kpa.Autoscaler {
	t.Helper()
	s.Target = 10
	a, err := kpa.New(s, ready, epoch)
	require.NoError(t, err)
	return a
}

func TestStableModeDividesAndRoundsUp(t *testing.T) {
	a := start(t, kpa.Settings{}, 1)
	require.Equal(t, int32(2), a.Scale(at(2), 2, 11, 11))
}

func TestOneTickHalvesAtMost(t *testing.T) {
	a := start(t, kpa.Settings{}, 0)
	require.Equal(t, int32(4), a.Scale(at(2), 9, 1, 1)) // ⌊9/2⌋
	a = start(t, kpa.Settings{Unreachable: true}, 0)
	require.Equal(t, int32(1), a.Scale(at(2), 9, 1, 1))
}

func TestPanicGrowsOnlyAndEndsAStableWindowLater(t *testing.T) {
	a := start(t, kpa.Settings{}, 0)
	require.Equal(t, int32(4), a.Scale(at(2), 2, 10, 40), "the panic window asks for twice the 2 pods")
	require.Equal(t, int32(4), a.Scale(at(4), 4, 10, 30), "less is no reason to shrink now")
	require.Equal(t, int32(4), a.Scale(at(62), 4, 10, 10), "60 s after the alarm it still holds")
	require.Equal(t, int32(2), a.Scale(at(64), 4, 10, 10), "later the stable window decides: ⌊4/2⌋ at least")
}

func TestRestartWithSeveralPodsStartsInPanic(t *testing.T) {
	require.Equal(t, int32(7), start(t, kpa.Settings{}, 7).Scale(at(2), 7, 10, 10))
	require.Equal(t, int32(1), start(t, kpa.Settings{}, 1).Scale(at(2), 1, 10, 10))
}

func TestDownDelayHoldsTheHighestOfItsWindow(t *testing.T) {
	a := start(t, kpa.Settings{DownDelay: 10 * time.Second}, 0) // 5 slots of 2 s
	require.Equal(t, int32(3), a.Scale(at(0), 2, 30, 30))
	for s := 2; s < 10; s += 2 {
		require.Equal(t, int32(3), a.Scale(at(s), 3, 20, 20), "second %d", s)
	}
	require.Equal(t, int32(2), a.Scale(at(10), 3, 20, 20))
}

func TestActivationScaleIsTheLeastThatIsNotZero(t *testing.T) {
	a := start(t, kpa.Settings{Activation: 3, MaxDown: 10}, 0)
	require.Equal(t, int32(3), a.Scale(at(2), 1, 5, 5))
	require.Equal(t, int32(0), a.Scale(at(4), 1, 0, 0))
}

func TestTargetMustBePositive(t *testing.T) {
	_, err := kpa.New(kpa.Settings{}, 1, epoch)
	require.ErrorContains(t, err, "target per pod 0")
}

func TestWindowAveragesWhatItHasSeen(t *testing.T) {
	w := kpa.NewWindow(4 * time.Second)
	require.True(t, w.Empty(at(0)))
	w.Record(at(0), 8)
	require.InDelta(t, 8, w.Average(at(0)), 0) // one second seen
	w.Record(at(2), 4)                         // second 1 counts as zero
	require.InDelta(t, 4, w.Average(at(2)), 0) // (8+0+4)/3
	require.InDelta(t, 4, w.Average(at(3)), 0) // the silent second does not count
	require.InDelta(t, 2, w.Average(at(4)), 0) // 8 has left: (0+4)/2
	require.InDelta(t, 0, w.Average(at(6)), 0)
	require.False(t, w.Empty(at(6)))
	require.True(t, w.Empty(at(7)))
	w.Record(at(9), 6) // begins anew
	require.InDelta(t, 6, w.Average(at(9)), 0)
}
