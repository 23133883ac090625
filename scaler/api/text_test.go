package api_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/api"
)

func TestFigure(t *testing.T) {
	for want, v := range map[string]float64{
		"0":        0,
		"0.001234": 0.00123449,
		"12.35":    12.3456,
		"1000":     999.96, // four digits
		"9999":     9999.4,
		"10000":    9999.7, // not 1e+04
		"12346":    12345.6,
		"1234568":  1234567.8,
		"-12346":   -12345.6,
		"1.2e+16":  1.2e16, // nobody reads that many digits
		"NaN":      math.NaN(),
		"+Inf":     math.Inf(1),
	} {
		require.Equal(t, want, api.Figure(v, 4))
	}
}
