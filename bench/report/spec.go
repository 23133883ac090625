package report

import (
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
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	query := s.Query
	if query == "" {
		query = anyQuery
	}
	line("metric:")
	line("  query: %s", strconv.Quote(query))
	if s.LatencyQuery != "" {
		line("  latencyQuery: %s", strconv.Quote(s.LatencyQuery))
	}
	if s.ReplicasQuery != "" {
		line("  replicasQuery: %s", strconv.Quote(s.ReplicasQuery))
	}
	if s.Margin != "" {
		line("forecast:")
		line("  %s", s.Margin)
	}
	line("scale:")
	if s.Carries != "" {
		line("  %s", s.Carries)
	} else {
		line("  targetPerReplica: %q", number(significant(s.SafeRate)))
	}
	line("  latencyObjective: {quantile: %q, value: %s}", number(s.Objective.Quantile),
		api.Duration(time.Duration(s.Objective.LatencyS*float64(time.Second))))
	line("  minReplicas: %d", s.Min)
	line("  maxReplicas: %d", s.Max)
	line("  leadTime: auto # measured on the pods; here %s and less in nine of ten", api.Duration(time.Duration(s.StartupP90S*float64(time.Second)).Round(time.Second)))
	body := b.String()
	document, err := yaml.YAMLToJSON([]byte(body))
	if err == nil {
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
