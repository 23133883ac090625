package trace_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/trace"
)

var start = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)

func TestListPrefersTheManifest(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.csv.gz", "a.csv", "README.md"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	infos, err := trace.List(dir)
	require.NoError(t, err)
	require.Equal(t, []trace.Info{
		{Name: "a", File: filepath.Join(dir, "a.csv"), Kind: trace.Rate},
		{Name: "b", File: filepath.Join(dir, "b.csv.gz"), Kind: trace.Rate},
	}, infos)

	manifest := "series:\n- {name: users, file: b.csv.gz, value_kind: gauge, unit: users}\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "manifest.yaml"), []byte(manifest), 0o600))
	infos, err = trace.List(dir)
	require.NoError(t, err)
	require.Equal(t, []trace.Info{{Name: "users", File: filepath.Join(dir, "b.csv.gz"), Kind: trace.Gauge, Unit: "users"}}, infos)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "manifest.yaml"), []byte("series:\n- {name: x, file: ../x}\n"), 0o600))
	_, err = trace.List(filepath.Join(dir, "a.csv"))
	require.ErrorContains(t, err, "a.csv is a file, want a directory")
	_, err = trace.List(dir)
	require.ErrorContains(t, err, "below the directory")

	for text, want := range map[string]string{
		"":                                  "lists no series",
		"traces:\n- {name: x, file: a.csv}": "lists no series",
		"- {name: x, file: a.csv}":          "want a list of series",
		"series: [":                         "want a list of series",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "manifest.yaml"), []byte(text), 0o600))
		_, err = trace.List(dir)
		require.ErrorContains(t, err, want, text)
	}
}

func TestIntensityIsLinearBetweenCentres(t *testing.T) {
	tr := trace.Trace{Start: start, Step: time.Minute, Values: []float64{10, 20, math.NaN(), 40, 40}}
	in := tr.Intensity()
	for seconds, want := range map[float64]float64{
		0: 10, 30: 10, 60: 15, 90: 20, // the centre of the second minute
		150: 20, // held through the gap
		180: 30, // on the way to the next value
		210: 40, 500: 40,
	} {
		got, _ := in.At(start.Add(time.Duration(seconds * float64(time.Second))))
		require.InDelta(t, want, got, 1e-9, "at %v s", seconds)
	}
	for seconds, want := range map[int]bool{119: true, 121: false, 179: false, 181: true} {
		_, seen := in.At(start.Add(time.Duration(seconds) * time.Second))
		require.Equal(t, want, seen, "at %d s", seconds)
	}
}

func TestIntensityOfSecondsIsAveraged(t *testing.T) {
	tr := trace.Trace{Start: start, Step: time.Second, Values: make([]float64, 60)}
	for i := range tr.Values {
		tr.Values[i] = float64(i % 2) // noise of single events
	}
	in := tr.Intensity()
	got, seen := in.At(start.Add(30 * time.Second))
	require.True(t, seen)
	require.InDelta(t, 0.5, got, 0.04)
}

func TestIntensityOfAGaugeIsAtItsStamps(t *testing.T) {
	in := trace.Trace{Kind: trace.Gauge, Start: start, Step: time.Minute, Values: []float64{0, 60}}.Intensity()
	got, _ := in.At(start.Add(45 * time.Second))
	require.InDelta(t, 45, got, 1e-9)
}

// A ramp of one a second is not shifted when it is averaged to 15 s.
func TestIntensityOfAGaugeBySecondsIsNotShifted(t *testing.T) {
	values := make([]float64, 120)
	for i := range values {
		values[i] = float64(i)
	}
	in := trace.Trace{Kind: trace.Gauge, Start: start, Step: time.Second, Values: values}.Intensity()
	got, _ := in.At(start.Add(50 * time.Second))
	require.InDelta(t, 50, got, 1e-9)
}

func TestFillEqualsAt(t *testing.T) {
	tr := trace.Synthetic(trace.Shape{Length: 24 * time.Hour, Day: 0.5, Noise: trace.Noise{Sigma: 0.2}}, 1).
		WithGaps(trace.Gap{After: time.Hour, Length: 10 * time.Minute})
	in := tr.Intensity()
	rates, missing := make([]float64, 5000), 0
	in.Fill(rates, start, 7*time.Second)
	for i, r := range rates {
		want, seen := in.At(start.Add(time.Duration(i) * 7 * time.Second))
		require.InDelta(t, want, r, 1e-9)
		if !seen {
			missing++
		}
	}
	require.InDelta(t, 600.0/7, float64(missing), 1)
}

func TestSmoothCoarsenTail(t *testing.T) {
	tr := trace.Trace{Name: "x", Start: start, Step: time.Minute, Values: []float64{1, math.NaN(), 4, 2}}
	smooth := tr.Smooth(time.Minute)
	require.True(t, math.IsNaN(smooth.Values[1]))
	require.InDelta(t, (2*4+2)/3.0, smooth.Values[2], 1e-12, "weights 1 2 1 without the gap")

	coarse := tr.Coarsen(2 * time.Minute)
	require.Equal(t, []float64{1, 3}, coarse.Values)
	require.Equal(t, 2*time.Minute, coarse.Step)
	require.Equal(t, tr.Values[2:], tr.Tail(2*time.Minute).Values)
	require.Equal(t, start.Add(2*time.Minute), tr.Tail(2*time.Minute).Start)
}

func TestSyntheticHasTheShapeAskedFor(t *testing.T) {
	flat := trace.Synthetic(trace.Shape{Length: 24 * time.Hour}, 1)
	require.InDelta(t, 100, flat.Peak(), 1e-9)

	week := trace.Synthetic(trace.Shape{Day: 0.6, Week: 0.4}, 1)
	at := func(day, hour int) float64 { return week.Values[(day*24+hour)*60] }
	require.Greater(t, at(0, 15), 2.2*at(0, 4), "the afternoon is busier than the night")
	require.InDelta(t, 0.6, at(5, 12)/at(4, 12), 1e-9, "Saturday against Friday")
	require.InDelta(t, 1, at(8, 12)/at(1, 12), 1e-9, "a week later")

	noisy := trace.Synthetic(trace.Shape{Noise: trace.Noise{Sigma: 0.3, Memory: 10 * time.Minute}}, 2)
	mean, n := 0.0, float64(len(noisy.Values))
	for _, v := range noisy.Values {
		mean += v / n
	}
	require.InDelta(t, 100, mean, 5, "the noise has mean 1")

	bursty := trace.Synthetic(trace.Shape{Step: 5 * time.Second, Burst: trace.Burst{PerDay: 12, Height: 4, Raster: 30 * time.Minute}}, 3)
	high := 0
	for _, v := range bursty.Values {
		if v > 200 {
			high++
		}
	}
	require.InDelta(t, 12*14*7*12, high, 12*14*7*12*0.25, "twelve bursts of seven minutes a day")
	require.Equal(t, bursty, trace.Synthetic(trace.Shape{Step: 5 * time.Second, Burst: trace.Burst{PerDay: 12, Height: 4, Raster: 30 * time.Minute}}, 3))
	require.NotEqual(t, noisy, trace.Synthetic(trace.Shape{Noise: trace.Noise{Sigma: 0.3, Memory: 10 * time.Minute}}, 4))
}

func TestShuffleDaysKeepsDaysWhole(t *testing.T) {
	tr := trace.Trace{Name: "x", Start: start, Step: 6 * time.Hour}
	for i := range 42 {
		tr.Values = append(tr.Values, float64(i))
	}
	got := tr.ShuffleDays(1)
	require.NotEqual(t, tr.Values, got.Values)
	require.Equal(t, tr.Values[40:], got.Values[40:], "the last half day stays")
	for i := 0; i < 40; i += 4 {
		first := got.Values[i]
		require.Equal(t, []float64{first, first + 1, first + 2, first + 3}, got.Values[i:i+4])
	}
	slices.Sort(got.Values)
	require.Equal(t, tr.Values, got.Values)
}

func TestShiftChangesTheRegime(t *testing.T) {
	tr := trace.Trace{Name: "x", Start: start, Step: time.Hour, Values: []float64{1, 2, 3, 4, 5, 6}}
	require.Equal(t, []float64{1, 2, 12, 6, 8, 10}, tr.Shift(2*time.Hour, 2, time.Hour).Values)
	got := tr.WithGaps(trace.Gap{After: time.Hour, Length: 2 * time.Hour})
	require.InDelta(t, 2.0/6, got.Missing(), 1e-12)
	require.Zero(t, tr.Missing())
}
