package telemetry_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/live"
	"github.com/forescale/forescale/scaler/shadow"
	"github.com/forescale/forescale/scaler/telemetry"
)

type answers map[live.Key]live.Answer

// Each says of all but those with the metric "former" that somebody asks for them.
func (a answers) Each(f func(live.Key, live.Answer, bool)) {
	for k, v := range a {
		f(k, v, k.Metric != "former")
	}
}

// Worths tells of one workload, whose forecast has lost, whatever the answers are.
func (a answers) Worths(f func(live.Key, live.Worth)) {
	var t shadow.Tally
	t.Scored = 3600
	t.Standings[shadow.Forescale] = shadow.Standing{Short: 15, Replicas: 36000}
	t.Standings[shadow.Plain] = shadow.Standing{Short: 360, Replicas: 35000}
	t.Standings[shadow.Cautious] = shadow.Standing{Short: 30, Replicas: 50000}
	f(live.Key{Namespace: "shop", Name: "web", Metric: "m"}, live.Worth{Tally: t, Skill: 1.25})
}

func TestWorkloadsExportTheirScore(t *testing.T) {
	w, err := telemetry.NewWorkloads(prometheus.NewPedanticRegistry(), answers{}, time.Now)
	require.NoError(t, err)
	require.NoError(t, testutil.CollectAndCompare(w, strings.NewReader(`
# HELP forescale_scored_seconds_total Time over which the policies were compared in memory.
# TYPE forescale_scored_seconds_total counter
forescale_scored_seconds_total{metric="m",name="web",namespace="shop"} 3600
# HELP forescale_policy_short_seconds_total Time for which the policy would have had too few ready replicas.
# TYPE forescale_policy_short_seconds_total counter
forescale_policy_short_seconds_total{metric="m",name="web",namespace="shop",policy="forescale"} 15
forescale_policy_short_seconds_total{metric="m",name="web",namespace="shop",policy="hpa"} 360
forescale_policy_short_seconds_total{metric="m",name="web",namespace="shop",policy="hpa-70"} 30
# HELP forescale_policy_replica_seconds_total Replicas over time that the policy would have had.
# TYPE forescale_policy_replica_seconds_total counter
forescale_policy_replica_seconds_total{metric="m",name="web",namespace="shop",policy="forescale"} 36000
forescale_policy_replica_seconds_total{metric="m",name="web",namespace="shop",policy="hpa"} 35000
forescale_policy_replica_seconds_total{metric="m",name="web",namespace="shop",policy="hpa-70"} 50000
`), "forescale_scored_seconds_total", "forescale_policy_short_seconds_total", "forescale_policy_replica_seconds_total"))
}

// A forecast that is not scored yet has no score, and is not called trusted.
func TestWorkloadsExportTheTrustInTheirForecast(t *testing.T) {
	w, err := telemetry.NewWorkloads(prometheus.NewPedanticRegistry(), worths{
		"lost": {Skill: 1.25}, "ahead": {Skill: 0.7, Trusted: true}, "new": {Skill: math.NaN(), Trusted: true},
	}, time.Now)
	require.NoError(t, err)
	require.NoError(t, testutil.CollectAndCompare(w, strings.NewReader(`
# HELP forescale_forecast_loss_ratio Loss of the forecast over that of the last value; below 1 the forecast is the better one.
# TYPE forescale_forecast_loss_ratio gauge
forescale_forecast_loss_ratio{metric="m",name="ahead",namespace="shop"} 0.7
forescale_forecast_loss_ratio{metric="m",name="lost",namespace="shop"} 1.25
# HELP forescale_forecast_trusted Whether the forecast acts: 0 while the last value stands in for it.
# TYPE forescale_forecast_trusted gauge
forescale_forecast_trusted{metric="m",name="ahead",namespace="shop"} 1
forescale_forecast_trusted{metric="m",name="lost",namespace="shop"} 0
`), "forescale_forecast_loss_ratio", "forescale_forecast_trusted"))
}

// worths are workloads of the namespace shop by name.
type worths map[string]live.Worth

func (worths) Each(func(live.Key, live.Answer, bool)) {}

func (w worths) Worths(f func(live.Key, live.Worth)) {
	for name, worth := range w {
		f(live.Key{Namespace: "shop", Name: name, Metric: "m"}, worth)
	}
}

// A target that is still to be learned is left out, since one cannot divide by zero, and so is a
// demand that is unknown.
func TestWhatIsNotKnownIsNotExported(t *testing.T) {
	w, err := telemetry.NewWorkloads(prometheus.NewPedanticRegistry(), answers{
		{Namespace: "shop", Name: "web", Metric: "m"}: {Observed: math.NaN(), Predicted: math.NaN(), Err: errors.New("not learned")},
	}, time.Now)
	require.NoError(t, err)
	for _, name := range []string{"forescale_target_per_replica", "forescale_demand_observed", "forescale_demand_predicted", "forescale_demand_served"} {
		require.Zero(t, testutil.CollectAndCount(w, name), name)
	}
}

// Correcting the query of a trigger gives it another metric name, and the former one fails until it
// is forgotten: that does not count as a failure.
func TestAFailureOfAMetricThatIsNotWantedDoesNotCount(t *testing.T) {
	w, err := telemetry.NewWorkloads(prometheus.NewPedanticRegistry(), answers{
		{Namespace: "shop", Name: "web", Metric: "former"}: {Active: true, Err: errors.New("no data")},
		{Namespace: "shop", Name: "web", Metric: "m"}:      {Value: 120, Target: 50, Active: true},
		{Namespace: "shop", Name: "api", Metric: "m"}:      {Active: true, Err: errors.New("no data")},
	}, time.Now)
	require.NoError(t, err)
	require.NoError(t, testutil.CollectAndCompare(w, strings.NewReader(`
# HELP forescale_answer_failing Whether there is no answer for the autoscaler: 1 while there is none.
# TYPE forescale_answer_failing gauge
forescale_answer_failing{metric="m",name="api",namespace="shop"} 1
forescale_answer_failing{metric="m",name="web",namespace="shop"} 0
# HELP forescale_workloads Workloads kept.
# TYPE forescale_workloads gauge
forescale_workloads 3
`), "forescale_answer_failing", "forescale_workloads"))
}

func TestWorkloadsExportTheirAnswers(t *testing.T) {
	now := time.Unix(1000, 0)
	reg := prometheus.NewPedanticRegistry()
	w, err := telemetry.NewWorkloads(reg, answers{
		{Namespace: "shop", Name: "web", Metric: "m"}: {Value: 120, Target: 50, Active: true, At: now.Add(-2 * time.Second), Observed: 100, Predicted: 120},
		{Namespace: "shop", Name: "api", Metric: "m"}: {Target: 10, Active: true, At: now, Observed: math.NaN(), Predicted: math.NaN(), Err: errors.New("no data")},
	}, func() time.Time { return now })
	require.NoError(t, err)
	require.NoError(t, testutil.CollectAndCompare(w, strings.NewReader(`
# HELP forescale_demand_served Demand in the answer to the autoscaler, in the unit of the metric.
# TYPE forescale_demand_served gauge
forescale_demand_served{metric="m",name="web",namespace="shop"} 120
# HELP forescale_answer_failing Whether there is no answer for the autoscaler: 1 while there is none.
# TYPE forescale_answer_failing gauge
forescale_answer_failing{metric="m",name="api",namespace="shop"} 1
forescale_answer_failing{metric="m",name="web",namespace="shop"} 0
# HELP forescale_answer_age_seconds Time since the tick that made the answer.
# TYPE forescale_answer_age_seconds gauge
forescale_answer_age_seconds{metric="m",name="api",namespace="shop"} 0
forescale_answer_age_seconds{metric="m",name="web",namespace="shop"} 2
# HELP forescale_workloads Workloads kept.
# TYPE forescale_workloads gauge
forescale_workloads 2
`), "forescale_demand_served", "forescale_answer_failing", "forescale_answer_age_seconds", "forescale_workloads"))
	problems, err := testutil.CollectAndLint(w)
	require.NoError(t, err)
	require.Empty(t, problems)
}
