package report_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/bench/report"
	"github.com/forescale/forescale/scaler/api"
)

// What was replayed behind KEDA alone is run behind KEDA: the trigger has the spec of the
// replay, with the lead time that this took where none was stated.
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
