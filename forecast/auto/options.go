package auto

import (
	"time"

	"github.com/forescale/forescale/forecast/lstm"
)

// The models that [ByName] knows.
const (
	Auto                      = "auto"                        // the pool that learns which expert to believe
	Naive                     = "naive"                       // the last value
	SeasonalNaive             = "seasonal-naive"              // the value one season ago
	Drift                     = "drift"                       // the last value and the mean slope
	HoltWinters               = "holt-winters"                // additive, one season
	HoltWintersMultiplicative = "holt-winters-multiplicative" // multiplicative, one season
	HoltWintersDouble         = "holt-winters-double"         // day and week, AR(1) errors
	Regress                   = "regress"                     // ridge regression on seasonal lags
	LSTM                      = "lstm"                        // a trained network; needs Options.Network
)

// Options are the settings of all models by name, of which each takes those that it has a
// use for. The zero value finds the seasons in the data and follows UTC.
type Options struct {
	// Location is the zone whose wall clock the seasons follow; nil means UTC.
	Location *time.Location

	// Seasons are the periods of the series, ascending; nil means that day and week
	// are tried and others looked for in the data. Besides day and week the pool keeps the
	// two shortest. A model of one season takes the shortest. Holt–Winters of two seasons
	// takes the shortest and the longest, and its own day and week if only one is given.
	// regress always has a day and a week.
	Seasons []time.Duration

	// NoSeasons says that the series has no season: to the pool, and to Holt–Winters.
	NoSeasons bool

	// Network is a trained LSTM: one more expert of the pool, and the model named LSTM.
	// nil means the network of package prior, which leaves the pool after two days; there
	// is then no model named LSTM.
	Network *lstm.Network
}
