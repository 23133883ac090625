package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
)

// anyQuery stands in the recommended spec where the query is not known.
const anyQuery = `sum(rate(http_requests_total{job="web"}[1m]))`

// recommend returns the spec to paste, checked by [api.Decode]: the object that
// raises the floor of an HPA, and the target for that HPA, which is high because
// the headroom sits in the forecast (one headroom, not two). If forescale was replayed behind
// KEDA alone, it is the object for KEDA. It is that of the policy that the verdict is about.
func (r *Report) recommend() (string, error) {
	s := r.Settings
	if percent := quantileOf(r.Verdict.Policy); percent > 0 {
		f := &s.Spec.Forecast
		f.Buffer, f.MissingReplicaCost, f.ViolationTarget, f.Average = 0, 0, 0, false
		f.Risk = api.Number(math.Round(percent*1e6) / 1e8) // 99.9 / 100 has sixteen digits
	}
	body, err := s.stated()
	if err == nil {
		var document []byte
		if document, err = yaml.YAMLToJSON([]byte(body)); err == nil {
			_, err = api.Decode(document)
		}
	}
	if err != nil {
		return "", fmt.Errorf("report: recommended spec: %w", err)
	}
	if strings.HasPrefix(r.Verdict.Policy, kedaPolicy) || r.behindKEDA() {
		object, err := r.scaledObject(body)
		if err != nil {
			return "", fmt.Errorf("report: recommended trigger: %w", err)
		}
		return object, nil
	}
	target := significant(r.Settings.SafeRate * r.Verdict.HPATarget / 100)
	return `apiVersion: forescale.dev/v1alpha1
kind: PredictiveAutoscaler
metadata: {name: web}
spec:
  targetRef: {kind: HorizontalPodAutoscaler, name: web}
` + indent(body) + fmt.Sprintf(`---
# In the HorizontalPodAutoscaler: the safety net at %.0f %% of what a pod can carry
# (%s requests/s under the objective). The headroom sits in the forecast;
# a lower target here would pay for it twice.
spec:
  metrics:
  - type: External
    external:
      metric: {name: requests-per-second}
      target: {type: AverageValue, averageValue: %q}
  behavior:
    scaleUp: {tolerance: "%v"}   # Kubernetes 1.35 and later
    scaleDown: {tolerance: "0", stabilizationWindowSeconds: %.0f}
`, r.Verdict.HPATarget, number(significant(r.Settings.SafeRate)), number(target), scaler.FloorTolerance, scaler.FloorHold.Seconds()), nil
}

// stated returns the spec that was replayed, as YAML: all that it states, completed by the
// run with what a pod carries, the objective and the bounds.
func (s Settings) stated() (string, error) {
	m, f, scale := s.Spec.Metric, s.Spec.Forecast, s.Spec.Scale
	if m.Query == "" {
		m.Query = anyQuery
	}
	margin, stating := marginOf(f)
	queries := []string{"query: " + strconv.Quote(m.Query)}
	if m.LatencyQuery == "" && f.ViolationTarget != 0 { // nor was forescale told of the latency in the replay
		queries = append(queries, "# latencyQuery: the quantile of the objective, in seconds, so that misses are measured and not estimated")
	}
	metric, err := section("metric", m, queries, "query")
	if err != nil {
		return "", err
	}
	forecast, err := section("forecast", f, margin, stating...)
	if err != nil {
		return "", err
	}
	lines := []string{
		s.carries(scale),
		fmt.Sprintf("latencyObjective: {quantile: %q, value: %s}", number(s.Objective.Quantile),
			api.Duration(time.Duration(s.Objective.LatencyS*float64(time.Second)))),
		fmt.Sprintf("minReplicas: %d", s.Min),
		fmt.Sprintf("maxReplicas: %d", s.Max),
	}
	if scale.LeadTime.Auto() {
		lines = append(lines, fmt.Sprintf("leadTime: auto # from the starts of the pods, nine in ten of which took up to %s here",
			api.Duration(time.Duration(s.StartupP90S*float64(time.Second)).Round(time.Second))))
	}
	rest, err := section("scale", scale, lines, "targetPerReplica", "service", "latencyObjective", "minReplicas", "maxReplicas")
	return metric + forecast + rest, err
}

// carries returns what a pod carries as a line of a spec.
func (s Settings) carries(scale api.ScaleSpec) string {
	switch r := scale.Service; {
	case scale.TargetPerReplica != 0:
		return fmt.Sprintf("targetPerReplica: %q", scale.TargetPerReplica.String())
	case r == nil:
		return fmt.Sprintf("targetPerReplica: %q", number(significant(s.SafeRate)))
	default:
		line := fmt.Sprintf("service: {slots: %d, time: %s", r.Slots, r.Time)
		if r.Variation != 0 {
			line += fmt.Sprintf(", variation: %q", r.Variation.String())
		}
		if r.Discipline != "" {
			line += ", discipline: " + string(r.Discipline)
		}
		return line + "}"
	}
}

// marginOf returns the margin of f as a line of a spec, if there is one, and the keys that
// state it.
func marginOf(f api.ForecastSpec) (line, keys []string) {
	keys = []string{"risk", "buffer", "missingReplicaCost", "violationTarget", "average"}
	for i, v := range []api.Number{f.Risk, f.Buffer, f.MissingReplicaCost, f.ViolationTarget} {
		if v != 0 {
			return []string{fmt.Sprintf("%s: %q", keys[i], v.String())}, keys
		}
	}
	if f.Average {
		return []string{"average: true"}, keys
	}
	return nil, keys
}

// section returns the lines of a section of a spec under its name: those given, and what
// it states besides the given keys. A section without any is left out.
func section(name string, section any, lines []string, but ...string) (string, error) {
	document, err := yaml.Marshal(section)
	if err != nil {
		return "", err
	}
	var keys map[string]any
	if err := yaml.Unmarshal(document, &keys); err != nil {
		return "", err
	}
	for _, key := range but {
		delete(keys, key)
	}
	if len(keys) > 0 {
		if document, err = yaml.Marshal(keys); err != nil {
			return "", err
		}
		lines = append(lines, strings.TrimSuffix(string(document), "\n"))
	}
	if len(lines) == 0 {
		return "", nil
	}
	return name + ":\n" + indent(strings.Join(lines, "\n")), nil
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n  ") + "\n"
}

// significant rounds v down to three significant digits.
func significant(v float64) float64 {
	if !(v > 0) {
		return 0
	}
	scale := math.Pow(10, math.Floor(math.Log10(v))-2)
	return math.Floor(v/scale+1e-9) * scale
}

// rounded rounds v to four significant digits.
func rounded(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	if err != nil {
		return v
	}
	return r
}

func number(v float64) string { return strconv.FormatFloat(math.Round(v*1e6)/1e6, 'f', -1, 64) }
