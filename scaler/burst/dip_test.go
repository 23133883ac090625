package burst_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/burst"
)

// An outage is demand around 1000 that falls to one hundredth at a minute and comes
// back within a few, at another.
type outage struct {
	fall, back time.Duration
	noise      float64
}

func (o outage) at(t time.Duration, rng *rand.Rand) float64 {
	level := 1000.0
	if t > o.fall {
		level = max(10, 1000*math.Exp2(-(t-o.fall).Seconds()/20))
	}
	if t > o.back {
		level = min(1000, 10*math.Exp2((t-o.back).Seconds()/50))
	}
	return level * math.Exp(o.noise*rng.NormFloat64())
}

func TestADemandThatFellIsExpectedToReturn(t *testing.T) {
	for _, c := range []struct {
		name   string
		outage outage
		least  time.Duration // between the call and the demand that needs it
	}{
		{"an hour of outage", outage{90 * time.Minute, 150 * time.Minute, 0.02}, 2 * time.Minute},
		{"five hours, noisier", outage{90 * time.Minute, 390 * time.Minute, 0.1}, 90 * time.Second},
		{"ten minutes", outage{90 * time.Minute, 100 * time.Minute, 0.02}, 2 * time.Minute},
	} {
		var d burst.Dip
		rng := rand.New(rand.NewPCG(1, 2))
		called, half := time.Duration(0), time.Duration(0)
		for at := time.Duration(0); at < c.outage.back+10*time.Minute; at += 15 * time.Second {
			v := c.outage.at(at, rng)
			d.Update(start.Add(at), v)
			need := d.Returning()
			if at < c.outage.back {
				require.Zero(t, need, "%s: %v", c.name, at)
			}
			if need > 0 && called == 0 {
				called = at
				require.InDelta(t, 1000, need, 300, c.name)
			}
			if at > c.outage.back && v > 500 && half == 0 {
				half = at
				require.Positive(t, need, "%s: it is still provided for", c.name)
			}
		}
		require.Positive(t, called, c.name)
		require.GreaterOrEqual(t, half-called, c.least, c.name)
		for at := c.outage.back + 10*time.Minute; at < c.outage.back+30*time.Minute; at += 15 * time.Second {
			d.Update(start.Add(at), 1000)
		}
		require.Zero(t, d.Returning(), "%s: it is over", c.name)
		require.False(t, d.Lasts(), c.name)
	}
}

// One sample that rises is not yet a return, a second one in a row is.
func TestAReturnIsMoreThanOneSample(t *testing.T) {
	for name, c := range map[string]struct {
		floor   float64 // where it fell to, from 1000
		samples []float64
		want    bool
	}{
		"one":                     {50, []float64{400, 50, 50}, false},
		"two in a row":            {50, []float64{400, 400}, true},
		"two apart":               {50, []float64{400, 50, 400}, false},
		"hardly more than before": {50, []float64{70, 70, 70}, false},
		"too little to be seen":   {1, []float64{9, 9, 9}, false},
		"from next to nothing":    {1, []float64{20, 20}, true},
	} {
		t.Run(name, func(t *testing.T) {
			var d burst.Dip
			at := start
			update := func(v float64) {
				at = at.Add(15 * time.Second)
				d.Update(at, v)
			}
			for range 280 {
				update(1000)
			}
			for range 80 {
				update(c.floor)
			}
			require.True(t, d.Lasts())
			for _, v := range c.samples {
				update(v)
			}
			require.Equal(t, c.want, d.Returning() > 0)
		})
	}
}

func TestFallsThatAreNoDips(t *testing.T) {
	for _, c := range []struct {
		name string
		at   func(t time.Duration, rng *rand.Rand) float64
	}{
		{"a day's rhythm", func(t time.Duration, rng *rand.Rand) float64 {
			return (1000 + 900*math.Sin(2*math.Pi*t.Hours()/24)) * (1 + 0.05*rng.NormFloat64())
		}},
		{"a load that jumps about", func(t time.Duration, _ *rand.Rand) float64 {
			if t/(4*time.Minute)%2 == 0 {
				return 1000
			}
			return 100
		}},
		{"the end of a burst", func(t time.Duration, _ *rand.Rand) float64 {
			if m := t % (2 * time.Hour); m > time.Hour && m < 67*time.Minute {
				return 1000
			}
			return 100
		}},
		{"the end of a long burst", func(t time.Duration, _ *rand.Rand) float64 {
			if m := t % (3 * time.Hour); m > time.Hour && m < 117*time.Minute {
				return 1000
			}
			return 100
		}},
		{"the end of a working day", func(t time.Duration, _ *rand.Rand) float64 {
			if h := t % (24 * time.Hour); h > 8*time.Hour && h < 17*time.Hour {
				return 1000
			} else if h > 17*time.Hour {
				return 20 + 980*math.Exp2(-(h-17*time.Hour).Minutes()/6)
			}
			return 20
		}},
		{"silence", func(time.Duration, *rand.Rand) float64 { return 0 }},
	} {
		var d burst.Dip
		rng := rand.New(rand.NewPCG(3, 4))
		for at := time.Duration(0); at < 48*time.Hour; at += 15 * time.Second {
			d.Update(start.Add(at), c.at(at, rng))
			require.False(t, d.Lasts(), "%s: %v", c.name, at)
			require.Zero(t, d.Returning(), "%s: %v", c.name, at)
		}
	}
}

// A demand that stays low is the new level: its return is no longer expected.
func TestADipEnds(t *testing.T) {
	var d burst.Dip
	at := start
	feed := func(v float64, for_ time.Duration) {
		for end := at.Add(for_); at.Before(end); at = at.Add(15 * time.Second) {
			d.Update(at, v)
		}
	}
	feed(1000, 2*time.Hour)
	feed(100, time.Hour)
	require.True(t, d.Lasts())
	feed(300, 5*time.Minute) // up, and no farther
	require.Positive(t, d.Returning())
	feed(300, 15*time.Minute)
	require.Zero(t, d.Returning())
	feed(120, 12*time.Hour)
	require.False(t, d.Lasts())
}

// Demand that sank by 37 % within the hour before an outage, as in an evening, comes back to where
// it last was. The dip is over then, although the highest level of that hour stays out of reach.
func TestADipIsOverWhereDemandLastWas(t *testing.T) {
	var d burst.Dip
	for at := time.Duration(0); at < 4*time.Hour; at += 15 * time.Second {
		v := 1000 - 370*max(0, (at-2*time.Hour).Hours())
		if at >= 3*time.Hour {
			v = 630
		}
		if at > 3*time.Hour && at < 190*time.Minute {
			v = 6
		}
		d.Update(start.Add(at), v)
		if at == 189*time.Minute {
			require.True(t, d.Lasts())
		}
		if at > 192*time.Minute {
			require.False(t, d.Lasts(), "%v", at)
		}
	}
}

func TestDipIgnoresInvalidSamples(t *testing.T) {
	var d, same burst.Dip
	for i := range 200 {
		now := start.Add(time.Duration(i) * 15 * time.Second)
		d.Update(now, 100)
		same.Update(now, 100)
		for _, v := range []float64{math.NaN(), math.Inf(1), -1} {
			d.Update(now.Add(time.Second), v)
		}
		d.Update(now, 1e9) // not newer
	}
	require.Equal(t, same, d)
}
