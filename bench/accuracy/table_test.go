package accuracy_test

import (
	"bytes"
	"io"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/accuracy"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/forecast/baseline"
)

// A table whose lines wrap is hard to read: with names of up to eighteen letters it is at most a
// hundred columns wide.
func TestTheTablesFitATerminal(t *testing.T) {
	level := map[string]accuracy.Number{"0.9": 1, "0.95": 1, "0.99": 1}
	rung := accuracy.Rung{Horizon: 3600, N: 20160, MAE: 1234.5, PinballRatio: level, Coverage: level, WorstDayCoverage: level}
	r := accuracy.Report{
		Model:  "auto",
		Series: []accuracy.Series{{Name: "web", Rungs: []accuracy.Rung{rung}}, {Name: "worldcup98-matches", Rungs: []accuracy.Rung{rung}}, {Name: "short", Error: "too few samples"}},
		Summary: []accuracy.Summary{{
			Horizon: 3600, Series: 2, WorstName: "worldcup98-matches",
			PinballRatio: level, Coverage: level, CoverageDeviation: level, WorstDayCoverage: level, PeakCoverage: level,
		}},
	}
	var out bytes.Buffer
	require.NoError(t, r.WriteTable(&out))
	require.Contains(t, out.String(), "\nshort: too few samples\n")
	for line := range strings.Lines(out.String()) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 100, line)
	}
}

// On a flat load the naive rules have no error, so that there is no ratio to them: it is shown as a
// dash, since +Inf and NaN would look like faults of the program.
func TestAMissingNumberIsADash(t *testing.T) {
	nan, inf := accuracy.Number(math.NaN()), accuracy.Number(math.Inf(1))
	level := map[string]accuracy.Number{"0.9": inf, "0.95": inf, "0.99": nan}
	rung := accuracy.Rung{Horizon: 60, N: 3, MAERatio: nan, MASE: inf, SMAPE: nan, PinballRatio: level, Coverage: level, WorstDayCoverage: level}
	var out bytes.Buffer
	require.NoError(t, accuracy.Report{Series: []accuracy.Series{{Name: "flat", Rungs: []accuracy.Rung{rung}}}}.WriteTable(&out))
	require.NotContains(t, out.String(), "Inf")
	require.NotContains(t, out.String(), "NaN")
	require.Contains(t, out.String(), "flat     1m  3    0        –     –      –    0")
}

// Why nothing could be scored stands alone, and not below the head of a table without lines.
func TestWhatIsNotScoredHasNoTable(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, accuracy.Report{Series: []accuracy.Series{{Name: "web", Error: "history too short"}}}.WriteTable(&out))
	require.Equal(t, "web: history too short\n", out.String())
}

// Half an hour, half of it warm-up, has no forecast of an hour: there is no ratio, rather than one
// of 1.
func TestNoForecastHasNoRatio(t *testing.T) {
	short := trace.Trace{Name: "short", Start: time.Unix(0, 0), Step: time.Minute, Values: make([]float64, 30)}
	for i := range short.Values {
		short.Values[i] = float64(10 + i%3)
	}
	r, err := accuracy.Run(t.Context(), []trace.Trace{short}, accuracy.Options{Name: "naive", Model: baseline.Naive{}}, io.Discard)
	require.NoError(t, err)
	hour := r.Series[0].Rungs[4]
	require.Zero(t, hour.N)
	require.True(t, math.IsNaN(float64(hour.MAERatio)))
	require.True(t, math.IsNaN(float64(hour.PeakMAERatio)))
	require.True(t, math.IsNaN(float64(hour.PinballRatio["0.9"])))
}

// Horizons less than a second apart are in order too. (Steps of half a second and less are averaged
// to longer ones.)
func TestHorizonsAscend(t *testing.T) {
	var loads []trace.Trace
	for _, ms := range []int{900, 600, 850, 700, 750} {
		load := trace.Trace{Name: "wave", Start: time.Unix(1_700_000_000, 0), Step: time.Duration(ms) * time.Millisecond}
		for i := range 12 {
			load.Values = append(load.Values, 10+math.Sin(float64(i)))
		}
		loads = append(loads, load)
	}
	report, err := accuracy.Run(t.Context(), loads, accuracy.Options{Model: baseline.Naive{}}, nil)
	require.NoError(t, err)
	var ahead []float64
	for _, s := range report.Summary {
		ahead = append(ahead, s.Horizon)
	}
	require.Equal(t, []float64{0.6, 0.7, 0.75, 0.85, 0.9}, ahead)
}
