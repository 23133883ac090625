package live

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/semaphore"
)

// patience is how long the newest sample waits for the range query of closed cells, or of the
// history. Usually the answer is there within a moment, and the decision then takes it into
// account. A range query that takes a minute, or hangs, must not hold up the newest sample. Only
// the very first sample waits for the history, for Options.QueryTimeout: until then an
// autoscaler holds, or has the answers of a former spec, and observed demand alone might let it
// scale in.
const patience = time.Second

// errCrowded is why closed cells, or the latency and replicas beside them, are left for the next
// time.
var errCrowded = errors.New("the metric server is slow to answer range queries, and as many as allowed are waiting already")

// passes reports whether the closed cells of e have not been read only because the cells of many
// workloads close at once. Usually each has had its turn within half a minute. The caller holds
// the lock of e.
func (e *entry) passes() bool {
	return errors.Is(e.fillErr, errCrowded) && e.fillFailures <= severalTries
}

// severalTries take half a minute, see backoff.
const severalTries = 5

// A gap is what a workload lacks and a range query is to fill.
type gap int

const (
	none    gap = iota
	history     // all of it
	cells       // that have closed since the last one known
)

// fill reads what is due by range queries. It returns when that is done or, with a query under
// way, when the newest sample is to wait no longer.
func (s *Store) fill(ctx context.Context, e *entry, epoch int, now time.Time) {
	due, wait := s.takeFill(e, epoch, now)
	if due == none {
		return
	}
	done := make(chan struct{})
	reading, cancel := context.WithCancelCause(ctx)
	s.work.Go(func() {
		defer close(done)
		defer cancel(nil)
		var err error
		if due == history {
			err = s.readHistory(ctx, e, epoch, now) // with ctx, because it starts a fit
			s.histories.Release(1)
		} else {
			err = s.readClosed(reading, e, epoch, now)
		}
		if err != nil && errors.Is(context.Cause(reading), errCrowded) {
			err = errCrowded
		}
		if ctx.Err() == nil {
			s.noteFill(e, epoch, err)
		}
	})
	late := time.NewTimer(wait)
	defer late.Stop()
	select {
	case <-done:
		return
	case <-late.C:
	}
	var slot *semaphore.Weighted // of s.late; a history keeps its slot of s.histories
	if due == cells {
		if slot = s.late; !slot.TryAcquire(1) {
			cancel(errCrowded)
			<-done
			return
		}
	}
	s.work.Go(func() {
		<-done
		if slot != nil {
			slot.Release(1)
		}
		if ctx.Err() != nil {
			return
		}
		e.mu.Lock() // decide with what was read, before the next tick
		defer e.mu.Unlock()
		e.decide(s.opts.Now())
	})
}

// takeFill returns what a range query is to read for e, and how long the newest sample waits for
// that. The query then counts as under way until noteFill.
func (s *Store) takeFill(e *entry, epoch int, now time.Time) (due gap, wait time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.epoch != epoch || e.filling || now.Before(e.fillAfter) {
		return none, 0
	}
	due, wait = cells, patience
	switch {
	case e.filled && !s.cellClosed(e, now):
		e.fillErr, e.fillFailures = nil, 0
		return none, 0
	case e.filled:
	// Where many workloads begin at once, as after a restart, histories keep the processors busy
	// for a minute. Workloads that wait for their turn are served by observed demand meanwhile.
	case !s.histories.TryAcquire(1):
		return none, 0
	default:
		due = history
		if e.workload.Latest().Time.IsZero() {
			wait = s.opts.QueryTimeout
		}
	}
	e.filling = true
	return due, wait
}

// cellClosed reports whether a cell of e has closed that has not been read, or that was left and
// is due again. The caller holds the lock of e.
func (s *Store) cellClosed(e *entry, now time.Time) bool {
	step := e.spec.Metric.Step.Std()
	return e.left.cells.Len() > 0 && !now.Before(e.left.after) || s.closed(now, step).Sub(e.workload.Next()) >= step
}
