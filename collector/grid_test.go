package collector_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
)

const minute = time.Minute

// noon lies on a border of every step that divides an hour.
func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

func at(d time.Duration, v float64) collector.Sample {
	return collector.Sample{Time: noon().Add(d), Value: v}
}

func TestResample(t *testing.T) {
	nan := math.NaN()
	tests := map[string]struct {
		samples    []collector.Sample
		start, end time.Duration // after noon
		first      time.Duration // start of the first cell, after noon
		want       []float64
		refused    int
	}{
		"a sample on a border belongs to the cell it closes": {
			samples: []collector.Sample{at(minute, 10), at(2*minute, 20)},
			end:     2 * minute, want: []float64{10, 20},
		},
		"a nanosecond after the border belongs to the next cell": {
			samples: []collector.Sample{at(minute+1, 10)},
			end:     2 * minute, want: []float64{nan, 10},
		},
		"a cell is the mean of its samples": {
			samples: []collector.Sample{at(20*time.Second, 1), at(40*time.Second, 2), at(minute, 6)},
			end:     minute, want: []float64{3},
		},
		"silence is NaN, not zero": {
			samples: []collector.Sample{at(minute, 10), at(4*minute, 40)},
			end:     5 * minute, want: []float64{10, nan, nan, 40, nan},
		},
		"the open cell is left out": {
			samples: []collector.Sample{at(minute, 10), at(minute+30*time.Second, 99)},
			end:     minute + 59*time.Second, want: []float64{10},
		},
		"the first cell is a whole one": {
			samples: []collector.Sample{at(45*time.Second, 99), at(2*minute, 20)},
			start:   30 * time.Second, first: minute, end: 2 * minute, want: []float64{20},
		},
		"no whole cell fits": {
			start: time.Second, first: minute, end: 59 * time.Second, want: []float64{},
		},
		"what is no demand is counted, and no sample counts twice": {
			samples: []collector.Sample{
				at(10*time.Second, nan), at(20*time.Second, math.Inf(1)), at(25*time.Second, -1),
				at(30*time.Second, 5), at(30*time.Second, 7), at(29*time.Second, 7), at(0, 7), at(3*minute, 7),
			},
			end: minute, want: []float64{5}, refused: 3,
		},
		"after a sample of the open cell none of a closed one comes": {
			samples: []collector.Sample{at(minute+30*time.Second, 99), at(minute, 10)},
			end:     minute + 59*time.Second, want: []float64{nan},
		},
		"the mean of huge values stays finite": {
			samples: []collector.Sample{at(time.Second, math.MaxFloat64), at(2*time.Second, math.MaxFloat64)},
			end:     minute, want: []float64{math.MaxFloat64},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			series, refused, err := collector.Resample(tt.samples, noon().Add(tt.start), noon().Add(tt.end), minute)
			require.NoError(t, err)
			require.NoError(t, series.Check())
			require.Equal(t, noon().Add(tt.first), series.Start)
			require.Equal(t, minute, series.Step)
			requireSame(t, tt.want, series.Values)
			require.Equal(t, tt.refused, refused)
		})
	}
}

func TestResampleBeforeTheEpoch(t *testing.T) {
	start := time.Unix(-150, 0)
	series, refused, err := collector.Resample([]collector.Sample{
		{Time: time.Unix(-60, 0), Value: 1}, // closes the cell from −120 s
		{Time: time.Unix(-1, 0), Value: 2},
		{Time: time.Unix(0, 0), Value: 4},
		{Time: time.Unix(1, 0), Value: 8},
	}, start, time.Unix(60, 0), minute)
	require.NoError(t, err)
	require.Zero(t, refused)
	require.Equal(t, time.Unix(-120, 0).UTC(), series.Start)
	require.Equal(t, []float64{1, 3, 8}, series.Values)
}

func TestBoundsThatCannotBeCounted(t *testing.T) {
	for name, tt := range map[string]struct {
		start, end time.Time
		step       time.Duration
		want       string
	}{
		"no step":       {noon(), noon(), 0, "step is 0s"},
		"backward step": {noon(), noon(), -minute, "step is -1m,"},
		"endless step":  {noon(), noon(), math.MaxInt64, "up to 366d"},
		"zero start":    {time.Time{}, noon(), minute, "start is 0001-01-01T00:00:00Z"},
		"far end":       {noon(), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), minute, "end is 9999-01-01"},
		"too many":      {noon(), noon().Add(time.Hour), 1, "3600000000000 cells of 1ns"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := collector.Resample(nil, tt.start, tt.end, tt.step)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

// requireSame compares with NaN equal to NaN.
func requireSame(t *testing.T, want, got []float64) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		if math.IsNaN(want[i]) {
			require.True(t, math.IsNaN(got[i]), "cell %d: want NaN, got %v", i, got[i])
			continue
		}
		require.InDelta(t, want[i], got[i], math.Abs(want[i])*1e-12, "cell %d", i)
	}
}
