package capacity_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/capacity"
)

// scaled are the counts of four days, read every step: some replicas more are asked for
// every forty minutes, and dropped again later; each takes a time of its own to start.
func scaled(startup, step time.Duration) (desired, ready []float64) {
	rng := rand.New(rand.NewPCG(7, 8))
	const span, calm = 4 * 24 * time.Hour, 40 * time.Minute
	n := int(span / step)
	desired, ready = make([]float64, n), make([]float64, n)
	for from := time.Duration(0); from < span; from += 2 * calm {
		at := from + time.Duration(rng.Int64N(int64(calm/2)))
		for range 1 + rng.IntN(6) {
			up := at + time.Duration(float64(startup)*math.Exp(0.25*rng.NormFloat64()))
			for i := range n {
				now := time.Duration(i) * step
				if now >= at && now < from+2*calm {
					desired[i]++
				}
				if now >= up && now < from+2*calm {
					ready[i]++
				}
			}
		}
	}
	return desired, ready
}

// Records with steps shorter and far longer than a start yield the same mean, as far as starting
// replicas are seen at all. The mean of a lognormal of that width is 3 % above its median.
func TestMeanStartup(t *testing.T) {
	for _, step := range []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute} {
		for _, startup := range []time.Duration{40 * time.Second, 2 * time.Minute, 5 * time.Minute} {
			desired, ready := scaled(startup, step)
			mean, starts := capacity.MeanStartup(desired, ready, step)
			t.Logf("step %v, start-up %v: %v over %d", step, startup, mean, starts)
			require.Greater(t, starts, 150)
			seen := 72 * min(1, startup.Seconds()/step.Seconds())
			require.InEpsilon(t, 1.03*startup.Seconds(), mean.Seconds(), 1.2/math.Sqrt(seen))
		}
	}
}

func TestMeanStartupCannotTell(t *testing.T) {
	desired, ready := scaled(2*time.Minute, time.Minute)
	spoil := func(f func(i int, desired, ready []float64)) (d, r []float64) {
		d, r = append(d, desired...), append(r, ready...)
		for i := range d {
			f(i, d, r)
		}
		return d, r
	}
	for name, f := range map[string]func(i int, desired, ready []float64){
		"a steady count":         func(i int, d, r []float64) { d[i], r[i] = 4, 4 },
		"replicas that die":      func(i int, d, r []float64) { d[i], r[i] = 4, 4-float64(i/10%2) },
		"starts that never end":  func(i int, d, r []float64) { r[i] = 0 },
		"no counts":              func(i int, d, r []float64) { d[i], r[i] = math.NaN(), math.NaN() },
		"gaps in each start":     func(i int, d, r []float64) { r[i] = map[bool]float64{true: math.NaN(), false: r[i]}[r[i] < d[i]] },
		"all ready as asked for": func(i int, d, r []float64) { r[i] = d[i] },
	} {
		d, r := spoil(f)
		_, starts := capacity.MeanStartup(d, r, time.Minute)
		require.Zero(t, starts, name)
	}
	_, starts := capacity.MeanStartup(desired[:60], ready[:60], time.Minute)
	require.Zero(t, starts, "a handful of starts")
	_, starts = capacity.MeanStartup(nil, nil, time.Minute)
	require.Zero(t, starts)
	_, starts = capacity.MeanStartup(desired, ready[:60], time.Minute)
	require.Zero(t, starts, "one of the records is short")
}

// Gaps, outages of half an hour in which replicas are lost, and withdrawn requests say nothing of a
// start, and do not move the estimate.
func TestMeanStartupOfATroubledRecord(t *testing.T) {
	desired, ready := scaled(2*time.Minute, time.Minute)
	rng := rand.New(rand.NewPCG(9, 9))
	for range 40 {
		at := rng.IntN(len(ready) - 40)
		for i := at; i < at+30; i++ {
			ready[i] = max(ready[i]-1, 0)
		}
	}
	for range 100 {
		ready[rng.IntN(len(ready))] = math.NaN()
	}
	mean, starts := capacity.MeanStartup(desired, ready, time.Minute)
	require.Greater(t, starts, 50)
	require.InEpsilon(t, 123, mean.Seconds(), 0.2)
}

// An HPA under a load that varies as fast as the steps of the record asks for fewer replicas in the
// step after a rise. Then the starts that take long are the ones left out, and the others would
// yield 20 s for starts of a minute.
func TestMeanStartupOfALoadAsFastAsTheSteps(t *testing.T) {
	for step, tells := range map[time.Duration]bool{time.Minute: true, 5 * time.Minute: false} {
		desired, ready := stabilized(time.Minute, step)
		mean, starts := capacity.MeanStartup(desired, ready, step)
		require.Equal(t, tells, starts > 0, "step %v: %v over %d", step, mean, starts)
		if tells {
			require.InEpsilon(t, 61, mean.Seconds(), 0.2)
		}
	}
}

// stabilized are the counts of a week, read every step, by an HPA with a window of five minutes
// under a load with noise.
func stabilized(startup, step time.Duration) (desired, ready []float64) {
	const window = 300 / 15
	rng := rand.New(rand.NewPCG(1, 2))
	count, starting, wants := 4, []float64{}, []int{}
	up := 4
	for now := range 7 * 24 * 3600 {
		at := float64(now)
		if now%15 == 7 {
			want := int(math.Ceil(20 + 14*math.Sin(at/86400*2*math.Pi) + 2*math.Sin(at/1700) + rng.NormFloat64()))
			wants = append(wants, want)
			wants = wants[max(0, len(wants)-window):]
			for ; count < want; count++ {
				starting = append(starting, at+startup.Seconds()*math.Exp(0.25*rng.NormFloat64()))
			}
			for ; count > slices.Max(wants); count-- {
				if n := len(starting); n > 0 {
					starting = starting[:n-1]
				} else {
					up--
				}
			}
		}
		before := len(starting)
		starting = slices.DeleteFunc(starting, func(done float64) bool { return done <= at })
		up += before - len(starting)
		if now%int(step.Seconds()) == 0 {
			desired, ready = append(desired, float64(count)), append(ready, float64(up))
		}
	}
	return desired, ready
}
