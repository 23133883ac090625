// Package helm tests the Helm chart with Helm itself: what it renders against the
// Kustomize manifests, and its life on a real API server.
package helm

import (
	"fmt"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	release "helm.sh/helm/v4/pkg/release/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

func chartDir() string { return filepath.Join("..", "..", "helm", "forescale") }

func kustomizeDir() string { return filepath.Join("..", "..", "kustomize") }

// values are those of a user, in the YAML of a values file.
func values(t *testing.T, text string) map[string]any {
	t.Helper()
	v := map[string]any{}
	require.NoError(t, yaml.Unmarshal([]byte(text), &v))
	return v
}

func load(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := loader.Load(chartDir())
	require.NoError(t, err)
	return c
}

// template does what helm template does, for a release in the namespace forescale on the
// oldest Kubernetes.
func template(c *chart.Chart, name string, vals map[string]any) (*release.Release, error) {
	install := action.NewInstall(action.NewConfiguration(action.ConfigurationSetLogger(slog.DiscardHandler)))
	install.DryRunStrategy = action.DryRunClient
	install.ReleaseName, install.Namespace = name, "forescale"
	install.KubeVersion = &common.KubeVersion{Version: "v1.29.0", Major: "1", Minor: "29"}
	r, err := install.Run(c, vals)
	if err != nil {
		return nil, err
	}
	rel, ok := r.(*release.Release)
	if !ok {
		return nil, fmt.Errorf("a release of type %T", r)
	}
	return rel, nil
}

// objects are rendered manifests by kind and name, the namespace before the name where
// there is one.
type objects map[string]map[string]any

func parse(t *testing.T, text string) objects {
	t.Helper()
	all := objects{}
	for doc := range strings.SplitSeq("\n"+text, "\n---") {
		var o map[string]any
		require.NoError(t, yaml.UnmarshalStrict([]byte(doc), &o), doc)
		if len(o) == 0 {
			continue
		}
		key := fmt.Sprint(o["kind"], " ", at(o, "metadata.name"))
		if ns := at(o, "metadata.namespace"); ns != nil {
			key = fmt.Sprint(o["kind"], " ", ns, "/", at(o, "metadata.name"))
		}
		require.NotContains(t, all, key)
		all[key] = o
	}
	return all
}

func (o objects) names() []string { return slices.Sorted(maps.Keys(o)) }

// render is what the chart makes of a user's values.
func render(t *testing.T, text string) objects {
	t.Helper()
	rel, err := template(load(t), "forescale", values(t, text))
	require.NoError(t, err)
	return parse(t, rel.Manifest)
}

// kustomize is what a folder of deploy/kustomize is built into.
func kustomize(t *testing.T, dir string) objects {
	t.Helper()
	m, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(kustomizeDir(), dir))
	require.NoError(t, err)
	text, err := m.AsYaml()
	require.NoError(t, err)
	return parse(t, string(text))
}

// at returns what stands at a path such as spec.ports.0.port; nil = nothing does. A dot
// within a key is written ~.
func at(v any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[strings.ReplaceAll(step, "~", ".")]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}
