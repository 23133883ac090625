package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/baseline"
)

// daily is a load with a daily rhythm, as value of the minute that starts at m.
func daily(m int) float64 { return 100 + 60*math.Sin(2*math.Pi*float64(m)/1440) }

// dailyFiles writes three days of it in each format, with their endings.
func dailyFiles(t *testing.T) map[string]string {
	t.Helper()
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC).Unix()
	var table, dump strings.Builder
	var points []string
	table.WriteString("timestamp,value\n")
	fmt.Fprintf(&dump, "load 1 %d\n", start) // of the cell before; from here on cells are whole
	for m := range 3 * 1440 {
		at := start + int64(60*m)
		fmt.Fprintf(&table, "%d,%v\n", at, daily(m))
		points = append(points, fmt.Sprintf(`[%d,"%v"]`, at+60, daily(m)))
		fmt.Fprintf(&dump, "load %v %d\n", daily(m), at+60)
	}
	dir := t.TempDir()
	files := map[string]string{}
	for name, text := range map[string]string{
		"CSV":         table.String(),
		"JSON":        `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[` + strings.Join(points, ",") + `]}]}}`,
		"OpenMetrics": dump.String() + "# EOF\n",
	} {
		files[name] = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(files[name], []byte(text), 0o600))
	}
	return files
}

func runForecast(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	return runCommand(t, newForecastCommand(), args...)
}

func TestForecastIsTheSameFromEveryFormat(t *testing.T) {
	files := dailyFiles(t)
	want, _, err := runForecast(t, files["CSV"], "--model", "holt-winters", "-o", "csv")
	require.NoError(t, err)
	require.Equal(t, 61, strings.Count(want, "\n"), "an hour and the header")
	require.Contains(t, want, fmt.Sprintf("\n%d,", time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC).Unix()), "it follows the history at once")
	for _, name := range []string{"JSON", "OpenMetrics"} {
		got, notes, err := runForecast(t, files[name], "--model", "holt-winters", "-o", "csv")
		require.NoError(t, err)
		require.Equal(t, name == "OpenMetrics", strings.Contains(notes, "the query is avg_over_time("))
		require.Equal(t, want, got)
	}
}

func TestForecastFarAheadIsAPath(t *testing.T) {
	file := dailyFiles(t)["CSV"]
	for name, args := range map[string][]string{
		"auto hands over": {file, "--horizon", "1d", "-o", "json", "--explain"},
		"by its name":     {file, "--horizon", "30m", "--model", "path", "-o", "json", "--explain"},
	} {
		t.Run(name, func(t *testing.T) {
			out, notes, err := runForecast(t, args...)
			require.NoError(t, err)
			require.Contains(t, notes, "a path at once")
			var f struct {
				Schema        string
				Levels        []float64
				Values, Peaks [][]float64
			}
			require.NoError(t, json.Unmarshal([]byte(out), &f))
			require.Equal(t, "forescale.dev/forecast/v1", f.Schema)
			for h, row := range f.Values {
				require.InDelta(t, daily(h), row[1], 5, "the median, %d minutes ahead", h)
				require.IsNonDecreasing(t, row)
				require.GreaterOrEqual(t, f.Peaks[h][1], row[1]-1e-9)
			}
		})
	}
	_, notes, err := runForecast(t, file, "--horizon", "30m", "--explain")
	require.NoError(t, err)
	require.Contains(t, notes, "at +15m: ", "the pool, whose weights are told")
}

// Beyond its ladder, half a day in hours, the pool has no part in the forecast, and no weights
// are told.
func TestNoWeightsAreToldOfAPath(t *testing.T) {
	file := filepath.Join(t.TempDir(), "hours.csv")
	var text strings.Builder
	text.WriteString("timestamp,value\n")
	for i := range 10 * 24 {
		fmt.Fprintf(&text, "%d,%v\n", 1_700_006_400+3600*i, daily(60*i))
	}
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))
	_, notes, err := runForecast(t, file, "--horizon", "3d", "--explain")
	require.NoError(t, err)
	require.Contains(t, notes, "at +5h: ")
	require.NotContains(t, notes, "at +15h: ")
	require.NotContains(t, notes, "at +2d12h: ")
	require.Contains(t, notes, "farther: a path at once")
}

// Of no demand none is forecast, and seasons that nobody can have seen are named.
func TestForecastOfNothingIsNothing(t *testing.T) {
	file := filepath.Join(t.TempDir(), "idle.csv")
	var text strings.Builder
	text.WriteString("timestamp,value\n")
	for i := range 600 {
		fmt.Fprintf(&text, "%d,0\n", 1_700_000_040+60*i)
	}
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))
	out, notes, err := runForecast(t, file, "--horizon", "2m", "--levels", "0.5,0.99", "--seasons", "90s,400d", "-o", "csv")
	require.NoError(t, err)
	require.Contains(t, out, ",0,0,0,0\n")
	require.Contains(t, notes, "--seasons: 400d is longer than the history, 10h")
	require.Contains(t, notes, "--seasons: 1m30s is shorter than two cells of 1m")
	_, notes, err = runForecast(t, file, "--horizon", "2m", "--seasons", "none")
	require.NoError(t, err)
	require.NotContains(t, notes, "--seasons", "none is no season that is too short")
}

// Cells may be shorter than a second, and their times tell them apart.
func TestForecastOfPartsOfASecond(t *testing.T) {
	file := filepath.Join(t.TempDir(), "quick.csv")
	var text strings.Builder
	text.WriteString("timestamp,value\n")
	for i := range 40 {
		fmt.Fprintf(&text, "%.2f,%d\n", 1_700_000_000+0.25*float64(i), 5+i%3)
	}
	require.NoError(t, os.WriteFile(file, []byte(text.String()), 0o600))
	out, _, err := runForecast(t, file, "--horizon", "1s", "--levels", "0.5", "-o", "csv")
	require.NoError(t, err)
	require.Contains(t, out, "\n1700000010,")
	require.Contains(t, out, "\n1700000010.75,")
	out, _, err = runForecast(t, file, "--horizon", "1s", "--levels", "0.5")
	require.NoError(t, err)
	require.Contains(t, out, "22:13:30.750")
}

func TestForecastRefusesWhatCannotBe(t *testing.T) {
	file := dailyFiles(t)["CSV"]
	for want, args := range map[string][]string{
		"want table, csv or json":      {"-o", "xml"},
		"ends in .svg or .png":         {"--plot", "a.gif"},
		"numbers above 0 and below 1":  {"--levels", "p95"},
		"want at most the horizon, 1h": {"--every", "2h"},
		"a multiple of the cell, 1m":   {"--every", "90s"},
		"no multiple":                  {"--step", "90s"},
		"want at most 100000":          {"--horizon", "100d"},
		`no column "up"`:               {"--query", "up"},
		"unknown time zone":            {"--time-zone", "Mars/Olympus"},
		"looks for a day and a week":   {"--model", "path", "--seasons", "none"},
		"weights of a network: give":   {"--model", "lstm"},
	} {
		_, _, err := runForecast(t, append([]string{file}, args...)...)
		require.ErrorContains(t, err, want)
	}
	for _, path := range []string{file, "missing.csv"} { // a fault of a flag is none of the file
		_, _, err := runForecast(t, path, "--model", "prophet")
		require.ErrorContains(t, err, `--model: "prophet": want one of auto, `)
		require.NotContains(t, err.Error(), path)
	}
}

func TestForecastIsDrawn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "forecast.svg")
	_, _, err := runForecast(t, dailyFiles(t)["JSON"], "--horizon", "6h", "--plot", file)
	require.NoError(t, err)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, want := range []string{"<svg", "Forecast from 2026-03-04 00:00 UTC", "observed", "median"} {
		require.Contains(t, string(text), want)
	}
}

// The legend lies on none of it, and of nothing the axis begins at zero too.
func TestTheLegendHasRoomAboveTheLoad(t *testing.T) {
	for _, v := range []float64{100, 0} {
		f := forecast.New(2, 0.5, 0.99)
		f.Step = time.Hour
		p, err := draw(forecast.Series{Step: time.Hour, Values: []float64{v, v, v}}, f)
		require.NoError(t, err)
		require.InDelta(t, 0, p.Y.Min, 0)
		require.Greater(t, p.Y.Max, 1.15*v)
	}
}

// No mark has zeros at the end that say nothing; most are without a label.
func TestMarksOfAPicture(t *testing.T) {
	for most, want := range map[float64][]string{914: {"0", "400", "800"}, 790: {"0", "250", "500", "750"}, 1: {"0", "0.5", "1"}, 0.0041: {"0", "0.002", "0.004"}} {
		var got []string
		for _, tick := range shortTicks(0, most) {
			if !tick.IsMinor() {
				got = append(got, tick.Label)
			}
		}
		require.Equal(t, want, got)
	}
}

func TestPiecesEndAtGaps(t *testing.T) {
	nan := math.NaN()
	got := pieces(forecast.Series{Start: time.Unix(0, 0), Step: time.Second, Values: []float64{nan, 1, 2, nan, nan, 3}})
	require.Len(t, got, 2)
	require.Len(t, got[0], 2)
	require.InDelta(t, 5, got[1][0].X, 0)
}

// A long history takes minutes: a signal ends them. Cut into pieces it is filtered as at
// once.
func TestALongHistoryIsFilteredInPieces(t *testing.T) {
	history := forecast.Series{Start: time.Unix(1772366400, 0).UTC(), Step: time.Minute, Values: make([]float64, 40_000)}
	for i := range history.Values {
		history.Values[i] = float64(i % 1440)
	}
	fitted, err := baseline.SeasonalNaive{Season: 1440}.Fit(t.Context(), history)
	require.NoError(t, err)
	want, err := fitted.Filter(history)
	require.NoError(t, err)
	got, err := filterOf(t.Context(), fitted, history, newBar(io.Discard))
	require.NoError(t, err)
	whole, pieces := forecast.New(3, 0.5), forecast.New(3, 0.5)
	want.Forecast(whole)
	got.Forecast(pieces)
	require.Equal(t, whole, pieces)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = filterOf(ended, fitted, history, newBar(io.Discard))
	require.ErrorIs(t, err, context.Canceled)
}
