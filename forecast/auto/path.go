package auto

import (
	"context"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/ensemble"
)

// PathOptions are the settings of [Path]. The zero value is ready to use.
type PathOptions = ensemble.Options

// Path forecasts the horizon cells after history at once, for a report or a
// benchmark; [Pool] is what runs. It is ensemble.Forecast.
func Path(ctx context.Context, history forecast.Series, horizon int, levels []float64, opts PathOptions) (*forecast.Forecast, error) {
	return ensemble.Forecast(ctx, history, horizon, levels, opts)
}
