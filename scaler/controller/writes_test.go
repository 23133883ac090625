package controller

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/hpa"
	"github.com/forescale/forescale/scaler/live"
	"github.com/forescale/forescale/scaler/model"
)

// writes are what the API server has to bear for one object.
type writes struct{ floors, scales, statuses, events int }

func (w writes) total() int { return w.floors + w.scales + w.statuses + w.events }

// A day of one object on a simulated clock: the engine decides every 15 s, on
// samples of demand as new, and what the controller would write is counted, with
// the scale subresource of a cluster before 1.37.
func aDayOf(t *testing.T, name string, demand func(time.Time) float64) writes {
	t.Helper()
	now := time.Date(2026, 3, 9, 0, 0, 0, 0, time.UTC)
	spec := api.Spec{
		Metric: api.MetricSpec{Query: "demand", History: api.Duration(7 * 24 * time.Hour)}, Forecast: api.ForecastSpec{Model: name},
		Scale: api.ScaleSpec{TargetPerReplica: 10},
	}
	w, err := engine.New(spec)
	require.NoError(t, err)
	history := forecast.Series{Start: now.Add(-7 * 24 * time.Hour), Step: time.Minute, Values: make([]float64, 7*24*60)}
	cell := func(start time.Time) (sum float64) {
		for i := range 4 {
			sum += demand(start.Add(time.Duration(i+1)*15*time.Second)) / 4
		}
		return sum
	}
	for i := range history.Values {
		history.Values[i] = cell(history.Start.Add(time.Duration(i) * time.Minute))
	}
	fit, err := model.Fit(t.Context(), spec, history, model.Options{})
	require.NoError(t, err)
	require.NoError(t, w.Install(fit))

	kind, err := hpa.KindOf("")
	require.NoError(t, err)
	view := hpa.View{Kind: kind, Name: types.NamespacedName{Namespace: "shop", Name: "web"}, UID: "1", Min: new(int32(2)), Max: 100}
	x := &target{object: &v1alpha1.PredictiveAutoscaler{Spec: v1alpha1.Spec{Spec: spec}}, view: &view, changed: now}
	o := Options{}.withDefaults()
	var out writes
	for end := now.Add(24 * time.Hour); now.Before(end); now = now.Add(15 * time.Second) {
		if now.Truncate(time.Minute).Equal(now) && now.After(w.Next()) {
			require.NoError(t, w.Append(forecast.Series{Start: w.Next(), Step: time.Minute, Values: []float64{cell(w.Next())}}))
		}
		w.Observe(collector.Sample{Time: now, Value: demand(now)})
		view.Current = x.verdict.InForce // the pods have followed the floor of a step ago
		x.verdict = x.floor.Judge(x.view, now)
		seen := x.seen()
		seen.Ready = x.verdict.InForce
		d := w.Decide(now, seen)
		x.scale = live.Scale{Decision: d, Demand: w.Demand(now), Target: w.Target(), LeadTime: w.LeadTime(), Model: w.Model(), Trusted: w.Trusted(), Skill: w.Skill()}
		out.count(x, now, o)
	}
	return out
}

// count does what the plan asks for, to the view, and counts it.
func (w *writes) count(x *target, now time.Time, o Options) {
	if a, floor := x.plan(now, o); a != keep {
		before, after := *x.view, *x.view
		after.Min = new(floor)
		var claim *hpa.Claim
		switch a {
		case raise:
			w.floors++
			if !x.patient(floor) {
				w.scales++
			}
			claim = &hpa.Claim{Original: x.verdict.Original, Floor: floor}
		case lower:
			w.floors++
			claim = &hpa.Claim{Original: x.verdict.Original, Floor: floor}
		case release:
			w.floors += 2 // the value, and then the traces
		case keep:
		}
		after.Claim = claim
		x.floor.Wrote(&after, claim)
		*x.view, x.lastWrite = after, now
		if x.worthAnEvent(&before, &after) {
			w.events++
		}
		x.verdict = x.floor.Judge(x.view, now)
	}
	if next, worth := x.nextStatus(now, o); worth {
		x.status, x.written = next, now
		w.statuses++
	}
}

// The load on the API server: only the first statuses for a steady workload, and a few writes an
// hour for daily waves with noise of 3 %, including those of the count, which are not needed from
// Kubernetes 1.37 on.
func TestWritesPerHour(t *testing.T) {
	steady := aDayOf(t, "auto", func(time.Time) float64 { return 15 })
	require.Zero(t, steady.floors+steady.events)
	require.LessOrEqual(t, steady.statuses, 3, "the first ones")

	const objects = 2
	for name, c := range map[string]struct{ low, high float64 }{
		"10 to 30 replicas": {100, 300},
		"3 to 30 replicas":  {30, 300},
	} {
		t.Run(name, func(t *testing.T) {
			var all writes
			for i := range uint64(objects) {
				random := rand.New(rand.NewPCG(7, i))
				phase := random.Float64() * 2 * math.Pi
				one := aDayOf(t, "auto", func(at time.Time) float64 {
					x := 2*math.Pi*float64(at.Unix()%86400)/86400 + phase
					return ((c.low+c.high)/2 - (c.high-c.low)/2*math.Cos(x)) * (1 + 0.03*random.NormFloat64())
				})
				all.floors += one.floors
				all.scales += one.scales
				all.statuses += one.statuses
				all.events += one.events
			}
			perHour := float64(all.total()) / objects / 24
			t.Logf("%.2f writes per object and hour, %.2f without those of the count (seed 7, %d objects, a day: %+v)",
				perHour, perHour-float64(all.scales)/objects/24, objects, all)
			require.Less(t, perHour, 5.0)
		})
	}
}
