package auto_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
)

// hourly returns days of minutes in which a job runs for the first five of each
// hour.
func hourly(days int) forecast.Series {
	rng := rand.New(rand.NewPCG(3, 9))
	s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, days*1440)}
	for i := range s.Values {
		s.Values[i] = 100 * (1 + 0.05*rng.NormFloat64())
		if i%60 < 5 {
			s.Values[i] *= 3
		}
	}
	return s
}

// A job of five minutes falls between the rungs of 30 and 60 minutes as often as
// not. It is seen there as well as at the rungs.
func TestAJobBetweenRungsIsSeen(t *testing.T) {
	const warm, horizon = 5 * 1440, 60
	s := hourly(6)
	fitted, err := auto.New(auto.Options{}).Fit(t.Context(), s.Slice(0, warm))
	require.NoError(t, err)
	filter, err := fitted.Filter(s.Slice(0, warm))
	require.NoError(t, err)
	f := forecast.New(horizon, 0.5, 0.95)
	var off, peakOff, covered [horizon]float64
	n := 0.0
	for i := warm; i+horizon <= s.Len(); i++ {
		filter.Forecast(f)
		top := 0.0
		for h := range horizon {
			y := s.Values[i+h]
			top = max(top, y)
			off[h] += math.Abs(y - f.Values[h][0])
			peakOff[h] += math.Abs(top - f.Peaks[h][0])
			if y <= f.Values[h][1] {
				covered[h]++
			}
		}
		n++
		filter.Update(s.Values[i])
	}
	for _, between := range []struct {
		h                 int
		mostOff, mostPeak float64 // with the rungs interpolated: 14 and 9, 20 and 12, 37 and 28, 37 and 52
	}{{3, 10, 8}, {8, 12, 8}, {20, 16, 10}, {45, 20, 15}} {
		h := between.h
		t.Logf("%d min: off by %.1f, its maximum by %.1f, %.3f covered", h, off[h-1]/n, peakOff[h-1]/n, covered[h-1]/n)
		require.Less(t, off[h-1]/n, between.mostOff, "%d min", h)
		require.Less(t, peakOff[h-1]/n, between.mostPeak, "maximum of %d min", h)
		require.Greater(t, covered[h-1]/n, 0.88, "%d min", h)
	}
}

// An office opens and closes by the clock. Most weight is with smoothing, which knows the
// hour, and at no horizon is it forecast half open.
func TestAnOpeningBetweenRungsIsSharp(t *testing.T) {
	const days, ahead = 14, 12
	for _, step := range []time.Duration{5 * time.Minute, time.Hour} {
		rng, day := rand.New(rand.NewPCG(5, 1)), int(24*time.Hour/step)
		s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: step, Values: make([]float64, (days+2)*day)}
		for i := range s.Values {
			s.Values[i] = 500 * (1 + 0.01*rng.NormFloat64())
			if hour := s.At(i).Hour(); 8 <= hour && hour < 18 {
				s.Values[i] *= 5
			}
		}
		fitted, err := auto.New(auto.Options{}).Fit(t.Context(), s.Slice(0, days*day))
		require.NoError(t, err)
		filter, err := fitted.Filter(s.Slice(0, days*day))
		require.NoError(t, err)
		f := forecast.New(ahead, 0.5)
		for i := days * day; i+ahead <= s.Len(); i++ {
			filter.Forecast(f)
			for h := range ahead {
				y := s.Values[i+h]
				require.InDelta(t, y, f.Values[h][0], 0.15*y, "steps of %v, cell %d of %v", step, h+1, s.At(i))
			}
			filter.Update(s.Values[i])
		}
	}
}

// One more rung asked for changes none of the others, and two readings are one.
func TestReadingOnIsReadingTheSame(t *testing.T) {
	filter, _ := warmFilter(t, 3)
	long, short := forecast.New(90, 0.5, 0.95), forecast.New(44, 0.5, 0.95)
	filter.Forecast(long)
	filter.Forecast(short)
	require.Equal(t, long.Values[:44], short.Values)
	require.Equal(t, long.Peaks[:44], short.Peaks)
}
