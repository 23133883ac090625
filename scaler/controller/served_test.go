package controller

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// lateMapper knows no kind until an instant, or fails.
type lateMapper struct {
	meta.RESTMapper

	from time.Time
	err  error
}

func (m lateMapper) RESTMapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	if m.err == nil && time.Now().Before(m.from) {
		return nil, &meta.NoKindMatchError{GroupKind: kind, SearchedVersions: versions}
	}
	return &meta.RESTMapping{}, m.err
}

// A controller that is applied together with its definition waits until that is served, and says
// what is missing if it never is.
func TestAStartWaitsForItsKind(t *testing.T) {
	refused := errors.New("connection refused")
	for name, c := range map[string]struct {
		mapper func() lateMapper
		takes  time.Duration
		says   string
	}{
		"served":         {func() lateMapper { return lateMapper{from: time.Now()} }, 0, ""},
		"served soon":    {func() lateMapper { return lateMapper{from: time.Now().Add(2 * time.Second)} }, 2 * time.Second, ""},
		"never":          {func() lateMapper { return lateMapper{from: time.Now().Add(time.Hour)} }, servedWithin, "has not served PredictiveAutoscalers for 15s: apply deploy/kustomize/base"},
		"cannot be told": {func() lateMapper { return lateMapper{err: refused} }, 0, "find PredictiveAutoscalers: connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				err := awaitKind(t.Context(), c.mapper())
				require.Equal(t, c.takes, time.Since(begin))
				if c.says == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, c.says)
			})
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, awaitKind(ctx, lateMapper{from: time.Now().Add(time.Hour)}), context.Canceled)
}
