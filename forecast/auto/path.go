package auto

import (
	"context"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/ensemble"
	"github.com/forescale/forescale/forecast/season"
)

// Path forecasts horizon cells after history at once. It is meant for reports and
// benchmarks; live, a [Pool] runs. It calls ensemble.Forecast, which always looks for a day
// and a week. Of opts it uses the location, and the seasons other than day and week.
func Path(ctx context.Context, history forecast.Series, horizon int, levels []float64, opts Options) (*forecast.Forecast, error) {
	others := slices.DeleteFunc(slices.Clone(opts.Seasons), func(d time.Duration) bool { return d == season.Day || d == season.Week })
	return ensemble.Forecast(ctx, history, horizon, levels, ensemble.Options{Zone: opts.Location, Periods: others})
}
