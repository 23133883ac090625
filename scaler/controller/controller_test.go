package controller

import (
	"errors"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

// failing is the discovery of an API server that does not answer.
type failing struct{ meta.RESTMapper }

func (failing) RESTMapping(schema.GroupKind, ...string) (*meta.RESTMapping, error) {
	return nil, errors.New("connection refused")
}

// An API server that does not answer while a replica starts, for example because both restart, does
// not mean that the cluster has no KEDA.
func TestAnAPIServerThatDoesNotAnswerIsNoClusterWithoutKEDA(t *testing.T) {
	kind, err := hpa.KindOf(v1alpha1.KindScaledObject)
	require.NoError(t, err)
	with := meta.NewDefaultRESTMapper(nil)
	with.Add(kind.GVK, meta.RESTScopeNamespace)
	for name, c := range map[string]struct {
		mapper meta.RESTMapper
		served bool
		err    string
	}{
		"with KEDA":    {with, true, ""},
		"without KEDA": {meta.NewDefaultRESTMapper(nil), false, ""},
		"not known":    {failing{}, false, "find out whether the cluster has KEDA: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			x := &Controller{log: slog.New(slog.DiscardHandler), writer: &hpa.Writer{Mapper: c.mapper}}
			served, err := x.served(kind)
			require.Equal(t, c.served, served)
			if c.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.err)
		})
	}
}
