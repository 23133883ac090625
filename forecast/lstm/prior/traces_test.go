package prior

import (
	"bufio"
	"compress/gzip"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
)

// readMinutes reads a trace file as means over minutes, its first three days.
func readMinutes(t *testing.T, path string) forecast.Series {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	zip, err := gzip.NewReader(f)
	require.NoError(t, err)
	const cells = 3 * 1440
	var first int64
	sums, counts := make([]float64, cells), make([]float64, cells)
	for lines := bufio.NewScanner(zip); lines.Scan(); {
		at, value, _ := strings.Cut(lines.Text(), ",")
		seconds, errAt := strconv.ParseFloat(at, 64)
		v, errValue := strconv.ParseFloat(value, 64)
		if errAt != nil || errValue != nil {
			continue // the header
		}
		minute := int64(seconds) / 60
		if first == 0 {
			first = minute
		}
		if minute-first >= cells {
			break
		}
		sums[minute-first] += v
		counts[minute-first]++
	}
	for i := range sums {
		sums[i] /= counts[i] // 0/0 = NaN: a gap
	}
	return forecast.Series{Start: time.Unix(60*first, 0).UTC(), Step: time.Minute, Values: sums}
}

// On recorded traces, of which none went into the weights, the network is better
// than "as now" from the first hour. FORESCALE_TRACES names a folder of csv.gz.
func TestColdStartOnRecordedTraces(t *testing.T) {
	dir := os.Getenv("FORESCALE_TRACES")
	if dir == "" {
		t.Skip("FORESCALE_TRACES is not set")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.csv.gz"))
	require.NoError(t, err)
	for name, span := range map[string][2]time.Duration{
		"first six hours": {0, 6 * time.Hour},
		"first day":       {6 * time.Hour, 24 * time.Hour},
		"second day":      {24 * time.Hour, 48 * time.Hour},
	} {
		for _, h := range []int{1, 5, 15, 60} {
			logs, n := 0.0, 0
			for _, path := range files {
				s := readMinutes(t, path)
				if s.Observed() < s.Len()*9/10 {
					continue // coarser than minutes, or shorter
				}
				r := errorRatio(t, s, span[0], span[1], h)
				if r > 0 && !math.IsInf(r, 0) {
					logs += math.Log(r)
					n++
				}
			}
			require.NotZero(t, n, "no trace of minutes in %s", dir)
			toNaive := math.Exp(logs / float64(n))
			t.Logf("%s, %2d min ahead: %.3f of the naive error (%d traces)", name, h, toNaive, n)
			require.Less(t, toNaive, 1.0)
		}
	}
}
