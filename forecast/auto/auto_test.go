package auto_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/forecasttest"
)

func TestPoolKeepsTheContract(t *testing.T) {
	forecasttest.TestModel(t, auto.New(auto.Options{}))
}

// An ending is a context that ends once it has been asked so often.
type ending struct {
	context.Context //nolint:containedctx // it is one

	asked int
}

func (e *ending) Err() error {
	if e.asked--; e.asked >= 0 {
		return nil
	}
	return context.Canceled
}

// What a fit has found by the time its context ends is not handed out: smoothing would be missing.
func TestAFitThatIsCalledOffGivesNothing(t *testing.T) {
	for asked := range 4 {
		fitted, err := auto.New(auto.Options{}).Fit(&ending{t.Context(), asked}, forecasttest.Hourly(300, 100, 1))
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "auto: fit: ")
		require.Nil(t, fitted)
	}
}
