package report_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/bench/report"
	"github.com/forescale/forescale/scaler/api"
)

// If only KEDA was replayed, the object is a trigger for KEDA with the spec of the replay, and the
// lead time that the replay used where the spec states none.
func TestTheObjectForKEDAIsTheSpecThatWasReplayed(t *testing.T) {
	s := settings()
	s.Min, s.RateWindowS = 2, 60
	require.NoError(t, json.Unmarshal([]byte(`{
		"metric": {"query": "sum(rate(http{job=\"a\"}[5m]))", "step": "5m"},
		"forecast": {"risk": "0.99", "seasons": "1d,7d",
			"events": [{"name": "sale", "start": "2026-11-27T08:00:00Z", "duration": "4h", "multiplier": "3"}]},
		"scale": {"service": {"slots": 8, "time": "80ms"}, "latencyObjective": {"quantile": "0.99", "value": "500ms"}}}`), &s.Spec))
	recommended := func(policies ...string) string {
		var runs []report.Run
		for _, p := range policies {
			runs = append(runs, outcome("a", p, 0, 1.2))
		}
		r, err := report.New(s, []report.Trace{{Name: "a", JudgedS: 86400}}, policies, runs, nil)
		require.NoError(t, err)
		return r.Spec
	}
	require.Contains(t, recommended("hpa-rate-70", "forescale-keda", "forescale-floor"), "kind: PredictiveAutoscaler")
	require.Contains(t, recommended("hpa-rate-70"), "kind: PredictiveAutoscaler")

	require.Contains(t, recommended("hpa-rate-70", "forescale-keda", "forescale-floor-98"), "kind: ScaledObject", "a point of the frontier is nothing to run")

	trigger := func() api.Spec {
		var object struct {
			Kind string `json:"kind"`
			Spec struct {
				Min      int32 `json:"minReplicaCount"`
				Max      int32 `json:"maxReplicaCount"`
				Triggers []struct {
					Metadata map[string]string `json:"metadata"`
				} `json:"triggers"`
			} `json:"spec"`
		}
		require.NoError(t, yaml.Unmarshal([]byte(recommended("hpa-rate-70", "forescale-keda")), &object))
		require.Equal(t, "ScaledObject", object.Kind)
		require.Equal(t, s.Min, object.Spec.Min)
		require.Equal(t, s.Max, object.Spec.Max)
		spec, err := api.FromMetadata(object.Spec.Triggers[0].Metadata)
		require.NoError(t, err)
		return spec
	}
	want := s.Spec
	want.Scale.LeadTime = api.AutoDuration{Value: 113 * time.Second} // 82.66 s and half a minute
	require.Equal(t, want, trigger())

	s.StartupP90S = 2 * 3600
	require.Equal(t, api.AutoDuration{Value: time.Hour}, trigger().Scale.LeadTime, "the most that a spec may state")

	s.Min, s.Spec.Scale.LeadTime = 0, api.AutoDuration{Value: 90 * time.Second}
	want = s.Spec
	want.Scale.MinReplicas = &s.Min // 0 of the object alone would not tell
	require.Equal(t, want, trigger())
}

// The verdict and the object are about the same policy: else the verdict would promise what is not
// run.
func TestTheVerdictIsAboutWhatIsToBeRun(t *testing.T) {
	reference, floor, keda := outcome("a", "hpa-rate-70", 0.04, 1.4), outcome("a", "forescale-floor", 0.08, 1.12), outcome("a", "forescale-keda", 0.09, 1.05)
	r := of(t, reference, floor, keda)
	require.Equal(t, "forescale-floor", r.Verdict.Policy)
	require.Contains(t, r.Spec, "kind: PredictiveAutoscaler")
	require.Contains(t, r.Verdict.Sentences, "Behind KEDA (forescale-keda) it violates the objective for 0.090 % of the time (1.3 min a day) at 1.05 ×.")

	r = of(t, reference, keda)
	require.Equal(t, "forescale-keda", r.Verdict.Policy)
	require.Contains(t, r.Spec, "kind: ScaledObject")
	var text strings.Builder
	require.NoError(t, r.WriteTable(&text))
	require.Contains(t, text.String(), "\n# What was replayed, to run it:\napiVersion: keda.sh/v1alpha1\n")
	require.NotContains(t, strings.Join(r.Verdict.Sentences, "\n"), "Behind KEDA")

	fixed, dearer := outcome("a", "forescale-floor-98", 0.05, 1.1), outcome("a", "forescale-floor-99.5", 0.01, 1.2)
	r = of(t, reference, fixed, dearer)
	require.Equal(t, "forescale-floor-98 keeps the objective with 21 % fewer replica-hours than hpa-rate-70.", r.Verdict.Headline)
	require.Contains(t, r.Spec, `risk: "0.98"`)
	require.NotContains(t, r.Spec, "violationTarget")
	require.Contains(t, of(t, reference, outcome("a", "forescale-keda-99.9", 0.05, 1.1)).Spec, `forecast.risk: "0.999"`)
	require.Equal(t, "forescale-floor", of(t, reference, fixed, floor).Verdict.Policy, "the spec comes first")
}
