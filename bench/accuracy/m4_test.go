package accuracy_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/accuracy"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/baseline"
	"github.com/forescale/forescale/forecast/forecasttest"
)

// collection writes a small collection of two series and returns its directory.
func collection(t *testing.T, horizon int) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "deep"), 0o755))
	var train, test strings.Builder
	train.WriteString("id,V1,V2\n")
	test.WriteString("id,V1,V2\n")
	for k, n := range []int{500, 300} {
		s := forecasttest.Hourly(n+horizon, 100, uint64(k))
		row := func(v []float64) string { return strings.Trim(strings.Join(strings.Fields(fmt.Sprint(v)), ","), "[]") }
		fmt.Fprintf(&train, "S%d,%s,,NA\n", k, row(s.Values[:n]))
		fmt.Fprintf(&test, "S%d,%s\n", k, row(s.Values[n:]))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "deep", "Hourly-train.csv"), []byte(train.String()), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Hourly-test.csv"), []byte(test.String()), 0o644))
	return dir
}

func TestRunM4WritesEveryFileWithTheHorizonOfTheTest(t *testing.T) {
	out := filepath.Join(t.TempDir(), "new")
	report, err := accuracy.RunM4(t.Context(), collection(t, 30), out, accuracy.M4Options{}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []int{2, 30, 2}, []int{report.Series, report.Horizon, report.Scored})
	require.Less(t, report.MASE, 1.0, "a clean wave is easier than the rule of yesterday")
	require.Less(t, report.MSIS, 10.0, "as wide as some errors of that rule")
	require.Greater(t, report.Covered, 0.8)
	for _, name := range []string{"point", "q0.05", "q0.5", "q0.9", "q0.95", "lower95", "upper95"} {
		text, err := os.ReadFile(filepath.Join(out, name+".csv"))
		require.NoError(t, err)
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		require.Len(t, lines, 3, name)
		require.True(t, strings.HasPrefix(lines[0], "series_id,h1,h2,"), lines[0])
		require.True(t, strings.HasPrefix(lines[1], "S0,"), lines[1])
		require.Len(t, strings.Split(lines[2], ","), 31)
	}
}

func TestRunM4WritesAnyName(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Hourly-train.csv"), []byte("id,V1\n\"a \"\"b\"\", c\",3,3,3\nd,3,3,3\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Hourly-test.csv"), []byte("id,V1\nd,1,2\n"), 0o644))
	_, err := accuracy.RunM4(t.Context(), dir, out, accuracy.M4Options{Model: baseline.Naive{}}, io.Discard)
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(out, "point.csv"))
	require.NoError(t, err)
	require.Equal(t, "series_id,h1,h2\n\"a \"\"b\"\", c\",3,3\nd,3,3\n", string(text))
}

func TestRunM4KnowsNothingOfTheTestFile(t *testing.T) {
	dir := collection(t, 24)
	a, b := t.TempDir(), t.TempDir()
	_, err := accuracy.RunM4(t.Context(), dir, a, accuracy.M4Options{}, io.Discard)
	require.NoError(t, err)
	test := filepath.Join(dir, "Hourly-test.csv")
	require.NoError(t, os.WriteFile(test, []byte("id,V1\nS0"+strings.Repeat(",7", 24)+"\n"), 0o644))
	_, err = accuracy.RunM4(t.Context(), dir, b, accuracy.M4Options{}, io.Discard)
	require.NoError(t, err)
	for _, name := range []string{"point.csv", "upper95.csv"} {
		x, err := os.ReadFile(filepath.Join(a, name))
		require.NoError(t, err)
		y, err := os.ReadFile(filepath.Join(b, name))
		require.NoError(t, err)
		require.Equal(t, string(x), string(y))
	}
}

func TestRunM4MeasuresOneModel(t *testing.T) {
	dir, out := collection(t, 24), t.TempDir()
	_, err := accuracy.RunM4(t.Context(), dir, out, accuracy.M4Options{Model: baseline.Naive{}}, io.Discard)
	require.NoError(t, err)
	point, err := os.ReadFile(filepath.Join(out, "point.csv"))
	require.NoError(t, err)
	row := strings.Split(strings.Split(string(point), "\n")[1], ",")
	require.Len(t, row, 25)
	last := forecasttest.Hourly(500+24, 100, 0).Values[499]
	for _, cell := range row[1:] {
		v, err := strconv.ParseFloat(cell, 64)
		require.NoError(t, err)
		require.InEpsilon(t, last, v, 0.2, "as now, and the median of its errors")
	}
}

// unasked is a model that nobody may fit.
type unasked struct{ t *testing.T }

func (m unasked) Fit(context.Context, forecast.Series) (forecast.Fitted, error) {
	m.t.Error("forecasts of hours must not be lost for want of a place")
	return nil, forecast.ErrShortHistory
}

func TestRunM4NeedsItsPlaceFirst(t *testing.T) {
	dir := collection(t, 4)
	out := filepath.Join(dir, "deep", "Hourly-train.csv", "out") // below a file
	_, err := accuracy.RunM4(t.Context(), dir, out, accuracy.M4Options{Model: unasked{t}}, io.Discard)
	require.Error(t, err)
}

func TestRunM4NamesTheBadRow(t *testing.T) {
	dir := t.TempDir()
	_, err := accuracy.RunM4(t.Context(), dir, dir, accuracy.M4Options{}, io.Discard)
	require.ErrorContains(t, err, "Hourly-train.csv")
	path := filepath.Join(dir, "Hourly-train.csv")
	for row, want := range map[string]string{"S1,1,x": `"x"`, "S1": "no values", "S1,-Inf": `"-Inf"`} {
		require.NoError(t, os.WriteFile(path, []byte("id,V1\nS0,1,2\n"+row+"\n"), 0o644))
		_, err = accuracy.RunM4(t.Context(), dir, dir, accuracy.M4Options{}, io.Discard)
		require.ErrorContains(t, err, "row 3, series S1")
		require.ErrorContains(t, err, want)
	}
}

func TestRunM4TakesWhatIsBelowZeroForMissing(t *testing.T) {
	dir := t.TempDir()
	train := "id,V1\nleak,3,3,-185181,3\nnone,,3,3,3\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Hourly-train.csv"), []byte(train), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Hourly-test.csv"), []byte("id,V1\nleak,3,-1\nnone,3,3\n"), 0o644))
	out := t.TempDir()
	report, err := accuracy.RunM4(t.Context(), dir, out, accuracy.M4Options{}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, 1, report.Negative)
	text, err := os.ReadFile(filepath.Join(out, "point.csv"))
	require.NoError(t, err)
	require.Equal(t, "series_id,h1,h2\nleak,3,3\nnone,3,3\n", string(text))
}

// The training part of one collection and the test part of another would be scored as if they
// belonged together.
func TestRunM4RefusesTwoCollections(t *testing.T) {
	dir := collection(t, 4)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Hourly-train.csv"), []byte("id,V1\nS0,1,2\n"), 0o644))
	_, err := accuracy.RunM4(t.Context(), dir, t.TempDir(), accuracy.M4Options{}, io.Discard)
	require.ErrorContains(t, err, "Hourly-train.csv are there: want the directory of one collection")
}

// The hourly data of the M4 competition, where available: floor is the value of a day ago, whose
// published scores are 13.912 and 1.193.
func TestM4Hourly(t *testing.T) {
	dir := os.Getenv("FORESCALE_M4")
	if dir == "" {
		t.Skip("FORESCALE_M4 names no directory")
	}
	report, err := accuracy.RunM4(t.Context(), dir, t.TempDir(), accuracy.M4Options{}, io.Discard)
	require.NoError(t, err)
	t.Logf("sMAPE %.3f, MASE %.3f, OWA %.4f, MSIS %.3f, %.4f covered", report.SMAPE, report.MASE, report.OWA(), report.MSIS, report.Covered)
	require.Less(t, report.OWA(), 0.375)
	require.InDelta(t, (report.SMAPE/18.383+report.MASE/2.395)/2, report.OWA(), 0.0005, "by the published scores of Naive 2")
	require.InDelta(t, 0.95, report.Covered, 0.015)
}
