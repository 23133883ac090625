package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
)

func TestRiseCarriesTheSlopeOn(t *testing.T) {
	at := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		every  time.Duration
		values []float64
		want   float64
	}{
		{"one sample", 15 * time.Second, []float64{100}, 0},
		{"level", 15 * time.Second, []float64{100, 100, 100}, 0},
		{"a fall takes nothing", 15 * time.Second, []float64{100, 90, 80}, 0},
		{"4 per second", time.Second, ramp(1000, 4, 61), 4 * 60},
		{"the same from scrapes", 15 * time.Second, ramp(1000, 60, 5), 4 * 60},
		{"a leap is bounded", 15 * time.Second, []float64{100, 100, 300}, 150},
		{"nothing across a gap", 5 * time.Minute, []float64{100, 200, 300}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m marks
			var s collector.Sample
			for i, v := range c.values {
				s = collector.Sample{Time: at.Add(time.Duration(i) * c.every), Value: v}
				m.take(s)
			}
			require.InDelta(t, c.want, m.rise(s, time.Minute), 1e-9)
		})
	}
}

func ramp(from, by float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = from + by*float64(i)
	}
	return out
}
