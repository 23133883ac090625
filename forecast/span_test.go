package forecast_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
)

func TestSpan(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0s":     0,
		"250ms":  250 * time.Millisecond,
		"1m30s":  90 * time.Second,
		"10m":    10 * time.Minute,
		"1h":     time.Hour,
		"10h20m": 10*time.Hour + 20*time.Minute,
		"1h5s":   time.Hour + 5*time.Second,
		"1d":     24 * time.Hour,
		"7d12h":  180 * time.Hour,
		"-1h":    -time.Hour,
		"-1d1m":  -24*time.Hour - time.Minute,
	} {
		require.Equal(t, want, forecast.Span(d))
	}
}
