package accuracy

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
)

const perDay = 288 // cells of five minutes

// A family generates one kind of series that is known to break forecasters: at is
// the value at a time, for a walk with its own memory.
type family struct {
	at      func(c *course) float64
	step    time.Duration // 0 = five minutes
	days    int           // 0 = 16
	zone    string        // whose clock the load follows; empty = UTC
	missing float64       // share of samples that are missing
	outage  bool          // six hours of every week are missing
	loose   bool          // more may be covered than was promised, and less by chance
}

// A course is where a generator stands.
type course struct {
	rng        *rand.Rand
	i          int
	day        float64 // time of day, 0 to 1
	hour, week int     // hour of the day, day since the start
	days       float64 // since the start
	level      float64
}

func (c *course) wave() float64 { return 1 + 0.6*math.Sin(2*math.Pi*c.day) }

func (c *course) noise(sd float64) float64 { return 1 + sd*c.rng.NormFloat64() }

// count draws from a Poisson distribution.
func (c *course) count(mean float64) float64 {
	n, p, limit := 0, c.rng.Float64(), math.Exp(-mean)
	for p > limit {
		p *= c.rng.Float64()
		n++
	}
	return float64(n)
}

func (c *course) open() bool { return c.hour >= 8 && c.hour < 20 && c.week%7 < 5 }

func shop(c *course) float64 {
	if !c.open() {
		return 0
	}
	return 50 * c.noise(0.1)
}

func steady(c *course) float64 { return 100 * c.wave() * c.noise(0.05) }

func walk(c *course) float64 {
	c.level = max(1, c.level+c.rng.NormFloat64())
	return c.level
}

func silence(c *course) float64 {
	if c.days < 9 {
		return 0
	}
	return steady(c)
}

func drawn(scale float64) func(*course) float64 {
	return func(c *course) float64 { return scale * steady(c) }
}

func shifts(c *course) float64 { return steady(c) * (1 + 2*float64(c.week/3%2)) }

func trend(c *course) float64 { return 10 + 15*c.days + c.rng.NormFloat64() }

func growing(c *course) float64 { return 10 + 6*c.days*c.wave() + c.rng.NormFloat64() }

func slowing(c *course) float64 {
	return 100 * (1 + 0.5*math.Sin(7.2*c.days/(1+c.days/28))) * c.noise(0.05)
}

func heavy(c *course) float64 { return c.wave() / math.Pow(1-c.rng.Float64(), 0.7) }

func rare(c *course) float64 { return c.count(0.3 * c.wave()) }

func white(c *course) float64 { return math.Abs(c.rng.NormFloat64()) }

// once has one sample a thousand times as large as the others.
func once(c *course) float64 {
	if c.days >= 5 && c.level == 100 {
		c.level = 0
		return 1e5
	}
	return 50 * c.wave() * c.noise(0.1)
}

var families = map[string]family{
	"constant":                      {at: func(*course) float64 { return 42 }},
	"zero":                          {at: func(*course) float64 { return 0 }},
	"zero for a week, then traffic": {at: silence},
	"counts below one":              {at: rare},
	"closed at night":               {at: shop, loose: true}, // closed hours are all covered
	"level shifts":                  {at: shifts},
	"trend":                         {at: trend},
	"random walk":                   {at: walk},
	"noise":                         {at: white},
	"heavy tails":                   {at: heavy},
	"large scale":                   {at: drawn(1e7)},
	"small scale":                   {at: drawn(1e-8)},
	"growing wave":                  {at: growing},
	"period grows":                  {at: slowing},
	"one freak":                     {at: once},
	"samples missing":               {at: steady, missing: 0.1, outage: true},

	"weekdays and a holiday":    {at: office, days: 21},
	"two continents":            {at: continents},
	"launch":                    {at: launch},
	"decline":                   {at: decline, loose: true},
	"intermittent":              {at: demands},
	"counter resets":            {at: resets},
	"twice a day in the end":    {at: twice, days: 18},
	"dead Sundays":              {at: sundays, days: 21},
	"deploys":                   {at: deploys, days: 21},
	"bursts":                    {at: bursts},
	"walk and wave":             {at: drifting},
	"sawtooth, every minute":    {at: sawtooth, step: time.Minute, days: 10},
	"hourly jobs, every minute": {at: job, step: time.Minute, days: 9},

	"steady, every minute":             {at: steady, step: time.Minute, days: 11},
	"closed at night, every minute":    {at: shop, step: time.Minute, days: 11, loose: true},
	"random walk, every minute":        {at: walk, step: time.Minute, days: 10},
	"counts below one, every minute":   {at: rare, step: time.Minute, days: 10},
	"steady, every 10 s":               {at: steady, step: 10 * time.Second, days: 1, loose: true}, // twelve windows of an hour
	"steady, every quarter hour":       {at: steady, step: 15 * time.Minute, days: 28},
	"steady, every hour":               {at: steady, step: time.Hour, days: 28, loose: true}, // 480 truths
	"closed at night, every hour":      {at: shop, step: time.Hour, days: 28, loose: true},
	"prices, every hour":               {at: price, step: time.Hour, days: 28, loose: true},
	"heating, every hour":              {at: heating, step: time.Hour, days: 28, loose: true},
	"ten days, every hour":             {at: steady, step: time.Hour, days: 10, loose: true},
	"three days, every five minutes":   {at: steady, days: 3, loose: true},
	"clocks change, every hour":        {at: steady, step: time.Hour, days: 35, zone: "Europe/Berlin", loose: true},
	"clocks change, every ten minutes": {at: steady, step: 10 * time.Minute, days: 21, zone: "Europe/Berlin", loose: true},
}

// generate returns the series of a family. Those that know a clock change begin
// twelve days before the night of 31 March 2024.
func generate(name string, days int) trace.Trace {
	f := families[name]
	start, step := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), 5*time.Minute
	if f.step > 0 {
		step = f.step
	}
	zone := time.UTC
	if f.zone != "" {
		zone, _ = time.LoadLocation(f.zone)
		start = time.Date(2024, 3, 19, 0, 0, 0, 0, time.UTC)
	}
	c := &course{rng: rand.New(rand.NewPCG(7, uint64(len(name)))), level: 100}
	t := trace.Trace{Name: name, Kind: trace.Rate, Step: step, Start: start}
	for c.i = range days * int(24*time.Hour/step) {
		at := start.Add(time.Duration(c.i) * step)
		local := at.In(zone)
		c.hour, c.days = local.Hour(), at.Sub(start).Hours()/24
		c.day = (float64(local.Hour()) + float64(local.Minute())/60 + float64(local.Second())/3600) / 24
		c.week = int(c.days)
		v := max(0, f.at(c))
		if f.missing > 0 && c.rng.Float64() < f.missing || f.outage && math.Mod(c.days, 7) > 6.75 {
			v = math.NaN()
		}
		t.Values = append(t.Values, v)
	}
	return t
}

// bestRule returns the mean absolute error, over the truths that the report
// judges, of the best in hindsight of three rules: as now, as a day ago, as a week
// ago, each as far as the series goes back, and as now where it does not.
func bestRule(s forecast.Series, h int) float64 {
	warm, seasons := warmup(s), []int{0, 24 * int(time.Hour/s.Step), 7 * 24 * int(time.Hour/s.Step)}
	best := math.Inf(1)
	for _, season := range seasons {
		sum, n := 0.0, 0.0
		for t := warm - 1 + h; t < s.Len(); t++ {
			said := lastBefore(s.Values, t-h)
			if season > 0 && t-season >= 0 && !math.IsNaN(s.Values[t-season]) {
				said = s.Values[t-season]
			}
			if y := s.Values[t]; !math.IsNaN(y) {
				sum, n = sum+math.Abs(y-said), n+1
			}
		}
		best = min(best, sum/n)
	}
	return best
}

func lastBefore(values []float64, i int) float64 {
	for i > 0 && math.IsNaN(values[i]) {
		i--
	}
	return values[i]
}

// The pool is never much worse than the best of three naive rules in hindsight,
// and no family makes its bounds explode.
func TestPoolSurvivesEveryFamily(t *testing.T) {
	for name, f := range families {
		t.Run(name, func(t *testing.T) {
			days := 16
			if f.days > 0 {
				days = f.days
			}
			load := generate(name, days)
			zone, err := time.LoadLocation(f.zone)
			require.NoError(t, err)
			pool, err := Run(t.Context(), []trace.Trace{load}, Options{Model: auto.New(auto.Options{Location: zone}), Workers: 1}, nil)
			require.NoError(t, err)
			require.Empty(t, pool.Series[0].Error)
			s := prepare(load)
			for _, rung := range pool.Series[0].Rungs {
				best := bestRule(s, int(rung.Horizon/s.Step.Seconds()))
				exact := best == 0
				if exact {
					best = 1e-6 // what a number in single precision is off by
				}
				t.Logf("%4.0f s: %.3f of the best rule, %.4g; covered %v, pinball %v", rung.Horizon, float64(rung.MAE)/best, best, rung.Coverage, rung.PinballRatio)
				require.LessOrEqual(t, float64(rung.MAE), 1.02*best+1e-12, "horizon %v s", rung.Horizon)
				require.False(t, math.IsNaN(float64(rung.WIS)) || math.IsInf(float64(rung.WIS), 0))
				require.LessOrEqual(t, float64(rung.WIS), 20*best+1e-4*42, "bounds of horizon %v s", rung.Horizon)
				if exact {
					continue // every bound is the value
				}
				// Of errors h ahead, h of which overlap, n tell as much as n/h: two standard
				// deviations of their share.
				chance := 2 * math.Sqrt(0.05*0.95*float64(rung.Horizon)/s.Step.Seconds()/float64(rung.N))
				for what, c := range map[string]struct{ covered, off float64 }{
					"values": {float64(rung.Coverage["0.95"]), 0.03}, "maxima": {float64(rung.PeakCoverage["0.95"]), 0.04},
				} {
					if f.loose {
						require.Greater(t, c.covered, 0.95-c.off-chance, "coverage of %s at %v s", what, rung.Horizon)
					} else {
						require.InDelta(t, 0.95, c.covered, c.off, "coverage of %s at %v s", what, rung.Horizon)
					}
				}
			}
		})
	}
}

// A week of a load without any pattern has about a hundred forecasts of an hour that do not overlap,
// so few that chance can look like skill: when the pool followed it, its errors were 1.4 % larger on
// these walks and 2.5 % on others.
func TestPoolDistinguishesChanceFromSkill(t *testing.T) {
	const walks = 6
	logs := map[float64]float64{}
	for seed := range uint64(walks) {
		c := &course{rng: rand.New(rand.NewPCG(7, seed)), level: 100}
		load := trace.Trace{Name: "walk", Kind: trace.Rate, Step: time.Minute, Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}
		for range 8 * 1440 {
			load.Values = append(load.Values, walk(c))
		}
		pool, err := Run(t.Context(), []trace.Trace{load}, Options{Workers: 1}, nil)
		require.NoError(t, err)
		for _, rung := range pool.Series[0].Rungs {
			logs[rung.Horizon] += math.Log(float64(rung.MAERatio)) / walks
		}
	}
	for h, mean := range logs {
		t.Logf("%4.0f s: %.4f of naive", h, math.Exp(mean))
		require.LessOrEqual(t, math.Exp(mean), 1.012, "horizon %v s", h)
	}
}

func TestReportIsJSONOfItsSchema(t *testing.T) {
	report, err := Run(t.Context(), []trace.Trace{generate("closed at night", 8)}, Options{}, nil)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, report.WriteJSON(&text))
	var back struct {
		Schema string
		Series []struct {
			Name  string
			StepS float64 `json:"step_s"`
			Rungs []struct {
				HorizonS float64            `json:"horizon_s"`
				N        int                `json:"n"`
				MAE      float64            `json:"mae"`
				Ratio    float64            `json:"mae_ratio_naive"`
				Pinball  map[string]float64 `json:"pinball_ratio"`
				Coverage map[string]float64 `json:"coverage"`
				Worst    map[string]float64 `json:"worst_day_coverage"`
				Peaks    map[string]float64 `json:"peak_coverage"`
			}
		}
	}
	require.NoError(t, json.Unmarshal(text.Bytes(), &back))
	require.Equal(t, Schema, back.Schema)
	require.InDelta(t, 300, back.Series[0].StepS, 0)
	rung := back.Series[0].Rungs[0]
	require.InDelta(t, 300, rung.HorizonS, 0)
	require.Equal(t, 4*perDay-1+1, rung.N, "every sample after a warm-up of four days is judged once")
	for _, level := range []string{"0.9", "0.95", "0.99"} {
		require.Contains(t, rung.Pinball, level)
		require.Contains(t, rung.Coverage, level)
		require.Contains(t, rung.Worst, level)
		require.Contains(t, rung.Peaks, level)
	}
	var table bytes.Buffer
	require.NoError(t, report.WriteTable(&table))
	require.Contains(t, table.String(), "closed at night")
}
