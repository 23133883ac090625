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
	"github.com/forescale/forescale/scaler/telemetry"
)

type answers map[live.Key]live.Answer

func (a answers) Each(f func(live.Key, live.Answer)) {
	for k, v := range a {
		f(k, v)
	}
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
# HELP forescale_demand_served Demand that is served to the autoscaler.
# TYPE forescale_demand_served gauge
forescale_demand_served{metric="m",name="web",namespace="shop"} 120
# HELP forescale_answer_failing Whether nothing can be served.
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
