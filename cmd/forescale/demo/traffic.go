package demo

import (
	"math"
	"math/rand/v2"
	"time"

	"github.com/forescale/forescale/collector"
)

const (
	historyLength = 14 * 24 * time.Hour
	cellLength    = 5 * time.Second // within which the rate is constant
	peakRate      = 2400            // requests/s at noon of a weekday at the origin
)

// traffic is the rate of requests of the service from 14 days before the
// origin to the end of the run, and their count since its beginning.
type traffic struct {
	start time.Time
	rate  []float64 // requests/s in each cell
	count []float64 // requests before each cell; one more than rate
	burst time.Time // of the one that nothing announces, within the run
}

// newTraffic draws the traffic of a shop: nights at a quarter of the day, a
// morning rush, an evening peak, quieter weekends, a growth of 2 % a week, slow
// and fast noise. A push message at nine o'clock on weekdays brings half as many
// requests again. About one burst a day comes at random, one of them in the last
// third of the run.
func newTraffic(seed uint64, origin time.Time, span time.Duration) *traffic {
	rng := rand.New(rand.NewPCG(seed, 0))
	t := &traffic{start: origin.Add(-historyLength)}
	n := int((historyLength+span)/cellLength) + int(10*time.Minute/cellLength)
	t.rate = make([]float64, n)
	t.pattern(origin, rng)
	for day := t.start.Truncate(24 * time.Hour); day.Before(t.at(n)); day = day.Add(24 * time.Hour) {
		push := day.Add(9*time.Hour + time.Duration(rng.NormFloat64()*20*float64(time.Second)))
		height := 0.5 * (1 + 0.1*rng.NormFloat64())
		if weekend(day) {
			continue
		}
		t.surge(push, height*peakRate, 100*time.Second, 8*time.Minute)
	}
	t.burst = origin.Add(span*2/3 + time.Duration(rng.Float64()*float64(span/5)))
	t.surge(t.burst, 0.35*peakRate, 45*time.Second, 6*time.Minute)
	for at := t.start; at.Before(origin); {
		at = at.Add(time.Duration(rng.ExpFloat64() * float64(24*time.Hour)))
		if at.Before(origin) {
			t.surge(at, (0.2+0.4*rng.Float64())*peakRate, 45*time.Second, 6*time.Minute)
		}
	}
	t.count = make([]float64, n+1)
	for i, r := range t.rate {
		t.count[i+1] = t.count[i] + r*cellLength.Seconds()
	}
	return t
}

// pattern writes what repeats, with trend and noise.
func (t *traffic) pattern(origin time.Time, rng *rand.Rand) {
	slow := 0.0
	const (
		memory = 0.9992 // of the slow noise from cell to cell: about 100 minutes
		sd     = 0.03
	)
	for i := range t.rate {
		now := t.at(i)
		week := now.Sub(origin).Hours() / (7 * 24)
		slow = memory*slow + sd*math.Sqrt(1-memory*memory)*rng.NormFloat64()
		fast := 0.02 * rng.NormFloat64()
		t.rate[i] = max(0, peakRate*dayShape(now)*(1+0.02*week)*(1+slow+fast))
	}
}

// dayShape is the share of the peak at a time of the day, 0.2 to about 1.
func dayShape(now time.Time) float64 {
	h := now.Sub(now.Truncate(24 * time.Hour)).Hours()
	rise, top := 7.75, 0.72
	if weekend(now) {
		rise, top = 9.5, 0.5
	}
	rush := 1 / (1 + math.Exp(-(h-rise)/0.12)) // from a tenth to nine tenths in half an hour
	lunch := 0.08 * hill(h, 12.5, 1.2)
	evening := 0.22 * hill(h, 20, 1.5)
	night := 1 / (1 + math.Exp((h-22.5)/0.5))
	return 0.2 + rush*night*(top+lunch+evening)
}

// hill is 1 at the middle and falls off by 1/e within width.
func hill(x, middle, width float64) float64 {
	z := (x - middle) / width
	return math.Exp(-z * z)
}

func weekend(t time.Time) bool { return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday }

// surge adds height requests/s that come within rise and fade with the given
// time constant.
func (t *traffic) surge(from time.Time, height float64, rise, fade time.Duration) {
	first := max(0, int(from.Sub(t.start)/cellLength))
	for i := first; i < len(t.rate); i++ {
		since := t.at(i).Sub(from)
		up := min(1, max(0, since.Seconds()/rise.Seconds()))
		down := math.Exp(-max(0, (since-rise).Seconds()) / fade.Seconds())
		if since > 10*fade {
			return
		}
		t.rate[i] += height * up * down
	}
}

func (t *traffic) at(i int) time.Time { return t.start.Add(time.Duration(i) * cellLength) }

func (t *traffic) cell(now time.Time) int {
	return min(max(0, int(now.Sub(t.start)/cellLength)), len(t.rate)-1)
}

// load returns the rate of requests at now.
func (t *traffic) load(now time.Time) float64 { return t.rate[t.cell(now)] }

// total returns the number of requests up to now.
func (t *traffic) total(now time.Time) float64 {
	i := t.cell(now)
	return t.count[i] + t.rate[i]*min(cellLength, now.Sub(t.at(i))).Seconds()
}

// counted returns what scrapes of the counter up to end would have seen.
func (t *traffic) counted(end time.Time, every time.Duration) []collector.Sample {
	var samples []collector.Sample
	for now := t.start; !now.After(end); now = now.Add(every) {
		samples = append(samples, collector.Sample{Time: now, Value: math.Floor(t.total(now))})
	}
	return samples
}
