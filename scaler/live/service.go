package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
)

// service reads latency and ready replicas beside the closed cells of demand, so
// that the workload can learn what a replica carries. Demand does not wait for
// them: a failure is noted, and those cells teach nothing.
func (s *Store) service(ctx context.Context, e *entry, epoch int, cells forecast.Series) {
	e.mu.Lock()
	spec := e.spec
	e.mu.Unlock()
	if cells.Len() == 0 || !learns(spec) {
		return
	}
	latency, err := s.history(ctx, spec.Metric.LatencyQuery, cells.Start, cells.End(), cells.Step)
	if err != nil {
		err = fmt.Errorf("metric.latencyQuery: %w", err)
	}
	ready, readyErr := s.history(ctx, spec.Metric.ReplicasQuery, cells.Start, cells.End(), cells.Step)
	if readyErr != nil {
		err = errors.Join(err, fmt.Errorf("metric.replicasQuery: %w", readyErr))
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.epoch != epoch {
		return
	}
	if err != nil {
		if e.serviceErr == nil || e.serviceErr.Error() != err.Error() {
			s.opts.Log.Warn("capacity not learned from these cells", "workload", e.key.String(), "error", err)
		}
		e.serviceErr = err
		return
	}
	e.serviceErr = nil
	e.workload.ObserveService(cells, latency, ready)
}

// learns reports whether spec brings what capacity is learned from.
func learns(spec api.Spec) bool {
	return spec.Scale.LatencyObjective != nil && spec.Metric.LatencyQuery != "" && spec.Metric.ReplicasQuery != ""
}

// unlearned says why the demand that a replica serves is not known.
func (e *entry) unlearned(now time.Time) error {
	cause := "no rate per replica has been seen to keep scale.latencyObjective yet"
	if !learns(e.spec) {
		cause = "learning it needs metric.latencyQuery and metric.replicasQuery"
	}
	if e.serviceErr != nil {
		cause = e.serviceErr.Error()
	}
	return fmt.Errorf("%s: it is not known at %s what a replica carries: %s; give scale.targetPerReplica to start with",
		e.key, now.UTC().Format(time.RFC3339), cause)
}
