package accuracy_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/accuracy"
)

// A line that a terminal breaks cannot be read as one of a table: a hundred columns, for
// names of up to eighteen letters.
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
