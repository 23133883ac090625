// Package load makes artificial loads of services, to train a network on.
package load

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/forescale/forescale/forecast"
)

const (
	day      = 24 * time.Hour
	maxCells = 14_400 // ten days of minutes
)

// Series returns n artificial loads of steps between 15 seconds and 10 minutes,
// one to twenty days long: what services see, in every mixture of a daily shape,
// a weekend, slow and fast wander, noise, counting noise, jobs by the clock,
// bursts and changes of level. Equal seeds give equal loads.
func Series(n int, seed uint64) []forecast.Series {
	rng := rand.New(rand.NewPCG(seed, 0x6c6f6164))
	out := make([]forecast.Series, n)
	for k := range out {
		out[k] = newLoad(rng).series()
	}
	return out
}

// A load is one artificial service. All parts but the jobs multiply.
type load struct {
	rng  *rand.Rand
	step time.Duration
	days int

	level   float64    // per cell
	counts  bool       // values are Poisson counts of the level
	shape   [6]float64 // harmonics of the day, of the logarithm
	phase   [6]float64
	weekend float64 // of the logarithm
	slow    wander  // hours to days
	fast    wander  // cells
	white   float64 // deviation of the noise, of the logarithm
	shifts  float64 // changes of the level per cell

	burstRate, burst, fade float64 // bursts per cell; the present one, and what is left of it per cell

	jobEvery, jobLength time.Duration // 0 = no job
	jobHeight           float64       // in levels
}

// A wander is an AR(1) process of the given deviation.
type wander struct{ at, deviation, memory float64 }

func (w *wander) next(rng *rand.Rand) float64 {
	w.at = w.memory*w.at + w.deviation*math.Sqrt(1-w.memory*w.memory)*rng.NormFloat64()
	return w.at
}

func newLoad(rng *rand.Rand) *load {
	l := &load{rng: rng, step: time.Minute, level: l10(rng, 1, 1e5), counts: chance(rng, 0.5)}
	if chance(rng, 0.5) {
		steps := []time.Duration{15 * time.Second, 30 * time.Second, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute}
		l.step = steps[rng.IntN(len(steps))]
	}
	l.days = 1 + rng.IntN(min(20, int(maxCells*l.step/day)))
	depth := 0.0
	if chance(rng, 0.85) {
		depth = between(rng, 0.1, 1.1)
	}
	for k := range l.shape {
		l.shape[k] = depth * rng.NormFloat64() / math.Pow(float64(k+1), 1.5)
		l.phase[k] = 2 * math.Pi * rng.Float64()
	}
	if chance(rng, 0.5) {
		l.weekend = between(rng, -0.8, 0.2)
	}
	perDay := float64(day / l.step)
	l.slow = wander{deviation: l10(rng, 0.008, 0.6), memory: math.Exp(-1 / (perDay * l10(rng, 0.02, 3)))}
	l.slow.at = l.slow.deviation * rng.NormFloat64()
	l.fast = wander{deviation: l10(rng, 0.002, 0.3), memory: math.Exp(-1 / l10(rng, 1, 30))}
	if chance(rng, 0.6) {
		l.white = l10(rng, 0.003, 0.3)
	}
	if chance(rng, 0.2) {
		l.shifts = 0.3 / perDay
	}
	if chance(rng, 0.3) {
		l.burstRate = l10(rng, 0.3, 12) / perDay
	}
	if chance(rng, 0.35) {
		minutes := []int{5, 10, 15, 30, 60, 120, 180}
		l.jobEvery = time.Duration(minutes[rng.IntN(len(minutes))]) * time.Minute
		l.jobLength = time.Duration(between(rng, 0.03, 0.5) * float64(l.jobEvery))
		l.jobHeight = l10(rng, 0.1, 5)
	}
	return l
}

func (l *load) series() forecast.Series {
	s := forecast.Series{
		Start:  time.Date(2024, 1, 1+l.rng.IntN(7), 0, 0, 0, 0, time.UTC),
		Step:   l.step,
		Values: make([]float64, l.days*int(day/l.step)),
	}
	shift := 0.0
	for i := range s.Values {
		if chance(l.rng, l.shifts) {
			shift += 0.7 * l.rng.NormFloat64()
		}
		now := s.At(i)
		v := math.Exp(shift + l.season(now) + l.slow.next(l.rng) + l.fast.next(l.rng))
		v = (v + l.job(now)) * l.bursts() * math.Exp(l.white*l.rng.NormFloat64()) * l.level
		if l.counts {
			v = poisson(l.rng, v)
		}
		s.Values[i] = v
	}
	return s
}

func (l *load) season(now time.Time) float64 {
	x := 2 * math.Pi * float64(now.Sub(now.Truncate(day))) / float64(day)
	sum := 0.0
	for k := range l.shape {
		sum += l.shape[k] * math.Sin(float64(k+1)*x+l.phase[k])
	}
	if d := now.Weekday(); d == time.Saturday || d == time.Sunday {
		sum += l.weekend
	}
	return sum
}

func (l *load) job(now time.Time) float64 {
	if l.jobEvery == 0 || now.Sub(now.Truncate(l.jobEvery)) >= l.jobLength {
		return 0
	}
	return l.jobHeight
}

// bursts returns the factor of the bursts: each fades over 2 to 60 cells.
func (l *load) bursts() float64 {
	if chance(l.rng, l.burstRate) {
		l.burst += l10(l.rng, 0.3, 6)
		l.fade = math.Exp(-1 / l10(l.rng, 2, 60))
	}
	l.burst *= l.fade
	return 1 + l.burst
}

func chance(rng *rand.Rand, p float64) bool { return rng.Float64() < p }

func between(rng *rand.Rand, low, high float64) float64 { return low + (high-low)*rng.Float64() }

// l10 returns a number between low and high, each order of magnitude as likely.
func l10(rng *rand.Rand, low, high float64) float64 {
	return math.Exp(between(rng, math.Log(low), math.Log(high)))
}

// poisson returns a count of the given mean: by Knuth's product of uniforms
// (The Art of Computer Programming 2, 3.4.1), by the normal limit for large ones.
func poisson(rng *rand.Rand, mean float64) float64 {
	const large = 50
	if mean > large {
		return math.Max(0, math.Round(mean+math.Sqrt(mean)*rng.NormFloat64()))
	}
	n, product, limit := 0.0, rng.Float64(), math.Exp(-mean)
	for product > limit {
		n++
		product *= rng.Float64()
	}
	return n
}
