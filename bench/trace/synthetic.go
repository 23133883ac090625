package trace

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// A Shape describes a generated load. The zero value of each part leaves it out. All
// factors multiply:
//
//	Base · day · week · noise · bursts
type Shape struct {
	Name   string
	Start  time.Time     // zero = Monday 2024-01-01 00:00 UTC
	Step   time.Duration // 0 = 1 min
	Length time.Duration // 0 = 14 days
	Base   float64       // events/s at factor 1; 0 = 100

	Day   float64 // rise of the day, 0 to 1: from 1 − 0.53·Day at night to 1 + Day at 15:00
	Week  float64 // share by which Saturday and Sunday are lower, 0 to 1
	Noise Noise
	Burst Burst
}

// Noise is a lognormal factor that follows an AR(1) process.
type Noise struct {
	Sigma  float64       // standard deviation of the logarithm
	Memory time.Duration // time in which its autocorrelation falls to 1/e; 0 = white
}

// The usual length of a plateau, and the time in which a burst rises and falls.
const (
	length = 7 * time.Minute
	rise   = 20 * time.Second
)

// Burst adds flash crowds: a rise within seconds, a plateau of some minutes, a fall as fast.
type Burst struct {
	PerDay float64 // mean number per day
	Height float64 // factor of the plateau, lognormal around it by a fifth
	// Raster makes bursts begin only at its multiples, as scheduled jobs do; 0 = at any time.
	Raster time.Duration
}

// Gap is a stretch without rows.
type Gap struct{ After, Length time.Duration }

// Synthetic makes the trace of shape. Equal shapes and seeds give equal traces;
// each random part has a stream of its own.
func Synthetic(shape Shape, seed uint64) Trace {
	s := shape.filled()
	t := Trace{Name: s.Name, Kind: Rate, Unit: "requests/s", Start: s.Start, Step: s.Step, Values: make([]float64, s.Length/s.Step)}
	noise := s.Noise.generator(rand.New(rand.NewPCG(seed, 1)), s.Step)
	for i := range t.Values {
		t.Values[i] = s.Base * s.season(t.At(i).Add(s.Step/2)) * noise()
	}
	s.Burst.add(t, rand.New(rand.NewPCG(seed, 2)))
	return t
}

func (s Shape) filled() Shape {
	if s.Name == "" {
		s.Name = "synthetic"
	}
	if s.Start.IsZero() {
		s.Start = time.Date(2024, time.January, 1, 0, 0, 0, 0, time.UTC)
	}
	if s.Step == 0 {
		s.Step = time.Minute
	}
	if s.Length == 0 {
		s.Length = 14 * 24 * time.Hour
	}
	if s.Base == 0 {
		s.Base = 100
	}
	return s
}

// season returns the factor of day and week.
func (s Shape) season(now time.Time) float64 {
	angle := 2 * math.Pi * (now.Sub(now.Truncate(24*time.Hour)).Hours() - 15) / 24
	f := 1 + s.Day*(0.75*math.Cos(angle)+0.25*math.Cos(2*angle))
	if day := now.Weekday(); day == time.Saturday || day == time.Sunday {
		f *= 1 - s.Week
	}
	return f
}

// generator returns a source of factors with mean 1.
func (n Noise) generator(rng *rand.Rand, step time.Duration) func() float64 {
	keep := 0.0
	if n.Memory > 0 {
		keep = math.Exp(-step.Seconds() / n.Memory.Seconds())
	}
	state := rng.NormFloat64()
	return func() float64 {
		f := math.Exp(n.Sigma*state - n.Sigma*n.Sigma/2)
		state = keep*state + math.Sqrt(1-keep*keep)*rng.NormFloat64()
		return f
	}
}

// add multiplies the bursts into t.
func (b Burst) add(t Trace, rng *rand.Rand) {
	if b.PerDay <= 0 {
		return
	}
	wait := func() time.Duration {
		return time.Duration(rng.ExpFloat64() / b.PerDay * 24 * float64(time.Hour))
	}
	for at := wait(); at < t.Span(); at += wait() {
		if b.Raster > 0 {
			at = (at + b.Raster - 1).Truncate(b.Raster)
		}
		plateau := time.Duration((0.5 + rng.ExpFloat64()/2) * float64(length))
		b.one(t, at, plateau, b.Height*math.Exp(0.2*rng.NormFloat64()))
		at += plateau + 2*rise
	}
}

// one multiplies a single burst into t: the mean of its factor over each interval.
func (b Burst) one(t Trace, at, plateau time.Duration, height float64) {
	const parts = 8
	for i := max(0, int(at/t.Step)); i < len(t.Values) && time.Duration(i)*t.Step < at+plateau+2*rise; i++ {
		sum := 0.0
		for k := range parts {
			x := time.Duration(i)*t.Step + t.Step*time.Duration(2*k+1)/(2*parts) - at
			edge := min(x, plateau+2*rise-x)
			sum += min(1, max(0, float64(edge)/float64(rise)))
		}
		t.Values[i] *= 1 + (height-1)*sum/parts
	}
}

// ShuffleDays returns t with its whole days in random order, gaps included. The rhythm
// of a day stays, but a week or the day before says nothing about the next day. A last
// day that is not whole stays at the end.
func (t Trace) ShuffleDays(seed uint64) Trace { return t.Shuffle(24*time.Hour, seed) }

// Shuffle returns t with its blocks of that length, at least one step, in random order,
// gaps included. Blocks that do not divide a day destroy its rhythm: the negative control
// of a forecast. A last block that is not whole stays at the end.
func (t Trace) Shuffle(block time.Duration, seed uint64) Trace {
	n := max(int(block/t.Step), 1)
	blocks := len(t.Values) / n
	values := make([]float64, 0, len(t.Values))
	for _, b := range rand.New(rand.NewPCG(seed, 3)).Perm(blocks) {
		values = append(values, t.Values[b*n:(b+1)*n]...)
	}
	t.Name += "-shuffled"
	t.Values = append(values, t.Values[blocks*n:]...)
	return t
}

// Shift returns t multiplied by factor from at on, and the rest rotated by lag: a change
// of regime after which everything learned before is wrong. The values that the rotation
// brings in are those of the end of t.
func (t Trace) Shift(at time.Duration, factor float64, lag time.Duration) Trace {
	from := min(max(int(at/t.Step), 0), len(t.Values))
	values := make([]float64, len(t.Values))
	copy(values, t.Values[:from])
	rest := t.Values[from:]
	for i := range rest {
		j := (i - int(lag/t.Step)) % len(rest)
		values[from+i] = factor * rest[(j+len(rest))%len(rest)]
	}
	t.Name += "-regime"
	t.Values = values
	return t
}

// WithGaps returns t without the rows in gaps.
func (t Trace) WithGaps(gaps ...Gap) Trace {
	values := slices.Clone(t.Values)
	for _, gap := range gaps {
		for i := max(0, int(gap.After/t.Step)); i < min(len(values), int((gap.After+gap.Length)/t.Step)); i++ {
			values[i] = math.NaN()
		}
	}
	t.Name += "-gaps"
	t.Values = values
	return t
}
