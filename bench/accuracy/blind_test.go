package accuracy

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
)

// tape is the pool with all its forecasts written down.
type tape struct{ said *[]float64 }

type tapeFitted struct {
	forecast.Fitted
	said *[]float64
}

type tapeFilter struct {
	forecast.Filter
	said *[]float64
}

func (m tape) Fit(ctx context.Context, history forecast.Series) (forecast.Fitted, error) {
	f, err := auto.New(auto.Options{}).Fit(ctx, history)
	return tapeFitted{f, m.said}, err
}

func (f tapeFitted) Filter(history forecast.Series) (forecast.Filter, error) {
	s, err := f.Fitted.Filter(history)
	return tapeFilter{s, f.said}, err
}

func (f tapeFilter) Forecast(dst *forecast.Forecast) {
	f.Filter.Forecast(dst)
	for h, row := range dst.Values {
		*f.said = append(*f.said, row...)
		*f.said = append(*f.said, dst.Peaks[h]...)
	}
}

// Changing what comes after an origin changes no forecast made at or before it.
func TestFutureChangesNoForecast(t *testing.T) {
	one := generate("closed at night", 12)
	other := one
	other.Values = slices.Clone(one.Values)
	const changed = 10 * perDay
	for i := changed; i < len(other.Values); i++ {
		other.Values[i] = 7*other.Values[i] + 3
	}
	var a, b []float64
	for _, run := range []struct {
		load trace.Trace
		said *[]float64
	}{{one, &a}, {other, &b}} {
		_, err := Run(t.Context(), []trace.Trace{run.load}, Options{Model: tape{run.said}, Workers: 1}, nil)
		require.NoError(t, err)
	}
	require.Len(t, b, len(a))
	// the first forecast is that after the warm-up of eight days, then one per sample
	const each = 2 * 12 * 7 // values and peaks of an hour at seven levels
	require.Len(t, a, each*(4*perDay+1))
	upTo := each * (changed - 8*perDay + 1)
	require.True(t, slices.Equal(a[:upTo], b[:upTo]), "forecasts before the change")
	require.False(t, slices.Equal(a[upTo:], b[upTo:]), "the change is seen once it has come")
}
