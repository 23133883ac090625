package live

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/model"
)

// query starts the next query of e, if one is due, none is under way and the budget has
// room: its history first, then each cell that closed, then the newest sample. It
// reports whether it did; e then decides as soon as the answer is there.
func (s *Store) query(ctx context.Context, e *entry, now time.Time) bool {
	if !e.mu.TryLock() {
		return false // being changed: the next tick will do
	}
	if e.outruns(now) {
		s.restart(e, now)
	}
	if e.querying || now.Before(e.queryAfter) || s.loop.tokens < 1 || !s.due(e, now) {
		e.mu.Unlock()
		return false
	}
	s.loop.tokens--
	e.querying = true
	e.queried.Store(now.UnixNano())
	e.cadence.spend()
	epoch := e.epoch
	e.mu.Unlock()
	s.work.Go(func() {
		if s.queries.Acquire(ctx, 1) != nil {
			return // shutting down
		}
		defer s.queries.Release(1)
		err := s.read(ctx, e, epoch, s.opts.Now())
		if ctx.Err() != nil {
			return
		}
		s.noteQuery(e, epoch, err)
		e.mu.Lock() // decide with what was read, before the next tick
		defer e.mu.Unlock()
		e.decide(s.opts.Now())
	})
	return true
}

// setBack is by how much a clock must have gone back for a workload to start anew. After less the
// newest sample stands for as long.
const setBack = 15 * time.Second

// outruns reports whether the clock has been set back since the newest sample of e: until it is
// there again, none would be newer. The caller holds the lock of e.
func (e *entry) outruns(now time.Time) bool { return e.workload.Latest().Time.Sub(now) > setBack }

// restart starts the workload of e anew. The caller holds the lock of e.
func (s *Store) restart(e *entry, now time.Time) {
	w, err := engine.New(e.spec)
	if err != nil { // impossible: it was made of that spec before
		return
	}
	s.opts.Log.Warn("the clock was set back: the workload starts anew", "workload", e.key.String(), "newest", e.workload.Latest().Time)
	e.begin(w, now)
}

// due reports whether a query of e is due at now: because the cadence of its series expects a new
// sample, or the history or a closed cell is to be read. A query that failed is due again after
// its backoff. The caller holds the lock of e.
func (s *Store) due(e *entry, now time.Time) bool {
	if e.cadence.due(now) || e.queryErr != nil {
		return true
	}
	return !e.filling && !now.Before(e.fillAfter) && (!e.filled || s.cellClosed(e, now))
}

// backoff is the wait after so many failures in a row: it doubles from 1 s to 30 s.
func backoff(failures int) time.Duration {
	return min(30*time.Second, time.Second<<min(failures, 5))
}

// noDataWait is the longest wait after an answer without samples: that server is not
// overloaded, and the samples may be back at any moment.
const noDataWait = 5 * time.Second

// noteQuery notes how a query ended.
func (s *Store) noteQuery(e *entry, epoch int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.epoch != epoch {
		return
	}
	e.querying = false
	if err == nil {
		if e.queryErr != nil {
			s.opts.Log.Info("query succeeds again", "workload", e.key.String())
		}
		e.queryErr, e.queryFailures = nil, 0
		return
	}
	wait := backoff(e.queryFailures)
	if errors.Is(err, collector.ErrNoData) {
		wait = min(wait, noDataWait)
	}
	e.queryFailures++
	e.queryAfter = s.opts.Now().Add(wait)
	if isNew(err, e.queryErr) {
		s.opts.Log.Warn("query failed", "workload", e.key.String(), "error", err, "retry", wait)
	}
	e.queryErr = err
}

// read runs the queries that are due, with no lock held. The newest sample is read even if the
// history or the closed cells cannot be, or not yet: a series may be younger than a cell, or too
// long for the server to read in one query.
func (s *Store) read(ctx context.Context, e *entry, epoch int, now time.Time) error {
	e.mu.Lock()
	query := e.spec.Metric.Query
	e.mu.Unlock()
	s.fill(ctx, e, epoch, now)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, s.opts.QueryTimeout)
	defer cancel()
	sample, err := s.source.Instant(ctx, query, now)
	if err != nil {
		return err
	}
	if sample.Time.After(now) { // whatever a server says, it is what it answers now
		sample.Time = now.UTC().Round(0)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.epoch == epoch {
		if e.fillErr != nil && !e.fillLogged && !e.passes() {
			s.opts.Log.Warn("history or closed cells not read, serving from the newest sample", "workload", e.key.String(), "error", e.fillErr)
			e.fillLogged = true
		}
		e.workload.Observe(sample)
		e.cadence.answered(sample.Time, sample.Value)
	}
	if !(sample.Value >= 0) { // which one is left out: it may be another each time, and the same text is logged once
		return fmt.Errorf("query %q: its value is negative: demand is 0 or more; correct the query, or wrap it in clamp_min(…, 0)", query)
	}
	return nil
}

// readHistory reads the history up to the last closed cell.
func (s *Store) readHistory(ctx context.Context, e *entry, epoch int, now time.Time) error {
	e.mu.Lock()
	metric := e.spec.Metric
	e.mu.Unlock()
	closed := s.closed(now, metric.Step.Std())
	history, err := s.readCells(ctx, metric.Query, closed.Add(-metric.History.Std()), closed, metric.Step.Std())
	if err != nil {
		return fmt.Errorf("read the history: %w", err)
	}
	fits, err := s.startReactive(ctx, e, epoch, history)
	if err != nil {
		return err
	}
	s.readService(ctx, e, epoch, history)
	if fits { // with what a replica carries, as far as the history tells
		e.mu.Lock()
		defer e.mu.Unlock()
		if e.epoch == epoch {
			s.launchFit(ctx, e, epoch, history)
		}
	}
	return nil
}

// noteFill notes how a range query for the history or closed cells ended. Failures back off like
// those of an instant query.
func (s *Store) noteFill(e *entry, epoch int, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.epoch != epoch {
		return
	}
	e.filling = false
	if err == nil {
		e.fillErr, e.fillFailures = nil, 0
		return
	}
	e.fillAfter = s.opts.Now().Add(backoff(e.fillFailures))
	e.fillFailures++
	if errors.Is(err, errCrowded) && e.fillErr != nil {
		return // the error at hand is the cause of the crowd, or the same
	}
	e.fillLogged = e.fillLogged && !isNew(err, e.fillErr)
	e.fillErr = err
}

// readClosed reads the cells that have closed since the last one known, and the latency and
// replicas of these and of the cells left from the last time. If there is no sample at all the
// cells become NaN, like a single cell without one: the forecast goes on, and the instant query
// will show that no samples come.
func (s *Store) readClosed(ctx context.Context, e *entry, epoch int, now time.Time) error {
	e.mu.Lock()
	metric, next := e.spec.Metric, e.workload.Next()
	e.mu.Unlock()
	step := metric.Step.Std()
	closed := s.closed(now, step)
	if closed.Sub(next) < step {
		s.readService(ctx, e, epoch, forecast.Series{Start: next, Step: step})
		return nil
	}
	cells, err := s.readCells(ctx, metric.Query, next, closed, step)
	if errors.Is(err, collector.ErrNoData) {
		cells, _, err = collector.Resample(nil, next, closed, step)
	}
	if err != nil {
		return fmt.Errorf("read closed cells: %w", err)
	}
	e.mu.Lock()
	if e.epoch == epoch {
		err = e.workload.Append(cells)
		if err != nil { // too long a silence: start over
			e.filled = false
		}
	}
	e.mu.Unlock()
	if err != nil {
		return err
	}
	s.readService(ctx, e, epoch, cells)
	return nil
}

// closed returns the last border of the grid that has settled at now. The grid is
// anchored at the epoch, which Time.Truncate is not.
func (s *Store) closed(now time.Time, step time.Duration) time.Time {
	t := now.Add(-s.opts.Settle).UnixNano()
	return time.Unix(0, t-t%int64(step)).UTC()
}

// readCells reads the cells of query between two borders.
func (s *Store) readCells(ctx context.Context, query string, from, to time.Time, step time.Duration) (forecast.Series, error) {
	ctx, cancel := context.WithTimeout(ctx, 6*s.opts.QueryTimeout)
	defer cancel()
	samples, err := s.source.Range(ctx, query, from, to, step)
	if err != nil {
		return forecast.Series{}, err
	}
	series, _, err := collector.Resample(samples, from, to, step)
	return series, err
}

// startReactive lets the simplest rule serve from history while the model is fitted. It
// reports whether the caller is to launch that fit, and has then set fitting.
func (s *Store) startReactive(ctx context.Context, e *entry, epoch int, history forecast.Series) (fits bool, err error) {
	e.mu.Lock()
	spec := e.spec
	e.mu.Unlock()
	reactive, err := model.FitReactive(ctx, spec, history)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.epoch != epoch {
		return false, nil
	}
	e.filled = true
	if err != nil { // hardly any history: observed demand serves until there are enough cells
		e.fitErr = err
		return false, e.workload.Append(history)
	}
	if err := e.workload.Install(reactive); err != nil {
		return false, err
	}
	if e.fitAfter.IsZero() && !e.fitting {
		e.fitting, fits = true, true
	}
	return fits, nil
}
