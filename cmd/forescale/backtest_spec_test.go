package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSpecsOfABacktest(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a spec":             {`scale: {targetPerReplica: "50"}`, ""},
		"an object":          {"# for the web\n---\nkind: HorizontalPodAutoscaler\nspec: {minReplicas: 1}\n---\nkind: PredictiveAutoscaler\nspec: {targetRef: {name: web}, podCPU: true, scale: {targetPerReplica: \"50\"}}\n", ""},
		"another object":     {"kind: Deployment\nspec: {replicas: 3}\n", "neither a spec nor a PredictiveAutoscaler"},
		"a trigger":          {"kind: ScaledObject\nspec:\n  triggers:\n  - {type: cpu, metadata: {value: \"60\"}}\n  - type: external\n    metadata: {scalerAddress: \"a:1\", metric.query: up, scale.targetPerReplica: \"50\"}\n", ""},
		"two objects":        {"kind: PredictiveAutoscaler\nspec: {scale: {targetPerReplica: \"50\"}}\n---\nkind: PredictiveAutoscaler\nspec: {scale: {targetPerReplica: \"60\"}}\n", "more than one document or object has a spec, want one"},
		"two specs":          {"scale: {targetPerReplica: \"50\"}\n---\nscale: {targetPerReplica: \"60\"}\n", "more than one document or object has a spec, want one"},
		"a list":             {"apiVersion: v1\nkind: List\nitems:\n- kind: HorizontalPodAutoscaler\n  spec: {minReplicas: 1}\n- kind: PredictiveAutoscaler\n  spec: {scale: {targetPerReplica: \"50\"}}\n", ""},
		"a list of two":      {"kind: List\nitems:\n- kind: PredictiveAutoscaler\n  spec: {scale: {targetPerReplica: \"50\"}}\n- kind: PredictiveAutoscaler\n  spec: {scale: {targetPerReplica: \"60\"}}\n", "more than one document or object has a spec, want one"},
		"an empty list":      {"kind: List\nitems: []\n", "neither a spec nor a PredictiveAutoscaler"},
		"a spec and its HPA": {"kind: PredictiveAutoscaler\nspec: {scale: {targetPerReplica: \"50\"}}\n---\n# In the HPA:\nspec: {metrics: []}\n", ""},
		"metadata":           {"metric.query: up\nscale.targetPerReplica: 50\n", ""},
		"another trigger":    {"kind: ScaledObject\nspec: {triggers: [{type: cpu, metadata: {value: \"60\"}}]}\n", "nor a ScaledObject with a trigger"},
		"a trigger's typo":   {"kind: ScaledObject\nspec: {triggers: [{type: external, metadata: {metric.query: up, scale.minReplica: \"5\"}}]}\n", "did you mean scale.minReplicas?"},
		"a typo":             {"kind: PredictiveAutoscaler\nspec: {scale: {targetPerReplika: 5}}\n", "did you mean scale.targetPerReplica?"},
		"nothing":            {"\n", "neither a spec nor a PredictiveAutoscaler"},
		"a key twice":        {"scale: {}\nscale: {}\n", "already set"},
		"out of range":       {`forecast: {risk: "2"}`, "forecast.risk"},
		"all faults at once": {`{forecast: {risk: "2", buffer: abc}, mode: Loud}`, "forecast.buffer: \"abc\": want a decimal number such as \"0.95\"\nforecast.risk: \"2\""},
		"and those after it": {`{forecast: {buffer: abc}, mode: Loud}`, "mode: \"Loud\""},
		"no such model":      {`forecast: {model: path}`, "forecast.model: \"path\": want one of auto, naive"},
		"two ways to say it": {`scale: {targetPerReplica: "5", service: {slots: 1, time: 1ms}}`, "they state the same"},
	} {
		t.Run(name, func(t *testing.T) {
			spec, err := decodeSpec([]byte(c.text))
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				return
			}
			require.NoError(t, err)
			require.InDelta(t, 50, spec.Scale.TargetPerReplica.Float(), 0)
		})
	}
}

func TestATriggerIsReplayedWithinTheBoundsOfItsObject(t *testing.T) {
	const object = "kind: ScaledObject\nspec:\n  minReplicaCount: 2\n  maxReplicaCount: 30\n  triggers:\n  - type: external\n    metadata: {metric.query: up, scale.targetPerReplica: \"50\", scale.maxReplicas: \"20\"}\n"
	spec, err := decodeSpec([]byte(object))
	require.NoError(t, err)
	require.Equal(t, int32(2), *spec.Scale.MinReplicas)
	require.Equal(t, int32(20), spec.Scale.MaxReplicas, "its own comes first")
	spec, err = decodeSpec([]byte(strings.Replace(object, "Count: 2", "Count: 0", 1)))
	require.NoError(t, err)
	require.Zero(t, *spec.Scale.MinReplicas, "to zero and back is replayed, too")
}
