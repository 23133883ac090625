package ensemble_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/ensemble"
	"github.com/forescale/forescale/forecast/forecasttest"
)

// BenchmarkForecast is one series of forty days of hours, two days ahead.
func BenchmarkForecast(b *testing.B) {
	history := forecasttest.Hourly(960, 100, 1)
	b.ReportAllocs()
	report := forecasttest.CPU(b)
	for b.Loop() {
		_, err := ensemble.Forecast(b.Context(), history, 48, levels, ensemble.Options{})
		require.NoError(b, err)
	}
	report()
}
