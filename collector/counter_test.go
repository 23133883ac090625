package collector_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
)

func TestLooksLikeCounter(t *testing.T) {
	series := func(n int, f func(i int) float64) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = f(i)
		}
		return out
	}
	nan := math.NaN()
	for name, c := range map[string]struct {
		values []float64
		want   bool
	}{
		"a counter":                  {series(100, func(i int) float64 { return 1e6 + 50*float64(i) }), true},
		"with quiet minutes":         {series(100, func(i int) float64 { return float64(i / 2) }), true},
		"with gaps":                  {series(100, func(i int) float64 { return []float64{nan, float64(i)}[i%2] }), true},
		"with resets":                {series(100, func(i int) float64 { return float64(i%40) * 7 }), true},
		"a mean over a reset":        {series(100, func(i int) float64 { return []float64{float64(i), float64(i-50) + 20}[i/50] }), true},
		"too short to tell":          {series(30, func(i int) float64 { return float64(i) }), false},
		"a day's wave":               {series(1440, func(i int) float64 { return 100 - 50*math.Cos(float64(i)/229) }), false},
		"a ramp with one small fall": {series(100, func(i int) float64 { return []float64{float64(i), 48}[min(1, max(0, i-49)*max(0, 51-i))] }), false},
		"a saw of bursts":            {series(200, func(i int) float64 { return float64(i % 5) }), false},
		"nothing":                    {series(100, func(int) float64 { return 0 }), false},
		"no value":                   {nil, false},
	} {
		require.Equal(t, c.want, collector.LooksLikeCounter(c.values), name)
	}
}

func TestTakesChange(t *testing.T) {
	for query, want := range map[string]bool{
		`sum(rate(http_requests_total{job="web"}[1m]))`: true,
		"increase (jobs_total[5m])":                     true,
		"irate(x[1m])":                                  true,
		"http_requests_total":                           false,
		"avg_over_time(http_requests_total[1m])":        false,
		"my_rate":                                       false,
		"":                                              false,
	} {
		require.Equal(t, want, collector.TakesChange(query), query)
	}
}

// A rate that is asked for at two instants between the same scrapes differs in its last digits.
func TestSameScrape(t *testing.T) {
	for name, c := range map[string]struct {
		a, b float64
		want bool
	}{
		"equal":               {5, 5, true},
		"both zero":           {0, 0, true},
		"in the last digits":  {5, 5 + 1e-12, true},
		"of a large value":    {5e12, 5e12 + 1, true},
		"another value":       {5, 5.001, false},
		"of a small one":      {5e-12, 6e-12, false},
		"something after all": {0, 1e-12, false},
		"the opposite":        {5, -5, false},
		"unknown":             {math.NaN(), math.NaN(), false},
	} {
		require.Equal(t, c.want, collector.SameScrape(c.a, c.b), name)
		require.Equal(t, c.want, collector.SameScrape(c.b, c.a), name)
	}
}
