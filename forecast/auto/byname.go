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
	day, week := time.Duration(0), time.Duration(0) // the models' own defaults
	if n := len(opts.Seasons); n > 0 {
		day, week = opts.Seasons[0], opts.Seasons[n-1]
	}
	single := func(form ets.Form) ets.Model {
		m := ets.HoltWinters(form)
		m.Period, m.Zone = day, opts.Location
		if opts.NoSeasons {
			m.Seasons = ets.None
		}
		return m
	}
	switch name {
	case Auto:
		return New(opts), nil
	case Naive:
		return baseline.Naive{}, nil
	case SeasonalNaive:
		return baseline.SeasonalNaive{Season: day, Zone: opts.Location}, nil
	case Drift:
		return baseline.Drift{}, nil
	case HoltWinters:
		return single(ets.Additive), nil
	case HoltWintersMultiplicative:
		return single(ets.Multiplicative), nil
	case HoltWintersDouble:
		m := ets.DoubleSeasonal(ets.Log) // its offset keeps zeros finite
		m.Zone = opts.Location
		switch {
		case opts.NoSeasons:
			m.Seasons = ets.None
		case len(opts.Seasons) > 1:
			m.Period, m.LongPeriod = day, week
		}
		return m, nil
	case Regress:
		return &regress.Model{Zone: opts.Location}, nil
	case LSTM:
		return trained(opts.Network)
	}
	return nil, fmt.Errorf("unknown model %q, want one of %s", name, strings.Join(Names(), ", "))
}

func trained(n *lstm.Network) (forecast.Model, error) {
	if n == nil {
		return nil, errors.New("model lstm needs the weights of a network, and none is given")
	}
	return lstm.Model{Network: n}, nil
}
