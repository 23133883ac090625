package controller

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/forescale/forescale/scaler/api/v1alpha1"
)

// servedWithin is how long a start waits for its kind: a definition that was applied together
// with the controller takes the API server a moment. It is shorter than the kubelet waits for a
// process that does not answer its liveness probe yet, so that the log says what is missing.
const servedWithin = 15 * time.Second

// awaitKind returns when the API server behind mapper serves PredictiveAutoscalers, or with an
// error if it does not in time or cannot be asked.
func awaitKind(ctx context.Context, mapper meta.RESTMapper) error {
	kind := v1alpha1.GroupVersion().WithKind("PredictiveAutoscaler")
	var missing error
	err := wait.PollUntilContextTimeout(ctx, time.Second/2, servedWithin, true, func(context.Context) (bool, error) {
		_, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if meta.IsNoMatchError(err) {
			missing = err
			return false, nil
		}
		return err == nil, err
	})
	if wait.Interrupted(err) && missing != nil && ctx.Err() == nil {
		return fmt.Errorf("controller: the API server has not served PredictiveAutoscalers for %v: apply deploy/kustomize/base or the chart, which define them: %w", servedWithin, missing)
	}
	if err != nil {
		return fmt.Errorf("controller: find PredictiveAutoscalers: %w", err)
	}
	return nil
}
