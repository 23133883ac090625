package ets

import (
	"context"
	"fmt"
	"math"

	"github.com/forescale/forescale/forecast"
)

// Where the search begins: a slow level with a sticky error, and a fast one.
const (
	slow = iota
	fast
	starts
)

// The order of coordinates in the search space. Those of components that a model
// lacks stay at the start.
const (
	atAlpha = iota
	atRho
	atGamma
	atLongGamma
	atBeta
	atPhi
)

// search sets f.Params to those with the least criterion on history, whose
// values are z in the space of the model.
func (f *Fitted) search(ctx context.Context, history forecast.Series, z []float64) error {
	free := f.free()
	best := vertex{f: math.Inf(1)}
	criterion := func(x [dims]float64) float64 {
		var full [dims]float64
		copy(full[:], f.origin(slow))
		for i, k := range free {
			full[k] = x[i]
		}
		penalty := 0.0
		for i := range free {
			penalty += x[i] * x[i]
		}
		fit := f.criterion(f.params(full), history, z)
		if !(fit < 700) {
			fit = 700
		}
		return fit + 1e-4*penalty
	}
	for k := range starts {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("ets: %w", err)
		}
		origin := f.origin(k)
		var x [dims]float64
		for i, c := range free {
			x[i] = origin[c]
		}
		if v := simplex(criterion, x, len(free), 0.8, 1e-5, f.model.Tries); v.f < best.f {
			best = v
		}
	}
	var full [dims]float64
	copy(full[:], f.origin(slow))
	for i, k := range free {
		full[k] = best.x[i]
	}
	f.Params = f.params(full)
	f.Fit = best.f
	f.Spread = math.Sqrt(f.meanSquare(f.Params, history, z, nil))
	return nil
}

// free lists the coordinates that the model has.
func (f *Fitted) free() []int {
	free := []int{atAlpha}
	if !f.model.White {
		free = append(free, atRho)
	}
	for k := range f.periods {
		free = append(free, atGamma+k)
	}
	if f.model.Trend != NoTrend {
		free = append(free, atBeta)
	}
	if f.model.Trend == Damped {
		free = append(free, atPhi)
	}
	return free
}

func (f *Fitted) origin(k int) []float64 {
	at := make([]float64, dims)
	at[atAlpha], at[atRho] = logit(0.05), math.Atanh(0.9/0.995)
	if k == fast {
		at[atAlpha], at[atRho] = logit(0.6), 0
	}
	at[atGamma], at[atLongGamma] = logit(0.15), logit(0.1)
	at[atBeta], at[atPhi] = logit(0.05), logit(0.6)
	return at
}

// params maps the search space to parameters within their bounds.
func (f *Fitted) params(x [dims]float64) Params {
	p := Params{Alpha: sigmoid(x[atAlpha])}
	if !f.model.White {
		p.Rho = 0.995 * math.Tanh(x[atRho])
	}
	for k := range f.periods {
		p.Gamma[k] = sigmoid(x[atGamma+k])
	}
	switch f.model.Trend {
	case Damped:
		p.Phi = 0.80 + 0.199*sigmoid(x[atPhi])
		p.Beta = 0.3 * p.Alpha * sigmoid(x[atBeta])
	case Linear:
		p.Phi = 1
		p.Beta = 0.3 * p.Alpha * sigmoid(x[atBeta])
	case NoTrend:
	}
	return p
}

// tiny is what keeps the logarithm of a perfect fit finite, relative to the
// range of the values.
func (f *Fitted) tiny() float64 {
	r := 1.0
	if !f.scale.IsLog() {
		r = max(f.high-f.low, 1e-12*math.Abs(f.high), math.SmallestNonzeroFloat32)
	}
	return 1e-14 * r * r
}

// criterion returns what the parameters minimise, less the penalty.
func (f *Fitted) criterion(p Params, history forecast.Series, z []float64) float64 {
	far := f.reaches(p)
	fit := math.Log(f.meanSquare(p, history, z, far) + f.tiny())
	if len(far) == 0 {
		return fit
	}
	ahead := 0.0
	for k := range far {
		ahead += math.Log(far[k].meanSquare() + f.tiny())
	}
	return (fit + ahead/float64(len(far))) / 2
}

// meanSquare returns the mean of ε² after the first season, and scores the
// forecasts of far. The common case, one grid cell per step and components that
// add up, has a loop of its own; the others run the State itself.
func (f *Fitted) meanSquare(p Params, history forecast.Series, z []float64, far []reach) float64 {
	skip := 0
	if len(f.periods) > 0 {
		skip = int(f.periods[0] / f.step)
	}
	if f.model.Form != Multiplicative && f.whole() {
		return f.quick(p, z, skip, far)
	}
	trial := *f
	trial.Params = p
	if len(far) > 0 {
		trial.powers()
	}
	s, err := trial.State(f.start, f.step)
	if err != nil {
		return math.Inf(1)
	}
	sum, n := 0.0, 0
	for i, v := range history.Values {
		before := s.err
		s.Update(v)
		if i >= skip && v >= 0 {
			e := s.err - p.Rho*before
			sum += e * e
			n++
		}
		for k := range far {
			far[k].turn(i, z[i], f.scale.Forward(s.At(far[k].h)), skip)
		}
	}
	return sum / float64(max(1, n))
}

// whole reports whether every season has one grid cell per step.
func (f *Fitted) whole() bool {
	for _, p := range f.periods {
		m := newMemory(f.start, f.step, p, nil)
		if !m.whole {
			return false
		}
	}
	return true
}

// quick is meanSquare for components that add up on whole cells.
func (f *Fitted) quick(p Params, z []float64, skip int, far []reach) float64 {
	var grids [2][]float64
	var cells [2][]int32
	for k := range grids {
		grids[k], cells[k] = []float64{0}, make([]int32, 0)
		if k < len(f.periods) {
			grids[k], cells[k] = append([]float64(nil), f.init.seasons[k]...), f.init.cells[k]
		}
	}
	at := func(k, i int) *float64 {
		if i >= len(cells[k]) {
			return &grids[k][0]
		}
		return &grids[k][cells[k][i]]
	}
	level, slope, last, sum, n := f.init.level, f.init.slope, 0.0, 0.0, 0
	for i, v := range z {
		trend := p.Phi * slope
		d := p.Rho * last
		level += trend
		slope = trend
		if v == v {
			a, b := at(0, i), at(1, i)
			d = v - level - *a - *b
			level += p.Alpha * d
			slope += p.Beta * d
			*a += p.Gamma[0] * d
			*b += p.Gamma[1] * d
			if i >= skip {
				e := d - p.Rho*last
				sum += e * e
				n++
			}
		}
		last = d
		for k := range far {
			r := &far[k]
			ahead := level + r.damp*slope + r.fade*d + *at(0, i+r.h) + *at(1, i+r.h)
			r.turn(i, v, ahead, skip)
		}
	}
	return sum / float64(max(1, n))
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func logit(p float64) float64 { return math.Log(p / (1 - p)) }
