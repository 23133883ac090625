package nowcast

import (
	"math/rand/v2"
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
		{"and from rare ones", 40 * time.Second, ramp(1000, 160, 5), 4 * 60},
		{"a leap is bounded", 15 * time.Second, []float64{100, 100, 300}, 150},
		{"what comes back after a scrape that failed", 15 * time.Second, []float64{100, 100, 75, 100}, 0},
		{"nothing across a gap", 5 * time.Minute, []float64{100, 200, 300}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m slope
			var s collector.Sample
			for i, v := range c.values {
				s = collector.Sample{Time: at.Add(time.Duration(i) * c.every), Value: v}
				m.observe(s)
			}
			require.InDelta(t, c.want, m.rise(s, time.Minute), 1e-9)
		})
	}
}

// The samples of a small service vary by a twentieth; extrapolating them would ask for a third more
// at every other scrape.
func TestRiseDistinguishesNoiseFromARise(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 6))
	at := time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)
	var m slope
	asked, most := 0.0, 0.0
	feed := func(v float64) float64 {
		at = at.Add(15 * time.Second)
		s := collector.Sample{Time: at, Value: v}
		m.observe(s)
		return m.rise(s, time.Minute)
	}
	const scrapes = 400
	for i := range scrapes {
		r := feed(100 * (1 + 0.05*rng.NormFloat64()))
		if i > 20 {
			asked, most = asked+r, max(most, r)
		}
	}
	require.Less(t, asked/scrapes, 2.0, "11 if every slope were carried on")
	require.Greater(t, feed(160), 40.0, "a rise beyond the noise is carried on at once")

	steady := 0.0
	for i := range 40 {
		steady = feed(160 + 10*float64(i))
	}
	require.Greater(t, steady, 20.0, "most of a ramp of 40 a minute, though the noise is remembered")
}

func ramp(from, by float64, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = from + by*float64(i)
	}
	return out
}

// With cells of a second a rise of ten a second is extrapolated by a second, and no longer once it
// has stopped: a slope over 15 s would go on asking for half as much again.
func TestAFineGridHasAShortSlope(t *testing.T) {
	m := slope{step: time.Second}
	at := func(i int, v float64) collector.Sample {
		return collector.Sample{Time: time.Unix(1000, 0).Add(time.Duration(i) * 250 * time.Millisecond), Value: v}
	}
	var s collector.Sample
	for i := range 40 {
		s = at(i, 120+2.5*float64(i))
		m.observe(s)
	}
	require.InDelta(t, 10, m.rise(s, time.Second), 1)
	for i := 40; i < 44; i++ {
		s = at(i, 217.5)
		m.observe(s)
	}
	require.Less(t, m.rise(s, time.Second), 2.5)
}
