package auto

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/combine"
	"github.com/forescale/forescale/forecast/direct"
)

// A Pool is the model that weighs all others online. It is a plain value.
type Pool struct{ opts Options }

var _ forecast.Model = Pool{}

// New returns the pool with the given settings.
func New(opts Options) Pool { return Pool{opts: opts} }

// leastObserved is the number of samples without which nothing can be said
// about errors.
const leastObserved = 3

// Fit estimates the unit of the series and the parameters of the experts that
// have any. It returns an error that wraps forecast.ErrShortHistory if fewer
// than three cells are observed.
func (p Pool) Fit(ctx context.Context, history forecast.Series) (forecast.Fitted, error) {
	if err := history.Check(); err != nil {
		return nil, fmt.Errorf("auto: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("auto: fit: %w", err)
	}
	if have := history.Observed(); have < leastObserved {
		return nil, fmt.Errorf("auto: %w: %d samples, need %d", forecast.ErrShortHistory, have, leastObserved)
	}
	rungs := combine.Ladder(history.Step)
	return &fitted{
		opts:  p.opts,
		step:  history.Step,
		unit:  unit(history.Values),
		rungs: rungs,
		lags:  direct.NewLags(history.Step, time.Minute, rungs[len(rungs)-1]),
	}, nil
}

// unit returns the size that values are measured in: their mean without the
// largest hundredth, 0 if all are zero.
func unit(values []float64) float64 {
	kept := make([]float64, 0, len(values))
	for _, v := range values {
		if v >= 0 && !math.IsInf(v, 1) {
			kept = append(kept, v)
		}
	}
	if len(kept) == 0 {
		return 0
	}
	slices.Sort(kept)
	limit := kept[(len(kept)-1)*99/100]
	sum := 0.0
	for _, v := range kept {
		sum += min(v, limit) / float64(len(kept))
	}
	if sum < math.SmallestNonzeroFloat32 {
		return 0
	}
	return sum
}

// fitted holds what Fit estimated. It never changes.
type fitted struct {
	opts  Options
	step  time.Duration
	unit  float64
	rungs []int
	lags  direct.Lags
}

// Filter replays history through the pool: some tens of microseconds a cell.
func (f *fitted) Filter(history forecast.Series) (forecast.Filter, error) {
	if history.Step != f.step {
		return nil, fmt.Errorf("auto: history has step %v, the model was fitted on %v", history.Step, f.step)
	}
	if err := history.Check(); err != nil {
		return nil, fmt.Errorf("auto: %w", err)
	}
	s := newFilter(f, history.Start)
	for _, v := range history.Values {
		s.Update(v)
	}
	return s, nil
}
