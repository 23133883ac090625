package accuracy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/score"
)

// Options say what to measure. The zero value measures the pool.
type Options struct {
	Name    string         // of the model, for the report; empty = "auto"
	Model   forecast.Model // nil = the pool with its default settings
	Workers int            // series at once; 0 = one per processor
}

// Run scores a model on each trace, every sample after the warm-up an origin. Progress,
// which may be nil, gets a line per finished series.
//
// A series that cannot be scored is in the report with its error. Run itself returns an
// error only if ctx ends.
func Run(ctx context.Context, traces []trace.Trace, opts Options, progress io.Writer) (Report, error) {
	if opts.Model == nil {
		opts.Model = auto.New(auto.Options{})
	}
	if opts.Name == "" {
		opts.Name = auto.Auto
	}
	if opts.Workers <= 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	if progress == nil {
		progress = io.Discard
	}
	report := Report{Schema: Schema, Model: opts.Name, Series: make([]Series, len(traces))}
	next := make(chan int)
	var (
		wg sync.WaitGroup
		mu sync.Mutex // guards progress and done
	)
	done := 0
	for range opts.Workers {
		wg.Go(func() {
			for i := range next {
				report.Series[i] = one(ctx, opts.Model, traces[i])
				mu.Lock()
				done++
				fmt.Fprintf(progress, "%d/%d %s\n", done, len(traces), traces[i].Name)
				mu.Unlock()
			}
		})
	}
	for i := range traces {
		next <- i
	}
	close(next)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return Report{}, fmt.Errorf("accuracy: %w", err)
	}
	report.summarize()
	return report, nil
}

// one scores one trace.
func one(ctx context.Context, model forecast.Model, t trace.Trace) Series {
	s := prepare(t)
	out := Series{Name: t.Name, Step: s.Step.Seconds(), Rungs: []Rung{}}
	scores, err := evaluate(ctx, model, s)
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			out.Error = err.Error()
		}
		return out
	}
	season := max(1, min(int(24*time.Hour/s.Step), warmup(s)/2))
	scale := score.SeasonalScale(s.Values[:warmup(s)], season)
	for _, r := range scores {
		out.Rungs = append(out.Rungs, r.rung(s.Step, scale))
	}
	return out
}
