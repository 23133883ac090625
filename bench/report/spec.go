package report

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/scaler/api"
)

// anyQuery stands in the recommended spec where the query is not known.
const anyQuery = `sum(rate(http_requests_total{job="web"}[1m]))`

// recommend returns the spec to paste, checked by [api.Decode]: the object that
// raises the floor of an HPA, and the target for that HPA, which is high because
// the headroom sits in the forecast (one headroom, not two).
func (r *Report) recommend() (string, error) {
	s := r.Settings
	m, f, scale := s.Spec.Metric, s.Spec.Forecast, s.Spec.Scale
	var b strings.Builder
	var err error
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	others := func(section any, but ...string) string {
		text, failed := others(section, but...)
		err = errors.Join(err, failed)
		return text
	}
	query := m.Query
	if query == "" {
		query = anyQuery
	}
	line("metric:")
	line("  query: %s", strconv.Quote(query))
	b.WriteString(others(m, "query"))
	if margin, rest := marginOf(f), others(f, margins...); margin+rest != "" {
		line("forecast:")
		if margin != "" {
			line("  %s", margin)
		}
		b.WriteString(rest)
	}
	line("scale:")
	switch {
	case scale.TargetPerReplica != 0:
		line("  targetPerReplica: %q", scale.TargetPerReplica.String())
	case scale.Service != nil:
		line("  %s", serviceLine(*scale.Service))
	default:
		line("  targetPerReplica: %q", number(significant(s.SafeRate)))
	}
	line("  latencyObjective: {quantile: %q, value: %s}", number(s.Objective.Quantile),
		api.Duration(time.Duration(s.Objective.LatencyS*float64(time.Second))))
	line("  minReplicas: %d", s.Min)
	line("  maxReplicas: %d", s.Max)
	if scale.LeadTime.Auto() {
		line("  leadTime: auto # measured on the pods; here %s and less in nine of ten", api.Duration(time.Duration(s.StartupP90S*float64(time.Second)).Round(time.Second)))
	}
	b.WriteString(others(scale, "targetPerReplica", "service", "latencyObjective", "minReplicas", "maxReplicas"))
	body := b.String()
	document, failed := yaml.YAMLToJSON([]byte(body))
	if err = errors.Join(err, failed); err == nil {
		_, err = api.Decode(document)
	}
	if err != nil {
		return "", fmt.Errorf("report: recommended spec: %w", err)
	}
	target := significant(s.SafeRate * r.Verdict.HPATarget / 100)
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
    scaleUp: {tolerance: "0"}   # Kubernetes 1.35 and later
    scaleDown: {tolerance: "0", stabilizationWindowSeconds: 90}
`, r.Verdict.HPATarget, number(significant(s.SafeRate)), number(target)), nil
}

// margins are the keys of a forecast section that state its margin.
var margins = []string{"risk", "buffer", "missingReplicaCost", "violationTarget", "average"}

// marginOf returns the margin of f as a line of a spec; empty if there is none.
func marginOf(f api.ForecastSpec) string {
	if f.Average {
		return "average: true"
	}
	for i, v := range []api.Number{f.Risk, f.Buffer, f.MissingReplicaCost, f.ViolationTarget} {
		if v != 0 {
			return fmt.Sprintf("%s: %q", margins[i], v.String())
		}
	}
	return ""
}

func serviceLine(r api.ServiceSpec) string {
	if r.Discipline == "" {
		return fmt.Sprintf("service: {slots: %d, time: %s}", r.Slots, r.Time)
	}
	return fmt.Sprintf("service: {slots: %d, time: %s, discipline: %s}", r.Slots, r.Time, r.Discipline)
}

// others returns what a section of a spec states besides the given keys, as lines of it.
func others(section any, but ...string) (string, error) {
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
	if len(keys) == 0 {
		return "", nil
	}
	document, err = yaml.Marshal(keys)
	return indent(string(document)), err
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
