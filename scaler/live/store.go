package live

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
)

// A Source reads one series of a metric store. Both methods honour ctx and
// return an error that names what to do when the query does not yield exactly
// one series.
type Source interface {
	// Range returns the samples of query in (from, to], oldest first, evaluated at
	// multiples of step since the epoch.
	Range(ctx context.Context, query string, from, to time.Time, step time.Duration) ([]collector.Sample, error)

	// Instant returns the value of query at an instant.
	Instant(ctx context.Context, query string, at time.Time) (collector.Sample, error)
}

// Options are the settings of a [Store]. The zero value is the default.
type Options struct {
	// Now is the clock. Default time.Now; a demonstration accelerates it.
	Now func() time.Time

	// Tick is the real time between two decisions. Default 500 ms.
	Tick time.Duration

	// QueryRate bounds the queries per second of the clock, over all workloads, each of
	// which asks every two to four seconds. Default 200.
	QueryRate float64

	// QueryTimeout bounds one instant query. Default 10 s. A range query, such as of a
	// history, gets six times as long.
	QueryTimeout time.Duration

	// Parallel bounds the instant queries in flight. Half as many range queries may read
	// histories, and half as many closed cells, where these take long. Default 32.
	Parallel int

	// FitWorkers bounds the fits that run at once. Default 1.
	FitWorkers int

	// Settle is how long after its end a cell is read, so that scrapes on their way
	// are counted. Default 1 s.
	Settle time.Duration

	// Forget is how long a workload is kept while nobody asks about it. Default
	// 15 min; negative means for ever.
	Forget time.Duration

	// Network is a trained network that joins the experts of every pool, and
	// stands behind the model lstm. Default: the built-in prior alone.
	Network *lstm.Network

	// Log receives what an operator should know. Default: nothing.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Tick = cmp.Or(o.Tick, 500*time.Millisecond)
	o.QueryRate = cmp.Or(o.QueryRate, 200)
	o.QueryTimeout = cmp.Or(o.QueryTimeout, 10*time.Second)
	o.Parallel = cmp.Or(o.Parallel, 32)
	o.FitWorkers = cmp.Or(o.FitWorkers, 1)
	o.Settle = cmp.Or(o.Settle, time.Second)
	o.Forget = cmp.Or(o.Forget, 15*time.Minute)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Store keeps one workload per key. It is safe for concurrent use.
type Store struct {
	source Source
	opts   Options

	fits      *semaphore.Weighted
	rereads   *semaphore.Weighted // histories that are read for a new fit, until that is done
	waiting   *semaphore.Weighted // first histories that are kept for their fit
	queries   *semaphore.Weighted // instant queries
	histories *semaphore.Weighted // range queries of histories, the first of each workload
	late      *semaphore.Weighted // range queries of closed cells that took longer than patience
	work      sync.WaitGroup      // queries and fits under way

	wake chan struct{} // asks for a tick before its time: a workload is new

	mu      sync.RWMutex // guards entries, not their insides
	entries map[Key]*entry

	loop loop // of the tick loop alone
}

// A loop is what one tick leaves to the next.
type loop struct {
	tokens float64 // queries that may be started now, refilled at Options.QueryRate
	at     time.Time
	queue  []waiting // memory for the next queue
}

// A waiting workload is one in the queue for queries.
type waiting struct {
	entry   *entry
	queried int64 // when it had its last one; kept here, since sorting reads it often
}

// NewStore returns a store that reads from source. It does nothing before Run.
func NewStore(source Source, opts Options) *Store {
	opts = opts.withDefaults()
	return &Store{
		source:    source,
		opts:      opts,
		fits:      semaphore.NewWeighted(int64(opts.FitWorkers)),
		rereads:   semaphore.NewWeighted(int64(opts.FitWorkers) + rereads),
		waiting:   semaphore.NewWeighted(waitingHistories),
		queries:   semaphore.NewWeighted(int64(opts.Parallel)),
		histories: semaphore.NewWeighted(max(1, int64(opts.Parallel)/2)),
		late:      semaphore.NewWeighted(max(1, int64(opts.Parallel)/2)),
		wake:      make(chan struct{}, 1),
		entries:   map[Key]*entry{},
	}
}

// maxWorkloads bounds the memory that clients can make the store use.
const maxWorkloads = 100_000

// Ensure starts the workload of key or adopts a changed spec; it is cheap if
// nothing changed. While a changed spec is being read and fitted, the former
// answers stand. It returns the faults of spec and then changes nothing.
func (s *Store) Ensure(key Key, spec api.Spec) error {
	spec = spec.Default()
	e := s.find(key)
	if e != nil && e.has(spec) {
		e.touch(s.opts.Now())
		return nil
	}
	w, err := engine.New(spec)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if e = s.entries[key]; e != nil && e.has(spec) { // another call was faster
		e.touch(s.opts.Now())
		return nil
	}
	if e == nil {
		if len(s.entries) >= maxWorkloads {
			return fmt.Errorf("live: %s: too many workloads: %d are kept already", key, len(s.entries))
		}
		e = newEntry(key)
		s.entries[key] = e
		s.opts.Log.Info("workload started", "workload", key.String(), "query", spec.Metric.Query, "model", spec.Forecast.Model)
	} else {
		s.opts.Log.Info("workload changed", "workload", key.String())
	}
	e.adopt(w, s.opts.Now())
	select {
	case s.wake <- struct{}{}:
	default: // a tick is asked for already
	}
	return nil
}

// find returns the entry of key, nil if there is none.
func (s *Store) find(key Key) *entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.entries[key]
}

// Answer returns the newest answer of key, false if there is no such workload.
// It reads memory only, and counts as interest in the workload.
func (s *Store) Answer(key Key) (Answer, bool) {
	e := s.find(key)
	if e == nil {
		return Answer{}, false
	}
	e.touch(s.opts.Now())
	return e.read(), true
}

// Forecast returns a copy of key's forecast from its last closed cell and the
// name of the model that made it; nil and empty if there is no such workload or
// no model yet.
func (s *Store) Forecast(key Key) (f *forecast.Forecast, model string) {
	e := s.find(key)
	if e == nil {
		return nil, ""
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if now := e.workload.Forecast(); now != nil {
		f = now.Clone()
	}
	return f, e.workload.Model()
}

// Watch returns a channel that receives, with room for one pending signal, when
// the activity, the target or the error of key's answer changes, and a function
// that ends the watch. Watching counts as interest. The channel is nil, and never
// ready, if there is no such workload.
func (s *Store) Watch(key Key) (changes <-chan struct{}, stop func()) {
	e := s.find(key)
	if e == nil {
		return nil, func() {}
	}
	return e.watch()
}

// Remove forgets the workload of key, if there is one.
func (s *Store) Remove(key Key) {
	e := s.find(key)
	if e != nil {
		s.remove(e)
	}
}

// remove forgets e, unless another workload of its key has taken its place.
func (s *Store) remove(e *entry) {
	s.mu.Lock()
	if s.entries[e.key] == e {
		delete(s.entries, e.key)
	}
	s.mu.Unlock()
	e.close()
}

// Keys returns the keys of all workloads, sorted.
func (s *Store) Keys() []Key {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.SortedFunc(maps.Keys(s.entries), cmpKey)
}

// Each calls f with each workload's key, its newest answer, and whether somebody is expected
// to ask for that, as the times of the last questions tell, in no order. Unlike Answer it does
// not count as interest.
func (s *Store) Each(f func(key Key, newest Answer, wanted bool)) {
	now := s.opts.Now()
	for _, e := range s.all() {
		f(e.key, e.read(), e.wanted(now))
	}
}

// all returns the entries of this moment.
func (s *Store) all() []*entry {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Collect(maps.Values(s.entries))
}

// Run ticks until ctx ends, and then waits for the queries and fits under way.
// It returns nil when ctx ends.
func (s *Store) Run(ctx context.Context) error {
	defer s.work.Wait()
	ticker := time.NewTicker(s.opts.Tick)
	defer ticker.Stop()
	for {
		s.tick(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-ticker.C:
		}
	}
}

// tick starts the queries and fits that are due, the longest waiting first, and decides
// the workloads that have no query under way. A workload whose newest sample is on its way
// decides when that has arrived, or at the next tick if that comes first. So each moment is
// decided once, with all that is known of it, as in a replay.
func (s *Store) tick(ctx context.Context) {
	now := s.opts.Now()
	s.refill(now)
	queue := s.loop.queue[:0]
	s.mu.RLock()
	for _, e := range s.entries {
		queue = append(queue, waiting{e, e.queried.Load()})
	}
	s.mu.RUnlock()
	slices.SortFunc(queue, func(a, b waiting) int { return cmp.Compare(a.queried, b.queried) })
	for _, t := range queue {
		e := t.entry
		if s.opts.Forget > 0 && e.idle(now) > s.opts.Forget {
			s.opts.Log.Info("workload forgotten: nobody asks about it", "workload", e.key.String())
			s.remove(e)
			continue
		}
		if !s.query(ctx, e, now) {
			e.tick(now)
		}
		s.fit(ctx, e, now)
	}
	clear(queue) // what was removed must not be held
	s.loop.queue = queue
}

func (s *Store) refill(now time.Time) {
	b, most := &s.loop, max(s.opts.QueryRate, 1) // of less than one no query could ever be paid
	if b.at.IsZero() {
		b.tokens = most
	} else {
		b.tokens = min(most, b.tokens+s.opts.QueryRate*max(now.Sub(b.at), 0).Seconds()) // the clock may be set back
	}
	b.at = now
}
