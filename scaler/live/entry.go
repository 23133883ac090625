package live

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
)

// An entry is one workload with its lock, its last answer, and the state of its queries and
// fits.
type entry struct {
	key     Key
	touched atomic.Int64 // unix nanoseconds of the last interest
	rhythm  atomic.Int64 // nanoseconds between two of them, see touch
	queried atomic.Int64 // unix nanoseconds of the start of the last query; 0 = none yet

	mu       sync.Mutex // guards the workload and what follows; held for a decision's microsecond, or while a cell closes for a hundred
	workload *engine.Workload
	spec     api.Spec
	epoch    int // counts specs, so that a late result of a former one is dropped

	cadence       cadence // when its series has news
	querying      bool
	queryAfter    time.Time // no query before, after a failure
	queryFailures int       // in a row
	queryErr      error     // of the last query; nil when it succeeded

	filled       bool      // the history has been read
	filling      bool      // the history or closed cells are being read
	fillAfter    time.Time // no range query before, after a failure
	fillFailures int       // in a row
	fillErr      error     // of the last range query for the history or closed cells
	fillLogged   bool      // fillErr was logged

	fitting   bool
	fitAfter  time.Time // no fit before, after a failure
	fitErr    error     // of the last fit
	fitLogged error     // the last one that was logged since a fit succeeded

	serviceErr error   // of the last look at latency and replicas
	service    service // as of the last closed cell
	left       left
	pods       pods      // as reported by the owner of the target
	requested  requested // counts that answers asked for, where nobody reports pods
	score      scoring   // what the answers are worth; a change of spec does not reset it
	scaled     bool      // Scale is called: it decides replicas and books the error budget
	answered   bool      // an answer of this spec or a former one stands
	decided    time.Time // instant of the newest answer, or of the error in place of one

	answerMu sync.Mutex // guards what follows, after mu where both are held; held for nanoseconds, so that whoever asks never waits for a cell
	answer   Answer
	watchers map[int]chan struct{}
	nextID   int
}

func newEntry(key Key) *entry {
	return &entry{key: key, service: unknownService(), watchers: map[int]chan struct{}{}}
}

func cmpKey(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Metric, b.Metric))
}

// wantedFor is how long a workload counts as wanted after it was last asked for, at least. By
// default KEDA asks every 30 s, and the HPA behind it every 15 s. A trigger that was deleted, or
// whose corrected query has given its metric another name, is kept for longer than that, and must
// not look like one that lacks data.
const wantedFor = 2 * time.Minute

// touch notes that somebody asks, and how long after the last time. A shorter interval than
// before, such as that of an HPA once there are replicas again, at most halves the rhythm,
// because KEDA and an HPA ask out of step. Calls within a second count as one.
func (e *entry) touch(now time.Time) {
	last := e.touched.Swap(now.UnixNano())
	if since := now.UnixNano() - last; last != 0 && since >= int64(time.Second) {
		e.rhythm.Store(max(since, e.rhythm.Load()/2))
	}
}

// wanted reports whether somebody is still expected to ask: the last call is no older than twice
// the usual interval. At zero replicas only KEDA asks, once per pollingInterval.
func (e *entry) wanted(now time.Time) bool {
	return e.idle(now) <= max(wantedFor, 2*time.Duration(e.rhythm.Load()))
}

// idle is how long ago somebody asked, 0 while somebody watches.
func (e *entry) idle(now time.Time) time.Duration {
	e.answerMu.Lock()
	watched := len(e.watchers) > 0
	e.answerMu.Unlock()
	if watched {
		return 0
	}
	return now.Sub(time.Unix(0, e.touched.Load()))
}

// isNew reports whether err is an error with another text than the last one, nil or not: each is
// then logged once for as long as it lasts.
func isNew(err, last error) bool {
	return err != nil && (last == nil || last.Error() != err.Error())
}

func (e *entry) has(spec api.Spec) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return reflect.DeepEqual(e.spec, spec)
}

func (e *entry) adopt(w *engine.Workload, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.begin(w, now)
	e.touch(now)
}

// begin makes w the workload, as at a start; answers of the former one stand until it has one. The
// caller holds mu.
func (e *entry) begin(w *engine.Workload, now time.Time) {
	if e.workload != nil { // the pods are the same, and hours may pass before one starts
		w.SetStartup(e.workload.Startup())
	}
	e.workload, e.spec = w, w.Spec()
	e.epoch++
	e.filled, e.filling, e.fitting, e.querying = false, false, false, false
	e.cadence = newCadence(e.spec.Metric.Step.Std())
	e.queried.Store(0)
	e.queryAfter, e.fillAfter, e.fitAfter = time.Time{}, time.Time{}, time.Time{}
	e.queryFailures, e.fillFailures = 0, 0
	e.queryErr, e.fillErr, e.fitErr, e.fitLogged, e.serviceErr = nil, nil, nil, nil, nil
	e.service, e.pods, e.requested = unknownService(), pods{}, requested{}
	e.left, e.decided = left{}, time.Time{}
	e.answerMu.Lock()
	defer e.answerMu.Unlock()
	if !e.answered {
		e.answer.Target = e.workload.Target()
		e.answer.Err = fmt.Errorf("%s: no data yet: %w", e.key, ErrStarting)
		e.answer.Observed, e.answer.Predicted = math.NaN(), math.NaN()
		e.answer.Active, e.answer.At = true, now
	}
}

func (e *entry) read() Answer {
	e.answerMu.Lock()
	defer e.answerMu.Unlock()
	return e.answer
}

func (e *entry) watch() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	e.answerMu.Lock()
	defer e.answerMu.Unlock()
	id := e.nextID
	e.nextID++
	e.watchers[id] = ch
	return ch, func() {
		e.answerMu.Lock()
		defer e.answerMu.Unlock()
		delete(e.watchers, id)
	}
}

// close wakes the watchers for the last time.
func (e *entry) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.epoch++
	e.answerMu.Lock()
	defer e.answerMu.Unlock()
	e.notify()
}

// notify signals the watchers; the caller holds answerMu.
func (e *entry) notify() {
	for _, ch := range e.watchers {
		select {
		case ch <- struct{}{}:
		default: // a signal is pending already
		}
	}
}

// tick decides, unless the workload is being changed at this moment: a tick over all
// workloads must not wait for each of them, and whoever appends a cell or observes a sample
// decides right after. If that happened after the tick began, now has passed, and tick does
// nothing, because time must not go back: the reactive autoscaler would begin anew.
func (e *entry) tick(now time.Time) {
	if !e.mu.TryLock() {
		return
	}
	defer e.mu.Unlock()
	if now.Before(e.decided) {
		return
	}
	e.decide(now)
}

// decide makes the answer of one instant; the caller holds mu.
func (e *entry) decide(now time.Time) {
	e.decided = now
	before := e.read()
	next := Answer{Target: e.workload.Target(), Active: true, At: now}
	d := e.workload.Demand(now)
	next.Observed, next.Predicted = d.Observed, d.Predicted
	switch {
	case e.workload.Latest().Time.IsZero():
		if e.answered && now.Sub(before.At) <= e.spec.Metric.TTL.Std() {
			return // a changed spec is being read: the former answer stands
		}
		next.Err = e.noDataError()
	case math.IsNaN(d.Observed):
		next.Err = e.noDataError()
	case next.Target <= 0:
		next.Err = e.unknownTargetError()
	default:
		e.spend(now)
		d = e.workload.Demand(now) // again, because spend may have moved the quantile level
		next.Observed, next.Predicted, next.Value = d.Observed, d.Predicted, d.Observed
		asked := e.workload.Answer(now, d)
		next.Active = d.Observed > e.spec.Scale.ActivationThreshold.Float()
		if e.spec.Mode == api.Active {
			next.Value, next.Rule, next.Active = asked, e.workload.AnswerRule(), e.workload.Active(d, asked)
		}
		e.keepScore(now, d.Observed, asked)
		e.noteRequest(now, next.Value, next.Target)
		e.answered = true
	}
	e.answerMu.Lock()
	defer e.answerMu.Unlock()
	e.answer = next
	if before.Active != next.Active || before.Target != next.Target || (before.Err == nil) != (next.Err == nil) {
		e.notify()
	}
}

// errUnanswered is why there is no newer sample where the last query has succeeded.
var errUnanswered = errors.New("the query for a newer one has not been answered yet: check that the metric server responds in time")

// noDataError says why there is nothing to serve. The text stays the same for as long as the
// cause does, because callers log each text once.
func (e *entry) noDataError() error {
	t := e.workload.Latest().Time
	if t.IsZero() {
		return fmt.Errorf("%s: no data yet: %w", e.key, cmp.Or(e.queryErr, ErrStarting))
	}
	return fmt.Errorf("%s: no sample since %s, longer than metric.ttl %s: %w",
		e.key, t.UTC().Format(time.RFC3339), e.spec.Metric.TTL, cmp.Or(e.queryErr, errUnanswered))
}
