package auto_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/forecasttest"
)

// BenchmarkFit is a fit to 14 days of minutes, and the pass of the filter over
// them.
func BenchmarkFit(b *testing.B) {
	history := minutes(14*1440, 1)
	b.Run("fit", func(b *testing.B) {
		report := forecasttest.CPU(b)
		for b.Loop() {
			_, err := auto.New(auto.Options{}).Fit(b.Context(), history)
			require.NoError(b, err)
		}
		report()
	})
	fitted, err := auto.New(auto.Options{}).Fit(b.Context(), history)
	require.NoError(b, err)
	b.Run("filter", func(b *testing.B) {
		report := forecasttest.CPU(b)
		for b.Loop() {
			_, err := fitted.Filter(history)
			require.NoError(b, err)
		}
		report()
	})
}
