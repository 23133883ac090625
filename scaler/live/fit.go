package live

import (
	"context"
	"errors"
	"time"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/model"
)

// fit starts a fit of e if one is due, over a history read anew.
func (s *Store) fit(ctx context.Context, e *entry, now time.Time) {
	if !e.mu.TryLock() {
		return // being changed: the next tick will do
	}
	defer e.mu.Unlock()
	if !e.filled || e.fitting || now.Before(e.fitAfter) || !e.workload.FitDue(now) {
		return
	}
	e.fitting = true
	s.launchFit(ctx, e, e.epoch, forecast.Series{})
}

// rereads is how many workloads, beyond those being fitted, may read a history for a new
// fit or hold one that waits for its fit. Reading may take until the query times out, and
// must not keep the fits of others waiting.
const rereads = 3

// waitingHistories is how many first histories, as they were read at the start, may wait for
// their fit. A fortnight of minutes takes 160 KB, so those of thousands of workloads that start
// at once would not fit into the memory of a container: the others are read again when it is
// their turn.
const waitingHistories = 64

// launchFit fits on a worker: over history, or over one read first if it is
// empty. The caller holds the lock of e and has set fitting.
func (s *Store) launchFit(ctx context.Context, e *entry, epoch int, history forecast.Series) {
	spec, retrace := e.spec, e.workload.Retrace()
	kept := history.Len() > 0 && s.waiting.TryAcquire(1)
	if !kept {
		history = forecast.Series{}
	}
	s.work.Go(func() {
		if kept {
			defer s.waiting.Release(1)
		}
		var err error
		if history.Len() == 0 {
			if s.rereads.Acquire(ctx, 1) != nil {
				return // shutting down
			}
			defer s.rereads.Release(1)
			step := spec.Metric.Step.Std()
			closed := s.closed(s.opts.Now(), step)
			history, err = s.readCells(ctx, spec.Metric.Query, closed.Add(-spec.Metric.History.Std()), closed, step)
		}
		var fit *model.Fitted
		if err == nil {
			if s.fits.Acquire(ctx, 1) != nil {
				return // shutting down
			}
			fit, err = fitTo(ctx, spec, history, s.opts.Network, retrace)
			s.fits.Release(1)
		}
		if err == nil && !collector.TakesChange(spec.Metric.Query) && collector.LooksLikeCounter(history.Values) {
			s.opts.Log.Warn("metric.query: "+collector.CounterNote, "workload", e.key.String(), "query", spec.Metric.Query)
		}
		s.install(e, epoch, fit, retrace, err)
	})
}

// fitTo fits the model of spec to history, and goes over the last of that again where
// retrace is not nil.
func fitTo(ctx context.Context, spec api.Spec, history forecast.Series, network *lstm.Network, retrace *engine.Retrace) (*model.Fitted, error) {
	if retrace == nil {
		return model.Fit(ctx, spec, history, model.Options{Network: network})
	}
	return retrace.Fit(ctx, history, network)
}

// install hands the fit over, with what its retrace has found out. A failed one leaves the
// former model in place and is tried again later.
func (s *Store) install(e *entry, epoch int, fit *model.Fitted, retrace *engine.Retrace, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.epoch != epoch {
		return
	}
	e.fitting = false
	if err == nil {
		err = e.workload.Start(fit, retrace)
	}
	if err != nil {
		retry, news := time.Minute, isNew(err, e.fitLogged)
		if errors.Is(err, forecast.ErrShortHistory) { // its text counts the cells, which are others each time
			retry, news = 10*e.spec.Metric.Step.Std(), news && !errors.Is(e.fitLogged, forecast.ErrShortHistory)
		}
		e.fitAfter = s.opts.Now().Add(retry)
		if news {
			e.fitLogged = err
			s.opts.Log.Warn("model not fitted, keeping the former one", "workload", e.key.String(), "error", err, "retry", retry)
		}
		e.fitErr = err
		return
	}
	if e.fitErr != nil || e.fitAfter.IsZero() {
		s.opts.Log.Info("model fitted", "workload", e.key.String(), "model", fit.Name, "cells", fit.Cells)
	}
	e.fitErr, e.fitLogged, e.fitAfter = nil, nil, s.opts.Now()
}
