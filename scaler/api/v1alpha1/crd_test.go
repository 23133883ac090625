package v1alpha1

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/forecast/auto"
)

// The schema accepts the existing models, and no others.
func TestTheSchemaKnowsEachModel(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "deploy", "kustomize", "base", "crd", "forescale.dev_predictiveautoscalers.yaml"))
	require.NoError(t, err)
	var crd map[string]any
	require.NoError(t, yaml.Unmarshal(text, &crd))
	versions, _, _ := unstructured.NestedSlice(crd, "spec", "versions")
	require.Len(t, versions, 1)
	version, _ := versions[0].(map[string]any)
	known, _, err := unstructured.NestedStringSlice(version, "schema", "openAPIV3Schema", "properties", "spec", "properties", "forecast", "properties", "model", "enum")
	require.NoError(t, err)
	want := slices.Clone(auto.Names())
	slices.Sort(want)
	slices.Sort(known)
	require.Equal(t, want, known)
}
