package live

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/semaphore"
)

// patience is how long the newest sample waits for the history, or the cells since, to be
// read. As a rule these are there within a moment, and a decision then knows them. A server
// that takes a minute for them, or hangs, has a present all the same. The very first sample
// waits for the history as long as a query of the present may take: until then an autoscaler
// holds, or has the answers of a former spec, and observed demand alone might let it scale in.
const patience = time.Second

// errCrowded is why closed cells, or what lies beside them, are left for the next time.
var errCrowded = errors.New("the server is slow, and as many queries of the past as may be under way are waited for already")

// passes reports whether the past of e has not been read only because many ask at once when
// cells close. As a rule each has had its turn within half a minute. The caller holds the lock
// of e.
func (e *entry) passes() bool {
	return errors.Is(e.fillErr, errCrowded) && e.fillFailures <= severalTries
}

// severalTries take half a minute, see backoff.
const severalTries = 5

// A past is what is due of the past of a workload.
type past int

const (
	nothing past = iota
	history
	cells // that have closed since
)

// fill reads what is due of the past, and returns when that is done or, with the reading
// under way, when the present is to wait no longer.
func (s *Store) fill(ctx context.Context, e *entry, epoch int, now time.Time) {
	due, wait := s.takePast(e, epoch, now)
	if due == nothing {
		return
	}
	done := make(chan struct{})
	reading, cancel := context.WithCancelCause(ctx)
	s.work.Go(func() {
		defer close(done)
		defer cancel(nil)
		var err error
		if due == history {
			err = s.readHistory(ctx, e, epoch, now) // whose fit goes on
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
	var slot *semaphore.Weighted // a history has one
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
		e.mu.Lock() // what was read need not wait for the next tick
		defer e.mu.Unlock()
		e.decide(s.opts.Now())
	})
}

// takePast returns what is due of the past of e, which is then taken to be under way until
// noteFill, and how long the present waits for it.
func (s *Store) takePast(e *entry, epoch int, now time.Time) (due past, wait time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.epoch != epoch || e.filling || now.Before(e.fillAfter) {
		return nothing, 0
	}
	due, wait = cells, patience
	switch {
	case e.filled && !s.cellClosed(e, now):
		e.fillErr, e.fillFailures = nil, 0
		return nothing, 0
	case e.filled:
	// Where many begin at once, as after a restart, histories keep the processors busy for a
	// minute: those that wait for their turn are served as they are observed meanwhile.
	case !s.histories.TryAcquire(1):
		return nothing, 0
	default:
		due = history
		if e.workload.Latest().Time.IsZero() {
			wait = s.opts.QueryTimeout
		}
	}
	e.filling = true
	return due, wait
}

// cellClosed reports whether a cell of e has closed that is not known, or was left and is to be
// tried again. The caller holds the lock of e.
func (s *Store) cellClosed(e *entry, now time.Time) bool {
	step := e.spec.Metric.Step.Std()
	return e.left.cells.Len() > 0 && !now.Before(e.left.after) || s.closed(now, step).Sub(e.workload.Next()) >= step
}
