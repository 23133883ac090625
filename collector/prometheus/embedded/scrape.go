package embedded

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/storage"
)

type targetSets = map[string][]*targetgroup.Group

// A Job is what a Prometheus scrapes again and again.
type Job struct {
	Name     string        // label job
	URL      string        // of the metrics, as in http://127.0.0.1:8080/metrics
	Interval time.Duration // of real time, in whole milliseconds
}

// Scrape scrapes job until Close, beside the jobs of former calls.
func (s *Server) Scrape(job Job) error {
	u, err := url.Parse(job.URL)
	if err != nil || u.Scheme == "" || u.Host == "" {
		return fmt.Errorf("embedded: job %q: url %q, want something like http://127.0.0.1:8080/metrics", job.Name, job.URL)
	}
	if job.Name == "" || job.Interval < time.Millisecond || job.Interval%time.Millisecond != 0 {
		return fmt.Errorf("embedded: job %q with interval %v, want a name and whole milliseconds", job.Name, job.Interval)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scraper == nil {
		if s.scraper, err = s.newScraper(); err != nil {
			return err
		}
	}
	return s.scraper.add(job)
}

func (s *Server) newScraper() (*scraper, error) {
	manager, err := scrape.NewManager(&scrape.Options{
		DiscoveryReloadInterval:  model.Duration(10 * time.Millisecond),
		DiscoveryReloadOnStartup: true,
	}, s.log, nil, nil, stamped{s.db, s}, prometheus.NewRegistry())
	if err != nil {
		return nil, fmt.Errorf("embedded: scrape manager: %w", err)
	}
	r := &scraper{manager: manager, targets: make(chan targetSets), done: new(sync.WaitGroup)}
	r.done.Go(func() {
		if err := manager.Run(r.targets); err != nil {
			s.log.Error("scraping ended", "error", err)
		}
	})
	return r, nil
}

// add makes the jobs with job the new configuration. It goes through the text
// form, because that is where Prometheus sets its defaults.
func (r *scraper) add(job Job) error {
	jobs := slices.Concat(r.jobs, []Job{job})
	var text strings.Builder
	text.WriteString("scrape_configs:\n")
	sets := targetSets{}
	for _, j := range jobs {
		u, err := url.Parse(j.URL)
		if err != nil {
			return fmt.Errorf("embedded: job %q: %w", j.Name, err)
		}
		interval := model.Duration(j.Interval)
		fmt.Fprintf(&text, "- {job_name: %q, scheme: %s, metrics_path: %q, scrape_interval: %s, scrape_timeout: %s}\n",
			j.Name, u.Scheme, u.Path, interval, interval)
		sets[j.Name] = []*targetgroup.Group{{
			Source: j.Name, Targets: []model.LabelSet{{model.AddressLabel: model.LabelValue(u.Host)}},
		}}
	}
	cfg, err := config.Load(text.String(), nil)
	if err != nil {
		return fmt.Errorf("embedded: scrape configuration: %w", err)
	}
	if err := r.manager.ApplyConfig(cfg); err != nil {
		return fmt.Errorf("embedded: scrape configuration: %w", err)
	}
	r.targets <- sets
	r.jobs = jobs
	return nil
}

// stamped hands out appenders that stamp samples with the clock of the server in
// place of the real time that the scraper gives them.
type stamped struct {
	storage.AppendableV2

	server *Server
}

// AppenderV2 returns an appender that stamps all samples of a scrape alike. The
// scraper asks for it just before it sends the request.
func (s stamped) AppenderV2(ctx context.Context) storage.AppenderV2 {
	at := s.server.now().UnixMilli()
	s.server.stamp.Store(at)
	return &stampedAppender{
		AppenderV2: s.AppendableV2.AppenderV2(ctx), server: s.server, at: at,
		early: at-s.server.newest.Load() < s.server.spacing.Milliseconds(),
	}
}

type stampedAppender struct {
	storage.AppenderV2

	server *Server
	at     int64 // milliseconds since the epoch
	told   bool  // the target has told something
	early  bool  // too close to the former: dropped
}

//nolint:revive // the signature is Prometheus's
func (a *stampedAppender) Append(ref storage.SeriesRef, ls labels.Labels, _, _ int64, v float64,
	h *histogram.Histogram, fh *histogram.FloatHistogram, opts storage.AppendV2Options,
) (storage.SeriesRef, error) {
	if a.early {
		return ref, nil
	}
	a.told = a.told || !value.IsStaleNaN(v) && !aboutScrape(ls.Get(model.MetricNameLabel))
	return a.AppenderV2.Append(ref, ls, 0, a.at, v, h, fh, opts)
}

// aboutScrape tells the series that Prometheus makes of each scrape, also of one
// that fails.
func aboutScrape(name string) bool { return name == "up" || strings.HasPrefix(name, "scrape_") }

func (a *stampedAppender) Commit() error {
	if a.early {
		return a.Rollback()
	}
	err := a.AppenderV2.Commit()
	if err == nil && a.told {
		a.server.seen(a.at)
	}
	return err
}

// Stamp returns the time that the samples of the newest scrape are given, which
// may be under way; zero before the first. A target that answers with what it was
// then takes the moment between stamp and answer out of a fast clock.
func (s *Server) Stamp() time.Time { return instant(s.stamp.Load()) }

// Newest returns the time of the newest sample that queries see, of any series;
// zero if there is none. What Prometheus notes about a scrape that failed does not
// count.
func (s *Server) Newest() time.Time { return instant(s.newest.Load()) }

// seen notes samples of an instant.
func (s *Server) seen(at int64) {
	for old := s.newest.Load(); at > old && !s.newest.CompareAndSwap(old, at); old = s.newest.Load() {
	}
}

// instant is the time of a stamp in milliseconds since the epoch, 0 = none.
func instant(at int64) time.Time {
	if at == 0 {
		return time.Time{}
	}
	return time.UnixMilli(at).UTC()
}
