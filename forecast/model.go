package forecast

import (
	"context"
	"errors"
)

// ErrShortHistory reports that a series holds too few observed points for the
// model it was given to. Callers fall back to the observed demand, or to a
// simpler model.
var ErrShortHistory = errors.New("history too short")

// A Model is a forecasting method with its settings. Implementations are plain
// values: comparable settings, no state. They are safe for concurrent use.
type Model interface {
	// Fit estimates the parameters from history, which it neither changes nor
	// keeps. It is slow (milliseconds to seconds), honours ctx, and is
	// deterministic: equal histories give equal parameters. It returns an error
	// that wraps ErrShortHistory if history holds too few observed points.
	Fit(ctx context.Context, history Series) (Fitted, error)
}

// A Fitted is a model with its parameters. It never changes after Fit and is
// safe for concurrent use.
type Fitted interface {
	// Filter runs the model over history and returns the state just after it.
	// The history need not be the one that the parameters were fitted on, but
	// must have the same step. It is neither changed nor kept.
	Filter(history Series) (Filter, error)
}

// A Filter is the running state of one series. It is not safe for concurrent
// use.
//
// Filtering a history at once and updating cell by cell give the same state, so
// that a replay equals the live run bit for bit.
type Filter interface {
	// Update takes the value of the next cell, the one that starts where the
	// history or the last update ended, in O(1). NaN means that the cell has no
	// sample: time goes on, nothing is learned. An infinite or negative value
	// counts as NaN.
	Update(v float64)

	// Forecast fills dst for the cells that follow the last update. The caller
	// sets Levels and the shape by New; Forecast writes Start, Step, Values,
	// Peaks and Warnings and nothing else, does not allocate once warm, and does
	// not change the state: two calls give the same answer.
	Forecast(dst *Forecast)
}
