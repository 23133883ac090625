package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
)

func runAccuracy(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	return runCommand(t, newAccuracyCommand(), args...)
}

func TestAccuracyOfAFile(t *testing.T) {
	dir := t.TempDir()
	doc := filepath.Join(dir, "a.json")
	out, _, err := runAccuracy(t, writeWave(t, dir, "web.csv", 600, time.Minute), "--model", "naive", "--json", doc)
	require.NoError(t, err)
	require.Regexp(t, `(?m)^ *web +5m +296 `, out, "the later half of 600 samples, from the first of which that is five minutes ahead")
	text, err := os.ReadFile(doc)
	require.NoError(t, err)
	var report struct {
		Schema string           `json:"schema"`
		Series []map[string]any `json:"series"`
	}
	require.NoError(t, json.Unmarshal(text, &report))
	require.Equal(t, "forescale.dev/accuracy/v1", report.Schema)
	require.Len(t, report.Series, 1)
}

func TestAccuracySaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	short := writeWave(t, dir, "short.csv", 2, time.Minute)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"nothing":              {nil, "no series given"},
		"no place":             {[]string{"--m4", dir}, "--m4 needs --out"},
		"a place for figures":  {[]string{short, "--out", dir}, "--out goes with --m4"},
		"a query of no use":    {[]string{"--m4", dir, "--out", dir, "--query", "rps"}, "--m4 goes with --out alone"},
		"a zone without dates": {[]string{"--m4", dir, "--out", dir, "--time-zone", "Europe/Berlin"}, "go with another --model"},
		"no zone":              {[]string{short, "--time-zone", "Mars"}, "--time-zone: "},
		"no model":             {[]string{short, "--model", "nave"}, "--model: "},
		"no weights":           {[]string{short, "--model", "lstm"}, "give --network"},
		"nothing scored":       {[]string{short}, "none of the series could be scored"}, // a script must not take that for success
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := runAccuracy(t, c.args...)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// Of a collection, too, the query names the column to read.
func TestTheFilesOfACollectionAreReadByTheQuery(t *testing.T) {
	dir := t.TempDir()
	var rows strings.Builder
	rows.WriteString("time,cpu,rps\n")
	for i := range 3 {
		fmt.Fprintf(&rows, "%d,7,%d\n", 1_700_000_040+60*i, 100+i)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "web.csv"), []byte(rows.String()), 0o600))

	a := accuracyOptions{traces: dir, query: "rps"}
	series, err := a.read(t.Context(), nil, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []float64{100, 101, 102}, series[0].Values)

	b := backtestOptions{directory: dir, query: "rps"}
	loads, _, err := b.read(t.Context(), nil, replay.Options{}, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []float64{100, 101, 102}, loads[0].Values)
	require.Empty(t, b.metric().Query, "the name of a column is not recommended as PromQL")

	a.query = ""
	_, err = a.read(t.Context(), nil, io.Discard)
	require.ErrorContains(t, err, "--query")
}
