package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
)

// Names of the policies of forescale.
const (
	floorPolicy = "forescale-floor"
	kedaPolicy  = "forescale-keda"
)

// behindKEDA reports whether forescale was replayed behind KEDA, and not as a floor.
func (r *Report) behindKEDA() bool {
	ran := func(family string) bool {
		return slices.ContainsFunc(r.Policies, func(name string) bool { return strings.HasPrefix(name, family) })
	}
	return ran(kedaPolicy) && !ran(floorPolicy)
}

// scaledObject returns the object for KEDA whose trigger has the spec of body, YAML, as
// metadata, checked by [api.FromMetadata]. The lead time is always stated, as that of the
// replay: behind KEDA nobody measures it on the pods.
func (r *Report) scaledObject(body string) (string, error) {
	document, err := yaml.YAMLToJSON([]byte(body))
	if err != nil {
		return "", err
	}
	var spec any
	in := json.NewDecoder(bytes.NewReader(document))
	in.UseNumber()
	if err := in.Decode(&spec); err != nil {
		return "", err
	}
	metadata := map[string]string{}
	dotted(metadata, "", spec)
	if r.Settings.Spec.Scale.LeadTime.Auto() {
		lead := time.Duration((r.Settings.RateWindowS/2 + r.Settings.StartupP90S) * float64(time.Second))
		metadata["scale.leadTime"] = api.Duration(min(lead.Round(time.Second), api.MaxLeadTime)).String()
	}
	if _, err := api.FromMetadata(metadata); err != nil {
		return "", err
	}
	delete(metadata, "scale.maxReplicas") // those of the object
	if r.Settings.Min > 0 {
		delete(metadata, "scale.minReplicas")
	}
	var lines strings.Builder
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		fmt.Fprintf(&lines, "      %s: %s\n", key, strconv.Quote(metadata[key]))
	}
	return fmt.Sprintf(`apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web}
spec:
  scaleTargetRef: {name: web}
  minReplicaCount: %d
  maxReplicaCount: %d
  advanced:
    horizontalPodAutoscalerConfig:
      behavior: # tolerance: Kubernetes 1.35 and later
        scaleUp: {policies: [{type: Percent, value: 900, periodSeconds: 15}], tolerance: "0"}
        scaleDown: {stabilizationWindowSeconds: %.0f, tolerance: "0"}
  triggers: # beside a reactive one, such as cpu: while KEDA cannot reach forescale, this one is silent
  - type: external
    metadata:
      scalerAddress: dns:///forescale.forescale:9443
%s`, r.Settings.Min, r.Settings.Max, scaler.AnswerHold.Seconds(), lines.String()), nil
}

// dotted writes the values of a document under the paths to them, as the metadata of a
// trigger have them: lists are counted from 0.
func dotted(out map[string]string, path string, value any) {
	if path != "" {
		path += "."
	}
	switch v := value.(type) {
	case map[string]any:
		for key, of := range v {
			dotted(out, path+key, of)
		}
	case []any:
		for i, of := range v {
			dotted(out, path+strconv.Itoa(i), of)
		}
	default:
		out[strings.TrimSuffix(path, ".")] = fmt.Sprint(v)
	}
}
