package collector_test

import (
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
)

// FuzzResample compares the cells of arbitrary samples, 10 bytes each (2 of time, 8 of
// value), with their definition: the mean of what was accepted in (a, b].
func FuzzResample(f *testing.F) {
	add := func(step uint16, samples ...collector.Sample) {
		var data []byte
		for _, s := range samples {
			data = binary.BigEndian.AppendUint16(data, uint16(s.Time.Sub(noon())/time.Second))
			data = binary.BigEndian.AppendUint64(data, math.Float64bits(s.Value))
		}
		f.Add(step, data)
	}
	add(60, at(30*time.Second, 1), at(minute, 3), at(5*minute, 2))
	add(7, at(0, math.NaN()), at(7*time.Second, math.Inf(1)), at(8*time.Second, math.MaxFloat64), at(9*time.Second, math.MaxFloat64))
	add(1, at(time.Second, -1), at(3*time.Second, 0), at(2*time.Second, 0))
	f.Fuzz(func(t *testing.T, stepSeconds uint16, data []byte) {
		step := time.Duration(stepSeconds) * time.Second
		start, end := noon(), noon().Add(time.Hour)
		samples := decode(data)
		series, refused, err := collector.Resample(samples, start, end, step)
		if step == 0 {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.NoError(t, series.Check())
		require.False(t, series.Start.Before(start))
		require.False(t, series.End().After(end))
		require.Less(t, end.Sub(series.End()), step+time.Nanosecond, "a whole cell is missing")

		var accepted []collector.Sample
		last, bad := series.Start, 0
		for _, s := range samples {
			switch {
			case math.IsNaN(s.Value) || math.IsInf(s.Value, 0) || s.Value < 0:
				bad++
			case s.Time.After(last) && !s.Time.After(end):
				accepted, last = append(accepted, s), s.Time
			}
		}
		require.Equal(t, bad, refused)
		for i, v := range series.Values {
			requireMean(t, accepted, series.At(i), series.At(i+1), v)
		}
	})
}

func decode(data []byte) []collector.Sample {
	var samples []collector.Sample
	for ; len(data) >= 10; data = data[10:] {
		d := time.Duration(binary.BigEndian.Uint16(data)) * time.Second
		samples = append(samples, at(d, math.Float64frombits(binary.BigEndian.Uint64(data[2:]))))
	}
	return samples
}

func requireMean(t *testing.T, accepted []collector.Sample, a, b time.Time, got float64) {
	t.Helper()
	n, lo, hi, mean := 0, math.Inf(1), 0.0, 0.0
	for _, s := range accepted {
		if s.Time.After(a) && !s.Time.After(b) {
			n++
			lo, hi = min(lo, s.Value), max(hi, s.Value)
		}
	}
	if n == 0 {
		require.True(t, math.IsNaN(got), "%s: want NaN, got %v", a, got)
		return
	}
	for _, s := range accepted {
		if s.Time.After(a) && !s.Time.After(b) {
			mean += s.Value / float64(n)
		}
	}
	require.InDelta(t, mean, got, hi*1e-9+math.SmallestNonzeroFloat64*float64(n))
	require.LessOrEqual(t, got, hi*(1+1e-12))
	require.GreaterOrEqual(t, got, lo*(1-1e-12)-math.SmallestNonzeroFloat64*float64(n))
}
