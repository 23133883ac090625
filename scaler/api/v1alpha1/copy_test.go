package v1alpha1

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/api"
)

const object = `{"apiVersion":"forescale.dev/v1alpha1","kind":"PredictiveAutoscaler","metadata":{"name":"web","namespace":"shop"},
"spec":{"targetRef":{"kind":"HorizontalPodAutoscaler","name":"web"},
"metric":{"query":"q","step":"30s","history":"14d","ttl":"5m"},
"forecast":{"seasons":"1d,7d","risk":"0.9","events":[{"name":"sale","start":"2026-11-27T08:00:00Z","duration":"2h","multiplier":"3"}]},
"scale":{"latencyObjective":{"quantile":"0.95","value":"200ms"},"service":{"slots":4,"time":"50ms"},"minReplicas":2,"maxReplicas":9,"leadTime":"1m30s",
"behavior":{"scaleUp":{"stabilizationWindowSeconds":0,"policies":[{"type":"Pods","value":4,"periodSeconds":15}],"tolerance":"0"}}},
"mode":"Shadow"},"status":{"currentReplicas":0,"floor":0,"desiredReplicas":-1}}`

// An object that is read and written again is unchanged, including the text of its durations and
// numbers.
func TestAnObjectSurvivesTheRoundTrip(t *testing.T) {
	var pa PredictiveAutoscaler
	require.NoError(t, json.Unmarshal([]byte(object), &pa))
	require.NoError(t, pa.Spec.Validate())
	out, err := json.Marshal(&pa)
	require.NoError(t, err)
	require.JSONEq(t, object, string(out))
}

// A copy shares nothing with its original.
func TestACopyIsDeep(t *testing.T) {
	var pa PredictiveAutoscaler
	require.NoError(t, json.Unmarshal([]byte(object), &pa))
	c := pa.DeepCopy()
	require.Equal(t, &pa, c)
	*c.Spec.Scale.MinReplicas = 7
	c.Spec.Scale.LatencyObjective.Value = 1
	c.Spec.Scale.Service.Slots = 7
	c.Spec.Scale.Behavior.ScaleUp.Policies[0].Value = 99
	*c.Spec.Scale.Behavior.ScaleUp.Tolerance = 1
	*c.Spec.Scale.Behavior.ScaleUp.StabilizationWindowSeconds = 5
	c.Spec.Forecast.Events[0].Name = "other"
	c.Spec.Forecast.Seasons[0] = api.Duration(1)
	out, err := json.Marshal(&pa)
	require.NoError(t, err)
	require.JSONEq(t, object, string(out), "the original is untouched")
}

// An object that passes the schema but cannot be decoded carries its error: an error of the decoder
// would end the watch of all objects. What can be decoded is kept, above all the target.
func TestAnObjectThatCannotBeDecodedCarriesItsError(t *testing.T) {
	for wrong, want := range map[string]string{
		`"leadTime":"0s"`:          `scale.leadTime: "0s": want auto or a duration above 0`,
		`"leadTime":"99999d"`:      `scale.leadTime: "99999d": want auto or a duration above 0`,
		`"activationThreshold":{}`: `scale.activationThreshold: want text, found an object`,
	} {
		text := strings.Replace(object, `"leadTime":"1m30s"`, wrong, 1)
		var list PredictiveAutoscalerList
		require.NoError(t, json.Unmarshal([]byte(`{"items":[`+text+`,`+object+`]}`), &list))
		require.ErrorContains(t, list.Items[0].Spec.Validate(), want)
		require.Equal(t, "web", list.Items[0].Spec.TargetRef.Name)
		require.Equal(t, api.Shadow, list.Items[0].Spec.Mode)
		require.Equal(t, "q", list.Items[0].Spec.Metric.Query)
		require.NoError(t, list.Items[1].Spec.Validate())
	}
	for range 8 { // in one order, or the status would change with each look
		var in Spec
		require.NoError(t, json.Unmarshal([]byte(`{"targetRef":5,"podCPU":5}`), &in))
		require.Regexp(t, `(?s)^targetRef: .*podCPU: `, in.Unread)
	}
	text := strings.Replace(object, `"1d,7d"`, `"7d,1d"`, 1)
	var pa PredictiveAutoscaler
	require.NoError(t, json.Unmarshal([]byte(text), &pa))
	require.ErrorContains(t, pa.Spec.Validate(), `forecast.seasons: "7d,1d": want the periods ascending`)
	require.ErrorContains(t, pa.DeepCopy().Spec.Validate(), "ascending")
	require.NoError(t, json.Unmarshal([]byte(object), &pa), "corrected")
	require.NoError(t, pa.Spec.Validate())
	require.Error(t, json.Unmarshal([]byte(`{"spec":[]}`), &pa))
}

// Unknown fields, of a newer CRD, are named, and do not prevent acting on the known ones.
func TestFieldsThatAreNotKnownAreNamed(t *testing.T) {
	const known = `"targetRef":{"name":"web"},"metric":{"query":"q"},"scale":{"targetPerReplica":"10"`
	for text, want := range map[string]string{
		`{"targetRef":{"name":"web","cluster":"b"},"metric":{"query":"q"},"scale":{"targetPerReplica":"10"},"mood":"calm"}`: "targetRef.cluster: unknown key, known here: kind, name\n" +
			"mood: unknown key, did you mean mode?",
		`{` + known + `}}`: "",
		`{` + known + `,"zones":3},"mood":"calm"}`: "mood: unknown key, did you mean mode?\nscale.zones: unknown key, known here: " +
			"targetPerReplica, latencyObjective, service, minReplicas, maxReplicas, leadTime, activationThreshold, scaleDown, behavior",
	} {
		var in Spec
		require.NoError(t, json.Unmarshal([]byte(text), &in))
		require.Equal(t, want, in.Unknown)
		require.Empty(t, in.Unread)
		require.NoError(t, in.Validate())
		require.Equal(t, "web", in.TargetRef.Name)
		require.InDelta(t, 10, in.Scale.TargetPerReplica.Float(), 0)
	}
}
