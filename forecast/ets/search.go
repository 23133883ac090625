package ets

import (
	"context"
	"fmt"
	"math"
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

// search sets f.Params to those with the least criterion on the history.
func (f *Fitted) search(ctx context.Context, c *scoredHistory) error {
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
		fit := f.criterion(f.params(full), c)
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
		for i, coordinate := range free {
			x[i] = origin[coordinate]
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
func (f *Fitted) criterion(p Params, c *scoredHistory) float64 {
	far := f.horizonErrors(p)
	fit := math.Log(f.meanSquare(p, c, far) + f.tiny())
	if len(far) == 0 {
		return fit
	}
	ahead := 0.0
	for k := range far {
		ahead += math.Log(far[k].meanSquare() + f.tiny())
	}
	return (fit + ahead/float64(len(far))) / 2
}

func sigmoid(x float64) float64 { return 1 / (1 + math.Exp(-x)) }

func logit(p float64) float64 { return math.Log(p / (1 - p)) }
