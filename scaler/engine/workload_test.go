package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/model"
)

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

func spec() api.Spec {
	return api.Spec{
		Metric: api.MetricSpec{Query: "sum(rate(requests_total[1m]))"},
		Scale:  api.ScaleSpec{TargetPerReplica: 50, LeadTime: api.AutoDuration{Value: 2 * time.Minute}},
	}
}

// minutes returns n cells of a daily wave between 50 and 150.
func minutes(n int) forecast.Series {
	s := forecast.Series{Start: monday, Step: time.Minute, Values: make([]float64, n)}
	for i := range s.Values {
		s.Values[i] = 100 - 50*math.Cos(2*math.Pi*float64(i)/1440)
	}
	return s
}

func installed(t *testing.T, history forecast.Series) *engine.Workload {
	t.Helper()
	w, err := engine.New(spec())
	require.NoError(t, err)
	fit, err := model.Fit(t.Context(), spec(), history, model.Options{})
	require.NoError(t, err)
	require.NoError(t, w.Install(fit))
	require.Equal(t, history.End(), w.Next())
	return w
}

// At six in the morning the wave rises by 0.2 a minute: the demand to provide for is above the last
// sample by about the rise over the lead time.
func TestDemandLeadsTheLoad(t *testing.T) {
	history := minutes(3*1440 + 360)
	w := installed(t, history)
	now := history.End()
	w.Observe(collector.Sample{Time: now, Value: 100})
	d := w.Demand(now)
	require.InDelta(t, 100, d.Observed, 0)
	require.Greater(t, d.Predicted, 100.4)
	require.Less(t, d.Predicted, 110.0)
}

func TestWithoutAFitTheObservedDemandServes(t *testing.T) {
	w, err := engine.New(spec())
	require.NoError(t, err)
	require.True(t, w.FitDue(monday))
	require.True(t, math.IsNaN(w.Demand(monday).Observed), "nothing seen is not zero")
	require.True(t, w.Observe(collector.Sample{Time: monday, Value: 42}))
	d := w.Demand(monday.Add(time.Second))
	require.InDelta(t, 42, d.Observed, 0)
	require.True(t, math.IsNaN(d.Predicted))
}

func TestObserveRefusesWhatCannotBeDemand(t *testing.T) {
	w, err := engine.New(spec())
	require.NoError(t, err)
	require.True(t, w.Observe(collector.Sample{Time: monday, Value: 42}))
	for name, s := range map[string]collector.Sample{
		"NaN":      {Time: monday.Add(time.Second), Value: math.NaN()},
		"infinite": {Time: monday.Add(time.Second), Value: math.Inf(1)},
		"negative": {Time: monday.Add(time.Second), Value: -1},
		"older":    {Time: monday.Add(-time.Second), Value: 1},
		"same":     {Time: monday, Value: 1},
	} {
		require.False(t, w.Observe(s), name)
	}
	require.InDelta(t, 42, w.Latest().Value, 0)
}

// Without samples the last one holds until the TTL; after it the demand is unknown, and not zero.
func TestNoSamplesDoNotMeanNoDemand(t *testing.T) {
	history := minutes(2 * 1440)
	w := installed(t, history)
	now := history.End()
	w.Observe(collector.Sample{Time: now, Value: 80})
	require.InDelta(t, 80, w.Demand(now.Add(5*time.Minute)).Observed, 0)
	require.True(t, math.IsNaN(w.Demand(now.Add(5*time.Minute+time.Second)).Observed))
}

// A burst that is seen between two cells raises the demand to provide for at once.
func TestABurstRaisesTheForecast(t *testing.T) {
	history := minutes(2 * 1440)
	w := installed(t, history)
	now := history.End()
	w.Observe(collector.Sample{Time: now, Value: 50})
	calm := w.Demand(now)
	w.Observe(collector.Sample{Time: now.Add(15 * time.Second), Value: 500})
	burst := w.Demand(now.Add(15 * time.Second))
	require.GreaterOrEqual(t, burst.Predicted, 500.0)
	require.Less(t, calm.Predicted, 100.0)
}

func TestAppend(t *testing.T) {
	history := minutes(1440)
	w := installed(t, history)
	cells := forecast.Series{Start: history.End(), Step: time.Minute, Values: []float64{51, 52, 53}}
	require.NoError(t, w.Append(cells))
	require.Equal(t, cells.End(), w.Next())
	require.NoError(t, w.Append(cells), "known cells are passed over")
	require.Equal(t, cells.End(), w.Next())

	later := forecast.Series{Start: cells.End().Add(4 * time.Minute), Step: time.Minute, Values: []float64{54}}
	require.NoError(t, w.Append(later), "a hole is silence")
	require.Equal(t, later.End(), w.Next())

	other := forecast.Series{Start: later.End(), Step: time.Hour, Values: []float64{1}}
	require.ErrorContains(t, w.Append(other), "step of 1h, the workload 1m")

	distant := forecast.Series{Start: later.End().Add(30 * 24 * time.Hour), Step: time.Minute, Values: []float64{1}}
	require.ErrorContains(t, w.Append(distant), "longer than the history")
}

// A fit that took ten minutes catches up with the cells that closed meanwhile:
// the state is that of a fit that took none.
func TestInstallCatchesUp(t *testing.T) {
	all := minutes(2*1440 + 10)
	slow, err := model.Fit(t.Context(), spec(), all.Slice(0, 2*1440), model.Options{})
	require.NoError(t, err)
	late, err := engine.New(spec())
	require.NoError(t, err)
	require.NoError(t, late.Append(all))
	require.NoError(t, late.Install(slow))
	require.Equal(t, all.End(), late.Next())

	prompt, err := engine.New(spec())
	require.NoError(t, err)
	again, err := model.Fit(t.Context(), spec(), all.Slice(0, 2*1440), model.Options{})
	require.NoError(t, err)
	require.NoError(t, prompt.Install(again))
	require.NoError(t, prompt.Append(all))
	require.Equal(t, prompt.Forecast().Values, late.Forecast().Values)
}

func TestInstallRefusesAFitOfLongAgo(t *testing.T) {
	all := minutes(3 * 1440)
	old, err := model.Fit(t.Context(), spec(), all.Slice(0, 1440), model.Options{})
	require.NoError(t, err)
	w, err := engine.New(spec())
	require.NoError(t, err)
	require.NoError(t, w.Append(all))
	require.ErrorContains(t, w.Install(old), "2880 cells ago")
	require.Empty(t, w.Model())
}

func TestNewNamesEveryFault(t *testing.T) {
	bad := spec()
	bad.Scale.TargetPerReplica = -1
	_, err := engine.New(bad)
	require.ErrorContains(t, err, "scale.targetPerReplica")
	bad = spec()
	bad.Forecast.Model = "crystal-ball"
	_, err = engine.New(bad)
	require.ErrorContains(t, err, "crystal-ball")
	require.ErrorContains(t, err, "seasonal-naive", "the known models are listed")
}

func TestTheMarginDecidesTheQuantile(t *testing.T) {
	history := minutes(2 * 1440)
	now := history.End()
	predicted := func(f api.ForecastSpec) float64 {
		s := spec()
		s.Forecast = f
		w, err := engine.New(s)
		require.NoError(t, err)
		fit, err := model.Fit(t.Context(), s, history, model.Options{})
		require.NoError(t, err)
		require.NoError(t, w.Install(fit))
		return w.Demand(now).Predicted
	}
	median := predicted(api.ForecastSpec{Risk: 0.5})
	require.InDelta(t, 1.2*median, predicted(api.ForecastSpec{Buffer: 1.2}), 1e-9, "a buffer multiplies the median")
	require.InDelta(t, predicted(api.ForecastSpec{Risk: 0.95}), predicted(api.ForecastSpec{MissingReplicaCost: 19}), 1e-9, "19/20 = 0.95")
	require.GreaterOrEqual(t, predicted(api.ForecastSpec{Risk: 0.99}), predicted(api.ForecastSpec{Risk: 0.9}))
}

// No demand is forecast for a target that never had any.
func TestNoDemandIsForecastWhereThereNeverWasAny(t *testing.T) {
	history := forecast.Series{Start: monday, Step: time.Minute, Values: make([]float64, 600)}
	w, err := engine.New(spec())
	require.NoError(t, err)
	fit, err := model.Fit(t.Context(), w.Spec(), history, model.Options{})
	require.NoError(t, err)
	require.True(t, fit.Idle)
	require.NoError(t, w.Install(fit))
	now := history.End().Add(10 * time.Second)
	require.True(t, w.Observe(collector.Sample{Time: now, Value: 0}))
	require.Zero(t, w.Demand(now).Need())

	now = now.Add(15 * time.Second)
	require.True(t, w.Observe(collector.Sample{Time: now, Value: 3}))
	require.GreaterOrEqual(t, w.Demand(now).Need(), 3.0)
	require.Positive(t, w.Demand(now).Predicted)
}

// An explanation shows the demand that is provided for, which is bounded: after one absurdly high
// sample the quantiles of the model are not.
func TestAnOutlookIsBoundedAsTheDecision(t *testing.T) {
	history := minutes(2 * 1440)
	w := installed(t, history)
	f := w.Forecast()
	for h := range f.Values {
		f.Values[h][len(f.Levels)-1], f.Peaks[h][len(f.Levels)-1] = 1e6, 1e6
		f.Values[h][len(f.Levels)-2], f.Peaks[h][len(f.Levels)-2] = 1e6, 1e6
	}
	w.Observe(collector.Sample{Time: history.End(), Value: 50})
	d := w.Demand(history.End())
	require.Less(t, d.Predicted, 1000.0)
	for _, o := range w.Outlooks(time.Minute, 5*time.Minute) {
		require.Less(t, o.Median, 100.0)
		require.LessOrEqual(t, o.Upper, 3*max(50, 1.2*o.Median), "three times what is observed or likely")
		require.Greater(t, o.Upper, o.Median)
	}
}
