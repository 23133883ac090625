package scrape_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"     //nolint:depguard // the reference; only this test knows it
	"github.com/prometheus/prometheus/promql"           //nolint:depguard // the reference; only this test knows it
	"github.com/prometheus/prometheus/util/teststorage" //nolint:depguard // the reference; only this test knows it
	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/scrape"
)

func TestRateByHand(t *testing.T) {
	samples := func(pairs ...float64) []scrape.Sample {
		var out []scrape.Sample
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, scrape.Sample{Millis: int64(pairs[i] * 1000), Value: pairs[i+1]})
		}
		return out
	}
	for name, c := range map[string]struct {
		samples []scrape.Sample
		want    float64
	}{
		// 300 in 45 s, extrapolated by 5 s to the start and 10 s to the end of the window.
		"to both borders": {samples(65, 1000, 80, 1100, 95, 1200, 110, 1300), 300 * (60.0 / 45) / 60},
		// The first sample is 35 s into the window: only half an interval is added.
		"half an interval": {samples(95, 1000, 110, 1150), 150 * (15 + 7.5 + 10) / 15 / 60},
		// A reset at 95 s: 100 + 50 + 100.
		"a reset": {samples(65, 1000, 80, 1100, 95, 50, 110, 150), 250 * (60.0 / 45) / 60},
		// 2 before an increase of 30 in 45 s: zero was 3 s before the first sample, not 5.
		"not before zero": {samples(65, 2, 80, 12, 95, 22, 110, 32), 30 * (45 + 3 + 10) / 45.0 / 60},
		// The sample at 60 s is outside: the window is open at its start.
		"open at the start": {samples(60, 0, 65, 1000, 110, 1300), 300 * (60.0 / 45) / 60},
	} {
		got, ok := scrape.Rate(c.samples, 120_000, 60_000)
		require.True(t, ok, name)
		require.InDelta(t, c.want, got, 1e-12, name)
	}
	_, ok := scrape.Rate(samples(50, 1, 100, 2), 120_000, 60_000)
	require.False(t, ok, "one sample is no rate")
	_, ok = scrape.Rate(samples(100, 1, 110, 2), 90_000, 60_000)
	require.False(t, ok, "samples of the future do not count")
}

// Random counters with resets, lost scrapes and jitter, against the real engine.
func TestRateEqualsPrometheus(t *testing.T) {
	storage := teststorage.New(t)
	defer storage.Close()
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: 5 * time.Minute})
	rng := rand.New(rand.NewPCG(10, 0))
	const counters = 40
	series := make([][]scrape.Sample, counters)
	appender := storage.Appender(t.Context())
	for i := range series {
		series[i] = counter(rng)
		name := labels.FromStrings("__name__", fmt.Sprintf("c%d", i))
		for _, s := range series[i] {
			_, err := appender.Append(0, name, s.Millis, s.Value)
			require.NoError(t, err)
		}
	}
	require.NoError(t, appender.Commit())
	compared := 0
	for i, samples := range series {
		for range 150 {
			now := samples[0].Millis + rng.Int64N(3_700_000) - 50_000
			window := []int64{30, 60, 90, 120, 300}[rng.IntN(5)] * 1000
			query, err := engine.NewInstantQuery(t.Context(), storage, nil, fmt.Sprintf("rate(c%d[%dms])", i, window), time.UnixMilli(now))
			require.NoError(t, err)
			vector, err := query.Exec(t.Context()).Vector()
			require.NoError(t, err)
			got, ok := scrape.Rate(samples, now, window)
			require.Equal(t, len(vector) == 1, ok, "counter %d at %d over %d", i, now, window)
			if ok {
				require.InDelta(t, vector[0].F, got, 1e-9*max(1, vector[0].F), "counter %d at %d over %d", i, now, window)
				compared++
			}
			query.Close()
		}
	}
	require.Greater(t, compared, 4000)
}

// counter returns an hour of scrapes.
func counter(rng *rand.Rand) []scrape.Sample {
	interval := []int64{5000, 10_000, 15_000, 30_000}[rng.IntN(4)]
	loss, reset, jitter := 0.3*rng.Float64(), 0.05*rng.Float64(), rng.Int64N(500)+1
	value := float64(rng.IntN(2) * rng.IntN(1_000_000))
	var out []scrape.Sample
	for at := int64(1_700_000_000_000); at < 1_700_003_600_000; at += interval {
		if rng.Float64() < reset {
			value = 0
		}
		value += float64(rng.IntN(5000) * rng.IntN(2))
		if rng.Float64() >= loss {
			out = append(out, scrape.Sample{Millis: at + rng.Int64N(jitter), Value: value})
		}
	}
	return out
}
