package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// A database is Prometheus's own, in a temporary folder, with its engine.
type database struct {
	dir     string
	db      *tsdb.DB
	engine  *promql.Engine
	samples int64 // 0 if they were not counted
}

// openDatabase opens what fill puts into a temporary folder.
func openDatabase(opts *tsdb.Options, fill func(dir string) error) (*database, error) {
	dir, err := os.MkdirTemp("", "forescale-export-")
	if err != nil {
		return nil, err
	}
	d := &database{dir: dir}
	if err := fill(dir); err != nil {
		return nil, errors.Join(err, d.close())
	}
	log := slog.New(slog.DiscardHandler)
	opts.RetentionDuration, opts.MaxBytes = 0, 0 // nothing is too old to be read
	if d.db, err = tsdb.Open(dir, log, nil, opts, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("open the database: %w (was it copied whole?)", err), d.close())
	}
	d.db.DisableCompactions()
	d.engine = promql.NewEngine(promql.EngineOpts{
		Logger: log, MaxSamples: maxSamples, Timeout: queryTimeout, LookbackDelta: lookback,
		EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
	})
	return d, nil
}

func (d *database) close() error {
	var errs []error
	if d.engine != nil {
		errs = append(errs, d.engine.Close())
	}
	if d.db != nil {
		errs = append(errs, d.db.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(d.dir))...)
}

// span returns the times of the first and the last sample, in milliseconds; ok is
// false if there is none.
func (d *database) span() (first, last int64, ok bool) {
	first, last = math.MaxInt64, math.MinInt64
	if head := d.db.Head(); head.NumSeries() > 0 {
		first, last = head.MinTime(), head.MaxTime()
	}
	for _, b := range d.db.Blocks() {
		first, last = min(first, b.Meta().MinTime), max(last, b.Meta().MaxTime-1) // the end is not in a block
	}
	return first, last, first <= last
}

// A sighting is a series and the time between its samples, 0 if it has but one.
type sighting struct {
	labels  labels.Labels
	spacing time.Duration
}

// look returns the first series, up to most.
func (d *database) look(ctx context.Context, first, last int64, most int) ([]sighting, error) {
	q, err := d.db.Querier(first, last)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	every := labels.MustNewMatcher(labels.MatchRegexp, model.MetricNameLabel, ".+")
	var seen []sighting
	set := q.Select(ctx, true, nil, every)
	for len(seen) < most && set.Next() {
		name := set.At().Labels()
		if strings.HasSuffix(name.Get(model.MetricNameLabel), "_created") {
			continue // when a counter began; a companion and no series of its own
		}
		seen = append(seen, sighting{name, spacing(set.At())})
	}
	return seen, set.Err()
}

// spacing returns the median time between the first samples of a series.
func spacing(s storage.Series) time.Duration {
	const enough = 1000
	var distances []int64
	before := int64(math.MinInt64)
	it := s.Iterator(nil)
	for len(distances) < enough && it.Next() != chunkenc.ValNone {
		if at := it.AtT(); before != math.MinInt64 {
			distances = append(distances, at-before)
		}
		before = it.AtT()
	}
	if len(distances) == 0 {
		return 0
	}
	slices.Sort(distances)
	return time.Duration(distances[len(distances)/2]) * time.Millisecond
}
