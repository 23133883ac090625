package auto

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
)

// Origins come in order, and a stride apart at least: the truth of each arrives before its place
// is taken.
func TestOriginsComeInOrder(t *testing.T) {
	for _, which := range []func(int, uint16) int{nth, nthSlipped} {
		for _, stride := range []uint16{1, 2, 3, 5, 15, 45, 180} {
			require.Negative(t, which(-1, stride))
			next, last := 0, -int(stride)
			for i := range 300 * int(stride) {
				if of := which(i, stride); of >= 0 {
					require.Equal(t, next, of)
					require.GreaterOrEqual(t, i-last, int(stride))
					require.LessOrEqual(t, i-last, int(stride)+1)
					next, last = next+1, i
				}
			}
			require.Greater(t, next, 270)
		}
	}
}

// Origins that slip stand everywhere in a period equally often.
func TestOriginsSlip(t *testing.T) {
	for _, stride := range []int{2, 3, 5, 15} {
		where, n := make([]float64, stride), 0.0
		for i := range 3000 * stride {
			if nthSlipped(i, uint16(stride)) >= 0 {
				where[i%stride]++
				n++
			}
		}
		for _, here := range where {
			require.InDelta(t, 1, here*float64(stride)/n, 0.1, "stride %d", stride)
		}
	}
}

func TestBeats(t *testing.T) {
	nan := math.NaN()
	repeat := func(n int, of ...float64) (out []float64) {
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range n {
			out = append(out, of[i%len(of)]*(1+0.5*rng.Float64()))
		}
		return out
	}
	walk := make([]float64, 3000)
	for i := range walk[1:] {
		walk[i+1] = math.Abs(walk[i] + 100*math.Sin(float64(i*i)))
	}
	spike := append(repeat(3000, 1), 1e6)
	for name, c := range map[string]struct {
		values []float64
		period int
		want   bool
	}{
		"every third":               {repeat(300, 0, 0, 5), 3, true},
		"a little more every third": {repeat(3000, 5, 5, 6), 3, true},
		"every sixth":               {repeat(300, 0, 0, 0, 0, 0, 5), 3, true},
		"every second, by threes":   {repeat(300, 0, 5), 3, false},
		"with gaps":                 {repeat(300, 0, nan, 5), 3, false}, // of a third nothing is known
		"the same always":           {[]float64{3, 3, 3, 3, 3, 3, 3}, 3, false},
		"no load":                   {make([]float64, 50), 3, false},
		"chance":                    {repeat(3000, 5), 3, false},
		"a walk":                    {walk, 45, false},
		"one spike":                 {spike, 45, false},
		"one round":                 {[]float64{1, 2, 3}, 3, false},
		"a spike in one round":      {[]float64{1, 2, 9, 2, 1}, 3, false},
		"a constant":                {slices.Repeat([]float64{0.1}, 20160), 3, false}, // which no float64 is
		"nothing":                   {nil, 3, false},
	} {
		require.Equal(t, c.want, beats(c.values, c.period), name)
		for k := range c.values {
			c.values[k] *= 1e-6
		}
		require.Equal(t, c.want, beats(c.values, c.period), "%s, in another unit", name)
	}
}

// A load that comes every third second was met by no origin a minute ahead, or by all: the 99 %
// bound covered 84 % of it in two of three phases.
func TestBatchesEveryThirdSecondAreBounded(t *testing.T) {
	for phase := range 3 {
		rng := rand.New(rand.NewPCG(7, uint64(phase)))
		s := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: time.Second}
		for i := range 3600 {
			v := 0.0
			if i%3 == phase {
				v = math.Round(10 * rng.ExpFloat64())
			}
			s.Values = append(s.Values, v)
		}
		const warm, ahead = 1800, 60
		fitted, err := New(Options{}).Fit(t.Context(), s.Slice(0, warm))
		require.NoError(t, err)
		filter, err := fitted.Filter(s.Slice(0, warm))
		require.NoError(t, err)
		f := forecast.New(ahead, 0.5, 0.99)
		covered, n := 0.0, 0.0
		for i := warm; i+ahead < s.Len(); i++ {
			filter.Update(s.Values[i])
			filter.Forecast(f)
			if n++; s.Values[i+ahead] <= f.Values[ahead-1][1] {
				covered++
			}
		}
		t.Logf("phase %d: %.3f", phase, covered/n)
		require.Greater(t, covered/n, 0.96, "phase %d", phase)
	}
}
