package trust_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/trust"
)

var start = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

const (
	step = time.Minute
	lead = 3 * time.Minute
)

// day is a demand with a daily rhythm and noise.
func day(t time.Time, rng *rand.Rand) float64 {
	return (1000 + 800*math.Sin(t.Sub(start).Hours()/24*2*math.Pi)) * (1 + 0.01*rng.NormFloat64())
}

// drive passes to g the demand of each minute and a promise made by forecast.
func drive(g *trust.Gate, from, to time.Duration, seed uint64, forecast func(t time.Time, last float64) float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	for t := start.Add(from); t.Before(start.Add(to)); t = t.Add(step) {
		v := day(t, rng)
		g.Observe(t, v)
		g.Promise(trust.Promise{
			Made: t, Due: t.Add(lead), Level: 0.95, Acting: forecast(t, v), Last: v,
		})
	}
}

func good(t time.Time, _ float64) float64 {
	rise := max(0, math.Cos(t.Sub(start).Hours()/24*2*math.Pi))
	return (1000 + 800*math.Sin(t.Sub(start).Hours()/24*2*math.Pi) + rise*10.5) * 1.02
}

func bad(t time.Time, last float64) float64 { return good(t.Add(9*time.Hour), last) }

func TestGateRetreatsFromABadForecastAndReturns(t *testing.T) {
	var g trust.Gate
	require.True(t, g.Trusted(), "until it has failed")
	drive(&g, 0, 24*time.Hour, 1, good)
	require.True(t, g.Trusted())
	require.Less(t, g.Skill(), 1.0)
	drive(&g, 24*time.Hour, 30*time.Hour, 2, bad)
	require.False(t, g.Trusted())
	require.Greater(t, g.Skill(), 1.1)
	drive(&g, 30*time.Hour, 96*time.Hour, 3, good)
	require.True(t, g.Trusted(), "it returns by itself")
}

func TestReactiveMarginFollowsTheGrowth(t *testing.T) {
	var g trust.Gate
	require.InDelta(t, 112.5, g.Reactive(100), 1e-9) // nothing learned yet
	drive(&g, 0, 72*time.Hour, 4, good)
	// Within three minutes the day grows by at most 1.3 %, and the highest of
	// three samples with 1 % noise lies up to 3 % above the one before.
	require.InDelta(t, 103, g.Reactive(100), 1.5)
}

// The growth from a demand near zero can be any factor, and its quotient may overflow. If the
// margin learned from it, the last value would lose against every forecast for as long as its
// losses are remembered.
func TestNoMarginIsLearnedFromADemandNearZero(t *testing.T) {
	for _, night := range []float64{1e-3, 1e-310} {
		var g trust.Gate
		at := start
		for range 3 * 24 { // three days
			for minute := range 60 {
				v := 100.0
				if at.Hour() < 7 {
					v = night
				}
				g.Observe(at, v)
				g.Promise(trust.Promise{Made: at, Due: at.Add(lead), Level: 0.95, Acting: 4 * v, Last: v})
				at = at.Add(step)
				if at.Hour() == 8 && minute%10 == 0 {
					require.Less(t, g.Reactive(100), 150.0, "%v, night at %v", at, night)
				}
			}
		}
		require.False(t, g.Trusted(), "three times too much all day is worse than the last value")
		_, err := json.Marshal(g) // fails on what is not finite
		require.NoError(t, err)
	}
}

// At a constant load the last value is exactly right. A forecast above it by less than a replica
// has not failed; one that asks for more replicas has.
func TestAForecastMayBeAGrainAboveAConstantLoad(t *testing.T) {
	for _, c := range []struct {
		name          string
		load, surplus float64
		trusted       bool
	}{
		{"idle, and an error of rounding", 0, 1e-8, true},
		{"idle, and a grain", 0, 5, true},
		{"constant, and a grain", 700, 5, true},
		{"constant, and two replicas", 700, 100, false},
	} {
		var g trust.Gate
		for i := range 600 {
			now := start.Add(time.Duration(i) * step)
			g.Observe(now, c.load)
			g.Promise(trust.Promise{Made: now, Due: now.Add(lead), Level: 0.95, Acting: c.load + c.surplus, Last: c.load, Grain: 5})
		}
		require.Equal(t, c.trusted, g.Trusted(), c.name)
		require.Equal(t, 600, g.Count+len(g.Open), "%s: a demand of zero was seen too", c.name)
		require.True(t, math.IsNaN(g.Skill()), "%s: there is no quotient where the last value is always right", c.name)
	}
}

// Until there is a verdict the forecast is trusted and has no skill. The verdict comes with the
// least number of promises, and takes effect at once.
func TestTheVerdictComesWithTheLeastPromises(t *testing.T) {
	var g trust.Gate
	for i := range 2 * trust.Least {
		now := start.Add(time.Duration(i) * step)
		last := 100 + float64(i%2)
		g.Observe(now, last)
		scored := g.Count >= trust.Least
		require.Equal(t, scored, g.Scored(), "after %d", g.Count)
		require.Equal(t, scored, !g.Trusted(), "after %d", g.Count)
		require.Equal(t, scored, !math.IsNaN(g.Skill()), "after %d", g.Count)
		require.Equal(t, scored, g.Reactive(100) < 112.5, "after %d: the margin is the one learned, of a load that hardly moves", g.Count)
		g.Promise(trust.Promise{Made: now, Due: now.Add(step), Level: 0.9, Acting: 10, Last: last})
	}
	require.True(t, g.Scored())
}

// The skill is a quotient: it is the same in requests as in thousands of them.
func TestSkillDoesNotDependOnTheUnit(t *testing.T) {
	skill := func(unit float64) float64 {
		var g trust.Gate
		rng := rand.New(rand.NewPCG(7, 1))
		for i := range 300 {
			now := start.Add(time.Duration(i) * step)
			v := day(now, rng)
			g.Observe(now, v*unit)
			g.Promise(trust.Promise{Made: now, Due: now.Add(lead), Level: 0.95, Acting: good(now, v) * unit, Last: v * unit})
		}
		return g.Skill()
	}
	require.InDelta(t, skill(1), skill(1000), 1e-9)
}

// A promise whose demand or time is invalid is not kept: no loss could be computed for it.
func TestInvalidPromisesAreIgnored(t *testing.T) {
	good := trust.Promise{Made: start, Due: start.Add(lead), Level: 0.95, Acting: 120, Last: 100}
	for name, c := range map[string]struct {
		change func(p *trust.Promise)
		kept   bool
	}{
		"a promise":               {func(*trust.Promise) {}, true},
		"of nothing":              {func(p *trust.Promise) { p.Acting, p.Last = 0, 0 }, true},
		"unknown":                 {func(p *trust.Promise) { p.Acting = math.NaN() }, false},
		"without bounds":          {func(p *trust.Promise) { p.Acting = math.Inf(1) }, false},
		"negative":                {func(p *trust.Promise) { p.Acting = -1 }, false},
		"the last demand unknown": {func(p *trust.Promise) { p.Last = math.NaN() }, false},
		"due at once":             {func(p *trust.Promise) { p.Due = p.Made }, false},
		"at no quantile":          {func(p *trust.Promise) { p.Level = 0 }, false},
		"at the highest":          {func(p *trust.Promise) { p.Level = 1 }, false},
	} {
		var g trust.Gate
		p := good
		c.change(&p)
		g.Promise(p)
		require.Equal(t, c.kept, len(g.Open) == 1, name)
	}
}

func TestUnseenPromisesAreVoid(t *testing.T) {
	var g trust.Gate
	for i := range 200 {
		now := start.Add(time.Duration(i) * step)
		g.Observe(now, math.NaN())
		g.Promise(trust.Promise{Made: now, Due: now.Add(lead), Level: 0.95, Acting: 1, Last: 100})
	}
	require.Zero(t, g.Count)
	require.True(t, math.IsNaN(g.Skill()))
	g.Promise(trust.Promise{Made: start, Due: start.Add(lead), Level: 0.95, Acting: math.NaN(), Last: 1})
	require.LessOrEqual(t, len(g.Open), 4)
}
