// Package embedded runs a Prometheus inside this process, for the demo and for
// tests: Prometheus's own time-series database, its own PromQL engine and its own
// scraping, as libraries, behind the endpoints of its query API.
//
// # What is real and what is not
//
// Storage, evaluation, scraping, staleness markers and error messages are
// Prometheus's code with Prometheus's default limits. The HTTP layer over it is
// ours and small: /api/v1/query, /api/v1/query_range, /-/healthy and /-/ready.
// There are no rules, no alerts, no service discovery and no user interface.
// Blocks are never cut: all samples stay in the head of the database.
//
// # Time
//
// A server lives in the time that Options.Now tells. Scrapes happen in real
// time, and their samples are stamped with what Now says at that moment, so that
// a clock that runs a hundred times as fast makes a hundred times as much
// history. Between two scrapes of a counter both its value and its stamp have
// moved on, whatever the speed; what a fast clock magnifies is the moment
// between the stamp and the answer of the target, unless that asks
// [Server.Stamp].
//
// # Why not the handlers of Prometheus
//
// Prometheus's package web/api/v1 pulls in a module that clashes with one of
// KEDA's, and only a replace directive could cure that, which would break
// go install for users.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"github.com/forescale/forescale/collector"
)

// Prometheus's defaults.
const (
	lookback     = 5 * time.Minute
	queryTimeout = 2 * time.Minute
	maxSamples   = 50_000_000
	maxPoints    = 11_000
)

// oneBlock is longer than any run, so that the head is never cut into blocks.
const oneBlock = 1000 * 24 * time.Hour

// Options say where a server keeps its data and which clock it goes by.
type Options struct {
	// Now is the clock of the server. It must not run backwards. Required.
	Now func() time.Time

	// Spacing is the least time of Now between two scrapes: one that comes earlier is
	// dropped. A clock that is fast and at times waits would space them unevenly, and
	// what rate() makes of them would jump. 0 drops nothing.
	Spacing time.Duration

	// Dir holds the database. Empty means a temporary folder, which Close removes.
	Dir string
}

// A Server is a running Prometheus. It is safe for concurrent use.
type Server struct {
	now     func() time.Time
	spacing time.Duration
	log     *slog.Logger
	dir     string
	remove  bool // dir is ours
	db      *tsdb.DB
	engine  *promql.Engine
	http    *http.Server
	url     string
	done    sync.WaitGroup // of the goroutines that serve and scrape
	stamp   atomic.Int64   // see Stamp; in milliseconds since the epoch, as newest
	newest  atomic.Int64   // see Newest

	mu      sync.Mutex // guards scraper
	scraper *scraper   // nil until the first Scrape
}

// Start opens the database and serves on a free port of the loopback interface.
// Close must be called.
func Start(ctx context.Context, o Options) (*Server, error) {
	if o.Now == nil {
		return nil, errors.New("embedded: Options.Now is nil, want a clock")
	}
	s := &Server{now: o.Now, spacing: o.Spacing, log: slog.New(slog.DiscardHandler), dir: o.Dir}
	if err := s.open(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	if err := s.listen(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) open() error {
	if s.dir == "" {
		dir, err := os.MkdirTemp("", "forescale-prometheus-")
		if err != nil {
			return fmt.Errorf("embedded: folder of the database: %w", err)
		}
		s.dir, s.remove = dir, true
	}
	opts := tsdb.DefaultOptions()
	opts.MinBlockDuration = oneBlock.Milliseconds()
	opts.MaxBlockDuration = oneBlock.Milliseconds()
	opts.RetentionDuration = oneBlock.Milliseconds()
	db, err := tsdb.Open(s.dir, s.log, prometheus.NewRegistry(), opts, nil)
	if err != nil {
		return fmt.Errorf("embedded: open the database in %s: %w", s.dir, err)
	}
	s.db = db
	s.engine = promql.NewEngine(promql.EngineOpts{
		Logger: s.log, Reg: prometheus.NewRegistry(),
		MaxSamples: maxSamples, Timeout: queryTimeout, LookbackDelta: lookback,
		EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
	})
	return nil
}

func (s *Server) listen(ctx context.Context) error {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("embedded: %w", err)
	}
	s.url = "http://" + listener.Addr().String()
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	s.done.Go(func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("server ended", "error", err)
		}
	})
	return nil
}

// URL is the address of the server, as in http://127.0.0.1:41234.
func (s *Server) URL() string { return s.url }

// Append stores samples of the series with the given labels, which must hold
// __name__, as if they had been scraped. Their times ascend, and follow those
// that the series has already.
func (s *Server) Append(ctx context.Context, series map[string]string, samples []collector.Sample) error {
	set := labels.FromMap(series)
	app := s.db.AppenderV2(ctx)
	var ref storage.SeriesRef
	for i, sample := range samples {
		r, err := app.Append(ref, set, 0, sample.Time.UnixMilli(), sample.Value, nil, nil, storage.AppendV2Options{})
		if err != nil {
			return errors.Join(fmt.Errorf("embedded: sample %d of %s at %s: %w",
				i, set, sample.Time.UTC().Format(time.RFC3339Nano), err), app.Rollback())
		}
		ref = r
	}
	if err := app.Commit(); err != nil {
		return fmt.Errorf("embedded: append to %s: %w", set, err)
	}
	if n := len(samples); n > 0 {
		s.seen(samples[n-1].Time.UnixMilli())
	}
	return nil
}

// Close ends scrapes and requests and removes a temporary folder. It may be
// called more than once.
func (s *Server) Close() error {
	s.mu.Lock()
	scraper := s.scraper
	s.scraper = nil
	s.mu.Unlock()
	if scraper != nil {
		scraper.stop()
	}
	var errs []error
	if s.http != nil {
		errs = append(errs, s.http.Close())
	}
	s.done.Wait()
	if s.engine != nil {
		errs = append(errs, s.engine.Close())
		s.engine = nil
	}
	if s.db != nil {
		errs = append(errs, s.db.Close())
		s.db = nil
	}
	if s.remove {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// A scraper is Prometheus's scrape manager with its targets.
type scraper struct {
	manager *scrape.Manager
	targets chan targetSets
	jobs    []Job
	done    *sync.WaitGroup
}

func (s *scraper) stop() {
	s.manager.Stop()
	s.done.Wait()
}
