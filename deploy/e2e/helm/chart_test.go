package helm

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/action"
)

// own removes what the chart may have beside the manifests: the labels by which Helm's
// users find a release, of which instance is in the selectors too, and the annotation
// that keeps the CRD.
func own(v any) {
	switch x := v.(type) {
	case map[string]any:
		for _, key := range []string{"helm.sh/chart", "helm.sh/resource-policy", "app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by"} {
			delete(x, key)
		}
		for _, child := range x {
			own(child)
		}
	case []any:
		for _, child := range x {
			own(child)
		}
	}
}

// The same objects come from the chart and from Kustomize, but for two: the namespace is
// Helm's to make, and what else is in it is not the chart's to cut off.
func TestChartIsKustomize(t *testing.T) {
	for _, c := range []struct{ dirs, values string }{
		{"base", ``},
		{"keda", `{controller: {enabled: false}, keda: {enabled: true}}`},
		{"base keda", `{keda: {enabled: true}}`},
		{"overlays/read-only", `{controller: {readOnly: true}}`},
		{"overlays/pod-cpu", `{controller: {podCPU: true}}`},
		{"overlays/prometheus-auth", `{prometheus: {httpConfigSecret: prometheus-client}}`},
		{"overlays/prometheus-auth-keda", `{controller: {enabled: false}, keda: {enabled: true}, prometheus: {httpConfigSecret: prometheus-client}}`},
	} {
		t.Run(c.dirs, func(t *testing.T) {
			want := objects{}
			for dir := range strings.FieldsSeq(c.dirs) {
				maps.Copy(want, kustomize(t, dir))
			}
			for _, key := range []string{"Namespace forescale", "NetworkPolicy forescale/default-deny"} {
				require.Contains(t, want, key)
				delete(want, key)
			}
			have := render(t, c.values)
			require.Equal(t, want.names(), have.names())
			for key := range want {
				own(have[key])
				require.Equal(t, want[key], have[key], key)
			}
		})
	}
}

// Files that are not Kustomize's to give are copies, which make generate writes.
func TestCopiesAreEqual(t *testing.T) {
	for name, source := range map[string]string{
		"crd.yaml":       filepath.Join(kustomizeDir(), "base", "crd", "forescale.dev_predictiveautoscalers.yaml"),
		"rules.yaml":     filepath.Join("..", "..", "monitoring", "rules.yaml"),
		"dashboard.json": filepath.Join("..", "..", "monitoring", "dashboard.json"),
	} {
		have, err := os.ReadFile(filepath.Join(chartDir(), "files", name))
		require.NoError(t, err)
		want, err := os.ReadFile(source)
		require.NoError(t, err)
		require.Equal(t, string(want), string(have), "%s: run make generate", name)
	}
}

func TestLint(t *testing.T) {
	lint := action.NewLint()
	lint.Strict, lint.Namespace = true, "forescale"
	result := lint.Run([]string{chartDir()}, map[string]any{})
	require.Empty(t, result.Errors)
	for _, m := range result.Messages {
		require.Equal(t, "icon is recommended", m.Err.Error(), "%s", m)
	}
}
