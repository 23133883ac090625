package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/model"
)

// A constant load of five times what a replica carries needs five replicas.
func TestAConstantLoadNeedsNoMoreThanItShows(t *testing.T) {
	for name, f := range map[string]api.ForecastSpec{"quantile": {Risk: 0.99}, "buffer of none": {Buffer: 1}} {
		t.Run(name, func(t *testing.T) {
			s := spec()
			s.Forecast, s.Scale.TargetPerReplica = f, 50
			history := minutes(3 * 1440)
			for i := range history.Values {
				history.Values[i] = 250
			}
			w, err := engine.New(s)
			require.NoError(t, err)
			fit, err := model.Fit(t.Context(), s, history, model.Options{})
			require.NoError(t, err)
			require.NoError(t, w.Install(fit))
			now := history.End()
			w.Observe(collector.Sample{Time: now, Value: 250})
			require.EqualValues(t, 5, w.Decide(now, engine.Target{Current: 5, Ready: 5, Missed: 0}).Replicas)
			require.InDelta(t, 250, w.Answer(now, w.Demand(now)), 0)
		})
	}
}

// A wave falls: at six in the evening the next minutes are forecast below the last sample. Less than
// that is provided for only if the specification allows it, and once the forecast was scored.
func TestAForecastLowersOnlyWhereAllowed(t *testing.T) {
	const evening = 3*1440 + 18*60
	for name, tt := range map[string]struct {
		ask    bool
		scored int // minutes that the workload has run
		takes  bool
	}{
		"never by default":   {false, 400, false},
		"where it may":       {true, 400, true},
		"not before a score": {true, 10, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := spec()
			s.Scale.ScaleDown = api.ScaleDownSpec{Forecast: tt.ask}
			all := minutes(evening)
			w, err := engine.New(s)
			require.NoError(t, err)
			fit, err := model.Fit(t.Context(), s, all.Slice(0, evening-tt.scored), model.Options{})
			require.NoError(t, err)
			require.NoError(t, w.Install(fit))
			for i := evening - tt.scored; i < evening; i++ {
				require.NoError(t, w.Append(all.Slice(i, i+1)))
				w.Observe(collector.Sample{Time: all.At(i + 1), Value: all.Values[i]})
				w.Demand(all.At(i + 1))
			}
			now := all.End()
			d := w.Demand(now)
			require.Less(t, d.Predicted, d.Observed, "the wave falls")
			want := d.Observed
			if tt.takes {
				want = d.Predicted
			}
			require.InDelta(t, want, w.Need(d), 0)

			later := now.Add(2 * time.Hour) // nothing is observed any more
			silent := w.Demand(later)
			require.True(t, math.IsNaN(silent.Observed))
			require.InDelta(t, 70, w.Need(scaler.Demand{Observed: math.NaN(), Predicted: 70}), 0, "all that is known")
		})
	}
}

// Beyond the highest level of the forecast a quantile continues the tail as an exponential one, with
// quantiles in proportion to −ln(1 − p). Up to that level it is the forecast's.
func TestTheTailContinuesBeyondTheHighestLevel(t *testing.T) {
	f := forecast.New(3, 0.5, 0.9, 0.99)
	f.Start, f.Step = monday, time.Minute
	for h := range f.Values {
		for q, p := range f.Levels {
			f.Values[h][q] = 100 - 10*math.Log(1-p)
			f.Peaks[h][q] = f.Values[h][q]
		}
	}
	for _, p := range []float64{0.5, 0.9, 0.99, 0.995, 0.999, 0.99997} {
		require.InDelta(t, 100-10*math.Log(1-p), engine.DemandAt(f, p, monday, monday.Add(2*time.Minute)), 1e-9, "level %v", p)
	}
}
