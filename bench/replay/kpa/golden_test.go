package kpa_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/kpa"
)

// The ticks are recorded from the real autoscaler; see ../differential.
func TestTicksOfTheRealAutoscaler(t *testing.T) {
	var golden struct {
		Runs []struct {
			Settings kpa.Settings
			Ticks    [][5]float64
		}
	}
	content, err := os.ReadFile("testdata/ticks.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &golden))
	require.NotEmpty(t, golden.Runs)
	for i, run := range golden.Runs {
		a, err := kpa.New(run.Settings, 1, epoch)
		require.NoError(t, err)
		for j, k := range run.Ticks {
			now := epoch.Add(time.Duration(k[0]) * time.Millisecond)
			got := a.Scale(now, int(k[1]), k[2], k[3])
			require.Equal(t, int32(k[4]), got, "run %d, tick %d: %v", i, j, k)
		}
	}
}
