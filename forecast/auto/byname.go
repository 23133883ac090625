package auto

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/baseline"
	"github.com/forescale/forescale/forecast/ets"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/regress"
)

// Names returns the names that [ByName] knows, the recommended one first.
func Names() []string {
	return []string{Auto, Naive, SeasonalNaive, Drift, HoltWinters, HoltWintersMultiplicative, HoltWintersDouble, Regress, LSTM}
}

// ByName returns the model of a name with the given settings. It returns an
// error that lists the names for an unknown one.
func ByName(name string, opts Options) (forecast.Model, error) {
	switch name {
	case Auto:
		return New(opts), nil
	case Naive:
		return baseline.Naive{}, nil
	case SeasonalNaive:
		return baseline.SeasonalNaive{Season: opts.shortest(), Zone: opts.Location}, nil
	case Drift:
		return baseline.Drift{}, nil
	case HoltWinters:
		return holtWinters(ets.HoltWinters(ets.Additive), opts), nil
	case HoltWintersMultiplicative:
		return holtWinters(ets.HoltWinters(ets.Multiplicative), opts), nil
	case HoltWintersDouble:
		return holtWinters(ets.DoubleSeasonal(ets.Log), opts), nil // its offset keeps zeros finite
	case Regress:
		return &regress.Model{Zone: opts.Location}, nil
	case LSTM:
		return trained(opts.Network)
	}
	return nil, fmt.Errorf("unknown model %q, want one of %s", name, strings.Join(Names(), ", "))
}

// holtWinters returns m with the seasons and the zone of opts.
func holtWinters(m ets.Model, opts Options) ets.Model {
	m.Zone = opts.Location
	switch n := len(opts.Seasons); {
	case opts.NoSeasons:
		m.Seasons = ets.None
	case m.Seasons == ets.One:
		m.Period = opts.shortest()
	case n > 1:
		m.Period, m.LongPeriod = opts.Seasons[0], opts.Seasons[n-1]
	}
	return m
}

// shortest returns the shortest season, 0 if none is given: a model's own default.
func (o Options) shortest() time.Duration {
	if len(o.Seasons) == 0 {
		return 0
	}
	return o.Seasons[0]
}

func trained(n *lstm.Network) (forecast.Model, error) {
	if n == nil {
		return nil, errors.New("model lstm needs the weights of a network, and none is given")
	}
	return lstm.Model{Network: n}, nil
}
