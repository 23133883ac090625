package live

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
)

// A service holds what the latency and replicas queries returned for the last closed cell.
type service struct {
	ready  int32     // replicas that took traffic; −1 = unknown
	missed float64   // 1 if the latency missed the objective, 0 if not; NaN = unknown
	until  time.Time // from when on it is outdated
}

// unknownService is a service of which nothing is known.
func unknownService() service { return service{ready: -1, missed: math.NaN()} }

// complete fills in what the owner of a target does not know.
func (s service) complete(t engine.Target, now time.Time) engine.Target {
	if now.After(s.until) {
		return t
	}
	if t.Ready < 0 {
		t.Ready = s.ready
	}
	if math.IsNaN(t.Missed) {
		t.Missed = s.missed
	}
	return t
}

// readService reads latency and ready replicas beside the closed cells of demand, as
// far as the spec has queries for them, so that the workload learns what a
// replica carries and how well the objective is kept. Demand does not wait for
// them: a failure is noted, and those cells teach nothing. If ctx ends, they are left for
// the next time.
func (s *Store) readService(ctx context.Context, e *entry, epoch int, cells forecast.Series) {
	e.mu.Lock()
	spec := e.spec
	if e.epoch == epoch {
		if cells.Len() > 0 {
			e.pods.closed(cells)
			e.learnCPU()
		}
		cells, e.left.cells = joined(e.left.cells, cells), forecast.Series{}
	}
	e.mu.Unlock()
	if cells.Len() == 0 || !observes(spec) {
		return
	}
	latency, err := s.beside(ctx, "metric.latencyQuery", spec.Metric.LatencyQuery, cells)
	ready, readyErr := s.beside(ctx, "metric.replicasQuery", spec.Metric.ReplicasQuery, cells)
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.epoch != epoch:
		return
	case ctx.Err() != nil:
		s.leave(e, cells, context.Cause(ctx))
		return
	}
	e.left = left{}
	if spec.Metric.ReplicasQuery == "" {
		ready = e.pods.beside(cells)
	}
	e.service = serviceOf(spec, cells, latency, ready)
	if err = errors.Join(err, readyErr); err != nil {
		if isNew(err, e.serviceErr) {
			s.opts.Log.Warn("latency or replicas not known for these cells", "workload", e.key.String(), "error", err)
		}
		e.serviceErr = err
		return
	}
	e.serviceErr = nil
	e.workload.Staffing().ObserveService(cells, latency, ready) // as far as all three tell
}

// A left holds the last closed cells, whose latency and replicas are still to be read.
type left struct {
	cells forecast.Series
	tries int       // in a row
	after time.Time // not to be read before, unless another cell closes
}

// maxLeft is how many cells are left at most for the next time.
const maxLeft = 60

// leave keeps cells for the next time. If that happens again and again, and nothing else was
// logged, it logs why. The caller holds the lock of e.
func (s *Store) leave(e *entry, cells forecast.Series, cause error) {
	e.left = left{cells, e.left.tries + 1, s.opts.Now().Add(backoff(e.left.tries))}
	if e.left.tries > severalTries && e.serviceErr == nil {
		s.opts.Log.Warn("latency or replicas not known for these cells", "workload", e.key.String(), "error", cause)
		e.serviceErr = cause
	}
}

// joined returns the former cells and those that follow them, the last of them if they are
// many; cells alone if they do not follow.
func joined(former, cells forecast.Series) forecast.Series {
	if former.Len() == 0 || former.Step != cells.Step || !former.End().Equal(cells.Start) {
		return cells
	}
	values := slices.Concat(former.Values, cells.Values)
	values = values[max(0, len(values)-max(maxLeft, cells.Len())):]
	return forecast.Series{Start: cells.End().Add(-time.Duration(len(values)) * cells.Step), Step: cells.Step, Values: values}
}

// beside reads the cells of another query that lie beside those of demand: none
// without a query.
func (s *Store) beside(ctx context.Context, key, query string, cells forecast.Series) (forecast.Series, error) {
	if query == "" {
		return forecast.Series{}, nil
	}
	series, err := s.readCells(ctx, query, cells.Start, cells.End(), cells.Step)
	if err != nil {
		return forecast.Series{}, fmt.Errorf("%s: %w", key, err)
	}
	return series, nil
}

// serviceOf returns what the newest of the cells say. Where nothing came in, nobody
// waited: a cell without latency then kept the objective.
func serviceOf(spec api.Spec, rate, latency, ready forecast.Series) service {
	out := unknownService()
	out.until = rate.End().Add(3 * rate.Step)
	if n := ready.Len(); n > 0 {
		if v := ready.Values[n-1]; v >= 0 && v <= math.MaxInt32 {
			out.ready = int32(v)
		}
	}
	objective := spec.Scale.LatencyObjective
	if objective == nil || spec.Metric.LatencyQuery == "" {
		return out
	}
	took := math.NaN()
	if n := latency.Len(); n > 0 {
		took = latency.Values[n-1]
	}
	switch {
	case took > objective.Value.Std().Seconds():
		out.missed = 1
	case took >= 0, rate.Values[rate.Len()-1] == 0:
		out.missed = 0
	}
	return out
}

// spend books the error budget of a workload whose replicas others decide, as the HPA behind
// KEDA does: by the measured latency, or else by whether the ready replicas carried the demand.
// It also tells the workload how many replicas are ready, which it needs to meet a burst;
// without a query for them these are the replicas that were asked for. It calls Decide for these
// effects only, and drops the decision.
func (e *entry) spend(now time.Time) {
	if e.scaled {
		return
	}
	t := e.service.complete(engine.Target{Ready: -1, Missed: math.NaN()}, now)
	if t.Ready < 0 && e.spec.Metric.ReplicasQuery == "" {
		t.Ready = e.requested.ready(now, e.workload.LeadTime())
	}
	if t.Ready < 0 && math.IsNaN(t.Missed) {
		return
	}
	t.Current = max(t.Ready, 0)
	e.workload.Decide(now, t)
}

// observes reports whether spec has a query that says how well demand is served.
func observes(spec api.Spec) bool {
	return spec.Metric.ReplicasQuery != "" || spec.Metric.LatencyQuery != "" && spec.Scale.LatencyObjective != nil
}

// learns reports whether spec by itself brings what capacity is learned from.
func learns(spec api.Spec) bool {
	return spec.Scale.LatencyObjective != nil && spec.Metric.LatencyQuery != "" && spec.Metric.ReplicasQuery != ""
}

// unknownTargetError says why the demand that a replica serves is not known, in one text for as
// long as the cause stays, as noDataError does.
func (e *entry) unknownTargetError() error {
	cause := "no rate per replica has been seen to keep scale.latencyObjective yet"
	if !learns(e.spec) {
		cause = "learning that needs metric.latencyQuery and metric.replicasQuery"
	}
	if e.serviceErr != nil {
		cause = e.serviceErr.Error()
	}
	return fmt.Errorf("%s: the demand that a replica serves is not known: %s; set scale.targetPerReplica or scale.service to start with", e.key, cause)
}
