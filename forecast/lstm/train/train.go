package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/cell"
	"github.com/forescale/forescale/forecast/lstm/input"
)

// Options are the settings of [Run]. The zero value of each field means its
// default.
type Options struct {
	Units     int       // of the LSTM layer; default 32, at most 512
	HeadUnits int       // hidden units of the head; default 32, at most 512
	Rungs     []int     // horizons in steps; default [DefaultRungs]
	Quantiles []float64 // default 0.05, 0.1, 0.5, 0.9, 0.95, 0.99

	Epochs       int     // at most this many; default 16
	Patience     int     // epochs without a better validation loss before the end; default 5
	LearningRate float64 // the highest of the one-cycle schedule; default 0.003
	Chunk        int     // steps through which errors are propagated back; default 48
	Lanes        int     // series that are walked side by side for one step of Adam; default 16
	MinSteps     int     // steps of Adam per epoch at least: short data are walked more than once; default 200

	// AnyStep lets the series have steps of their own. The rungs count steps all
	// the same, and the network then serves series of any step.
	AnyStep bool

	Validation float64 // share of each series, before the test tail, for early stopping; default 0.15
	Test       float64 // share of each series, its end, for the report only; default 0.15

	Seed uint64 // equal seeds, options and series give the same network bit for bit, on processors of one kind
}

func (o Options) withDefaults(step time.Duration) Options {
	defaultInt(&o.Units, 32)
	defaultInt(&o.HeadUnits, 32)
	defaultInt(&o.Epochs, 16)
	defaultInt(&o.Patience, 5)
	defaultInt(&o.Chunk, 48)
	defaultInt(&o.Lanes, 16)
	defaultInt(&o.MinSteps, 200)
	defaultFloat(&o.LearningRate, 0.003)
	defaultFloat(&o.Validation, 0.15)
	defaultFloat(&o.Test, 0.15)
	if len(o.Rungs) == 0 {
		o.Rungs = DefaultRungs(step)
	}
	if len(o.Quantiles) == 0 {
		o.Quantiles = []float64{0.05, 0.1, 0.5, 0.9, 0.95, 0.99}
	}
	return o
}

func defaultInt(p *int, v int) {
	if *p == 0 {
		*p = v
	}
}

func defaultFloat(p *float64, v float64) {
	if *p == 0 {
		*p = v
	}
}

const (
	maxUnits = 512
	day      = 24 * time.Hour
)

// Check returns an error that names the first option out of its range.
func (o Options) Check() error {
	for _, c := range []struct {
		name  string
		value int
		most  int
	}{
		{"units", o.Units, maxUnits},
		{"head units", o.HeadUnits, maxUnits},
		{"epochs", o.Epochs, 10_000},
		{"patience", o.Patience, 10_000},
		{"chunk", o.Chunk, 10_000},
		{"lanes", o.Lanes, 1024},
		{"steps per epoch", o.MinSteps, 1_000_000},
	} {
		if c.value < 0 || c.value > c.most {
			return fmt.Errorf("train: %s is %d, want 1 to %d, or 0 for the default", c.name, c.value, c.most)
		}
	}
	if !(o.LearningRate >= 0 && o.LearningRate <= 1) {
		return fmt.Errorf("train: learning rate is %v, want above 0 and at most 1, or 0 for the default", o.LearningRate)
	}
	for name, share := range map[string]float64{"validation": o.Validation, "test": o.Test} {
		if !(share >= 0 && share <= 0.4) {
			return fmt.Errorf("train: %s share is %v, want above 0 and at most 0.4, or 0 for the default", name, share)
		}
	}
	return nil
}

// A Progress is what Run tells while it runs.
type Progress struct {
	Epoch, Epochs  int     // the running one, from 1, and the most there can be
	Done, Total    int     // steps of Adam in this epoch
	TrainLoss      float64 // mean pinball loss of this epoch so far, in units of the rungs
	ValidationLoss float64 // of the epoch before; NaN in the first
}

// Run fits a network on series, which share one step unless AnyStep is set,
// and scores it on their ends, which it has not seen. It does not change the series.
//
// Each series is cut in time order into a part to learn from, a part that says
// when to stop, and a test part. Learning walks the series from their start or a
// random cell, side by side, with the state carried from chunk to chunk;
// gradients come from truncated back-propagation through time (Williams and
// Peng, Neural Computation 2, 1990), steps from Adam (Kingma and Ba, 2015) on a
// one-cycle schedule (Smith, 2018) with the norm of the gradient cut to 1. The
// loss is the mean pinball loss over rungs, quantiles, and values and maxima.
//
// Run returns an error that wraps forecast.ErrShortHistory if no series is
// long enough to be cut so, and ctx's error if that ends first. progress may be
// nil.
func Run(ctx context.Context, series []forecast.Series, o Options, progress func(Progress)) (*lstm.Network, Report, error) {
	parts, o, err := prepare(series, o)
	if err != nil {
		return nil, Report{}, err
	}
	if progress == nil {
		progress = func(Progress) {}
	}
	step := series[0].Step
	if o.AnyStep {
		step = 0
	}
	t := newTrainer(newNetwork(step, o), parts, o)
	best, bestLoss, bestEpoch := t.net.Clone(), math.Inf(1), 0
	report := Report{Seed: o.Seed, Step: step}
	validation := math.NaN()
	for epoch := 1; epoch <= o.Epochs && epoch-bestEpoch <= o.Patience; epoch++ {
		at := Progress{Epoch: epoch, Epochs: o.Epochs, ValidationLoss: validation}
		if err := t.epoch(ctx, at, progress); err != nil {
			return nil, Report{}, fmt.Errorf("train: training stopped in epoch %d: %w", epoch, err)
		}
		validation = t.loss(func(p part) (int, int) { return p.learn, p.stop })
		report.Epochs = append(report.Epochs, EpochLoss{Train: t.trainLoss(), Validation: validation})
		if validation < bestLoss {
			best, bestLoss, bestEpoch = t.net.Clone(), validation, epoch
		}
	}
	if bestEpoch == 0 {
		return nil, Report{}, fmt.Errorf("train: the validation loss was never finite (last %v); a lower learning rate than %v may help", validation, o.LearningRate)
	}
	report.Best = bestEpoch
	if report.Rungs, err = score(ctx, best, parts); err != nil {
		return nil, Report{}, err
	}
	if err := best.Check(); err != nil {
		return nil, Report{}, err
	}
	return best, report, nil
}

// A part is a series and where its cells are cut: learn from [0, learn), stop by
// [learn, stop), test on [stop, n).
type part struct {
	series      forecast.Series
	learn, stop int
}

// minOrigins is how many origins each of the three parts must have at least.
const minOrigins = 8

func prepare(series []forecast.Series, o Options) ([]part, Options, error) {
	if err := o.Check(); err != nil {
		return nil, o, err
	}
	if len(series) == 0 {
		return nil, o, fmt.Errorf("train: %w: no series", forecast.ErrShortHistory)
	}
	step := series[0].Step
	o = o.withDefaults(step)
	var parts []part
	longest := 0
	for i, s := range series {
		if err := s.Check(); err != nil {
			return nil, o, fmt.Errorf("train: series %d: %w", i, err)
		}
		if s.Step != step && !o.AnyStep {
			return nil, o, fmt.Errorf("train: series %d has step %v, the first one %v: want one step for all", i, forecast.Span(s.Step), forecast.Span(step))
		}
		n := s.Len()
		longest = max(longest, n)
		p := part{series: s, stop: n - int(o.Test*float64(n))}
		p.learn = p.stop - int(o.Validation*float64(n))
		if min(p.learn, p.stop-p.learn, n-p.stop) >= minOrigins && s.Observed() > n/4 {
			parts = append(parts, p)
		}
	}
	if len(parts) == 0 {
		return nil, o, fmt.Errorf("train: %w: the longest series has %d cells of %v; with a validation share of %v and a test share of %v it needs %d, a quarter of them observed",
			forecast.ErrShortHistory, longest, forecast.Span(step), o.Validation, o.Test, int(math.Ceil(minOrigins/math.Min(o.Validation, o.Test))))
	}
	return parts, o, nil
}

// newNetwork returns a network at its start: forget gates open, recurrent and
// input weights of the usual spread, and a head that forecasts "as now" with
// quantiles at those of the normal distribution.
func newNetwork(step time.Duration, o Options) *lstm.Network {
	c := lstm.Config{Step: step, Features: input.Learned(), Rungs: o.Rungs, Quantiles: o.Quantiles, Peaks: true, Relative: true}
	rng := rand.New(rand.NewPCG(o.Seed, 0x6c73746d)) // a stream of its own
	n := &lstm.Network{Config: c, Layers: []cell.Layer{cell.NewLayer(len(c.Features), o.Units)}}
	n.Head = lstm.NewHead(c.HeadInputs(o.Units), o.HeadUnits, c.Outputs())
	l := &n.Layers[0]
	spread(rng, l.W, 1/math.Sqrt(float64(o.Units)))
	for j := range o.Units {
		l.B[o.Units+j] = 1 // forget gate (Jozefowicz, Zaremba and Sutskever, ICML 2015)
	}
	spread(rng, n.Head.W1, 1/math.Sqrt(float64(n.Head.Inputs)))
	for i := range n.Head.B2 {
		n.Head.B2[i] = normalQuantile(o.Quantiles[i%len(o.Quantiles)])
	}
	return n
}

func spread(rng *rand.Rand, w []float64, most float64) {
	for i := range w {
		w[i] = most * (2*rng.Float64() - 1)
	}
}

func normalQuantile(p float64) float64 { return -math.Sqrt2 * math.Erfcinv(2*p) }
