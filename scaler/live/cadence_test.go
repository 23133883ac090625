package live

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector"
)

// A scraped source is a Prometheus whose targets are scraped every so often, each at a
// moment of its own: a value changes when one of them is, and not between.
type scraped struct {
	every time.Duration
	took  time.Duration // of a query
	from  time.Time     // what is measured is measured from here on

	mu      sync.Mutex // guards what follows
	rng     *rand.Rand
	offsets map[string][]time.Duration
	asked   map[string]time.Time
	queries int
	delays  []time.Duration // from each scrape to the query that saw it
}

func newScraped(every, learning time.Duration) *scraped {
	return &scraped{
		every: every, took: 5 * time.Millisecond, from: time.Now().Add(learning), rng: rand.New(rand.NewPCG(1, 2)),
		offsets: map[string][]time.Duration{}, asked: map[string]time.Time{},
	}
}

// deploy gives a query new targets.
func (s *scraped) deploy(query string, targets int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offsets[query] = nil
	for range targets {
		s.offsets[query] = append(s.offsets[query], time.Duration(s.rng.Int64N(int64(s.every))))
	}
}

func (s *scraped) Range(_ context.Context, _ string, from, to time.Time, step time.Duration) ([]collector.Sample, error) {
	var out []collector.Sample
	for t := from.Truncate(step).Add(step); !t.After(to); t = t.Add(step) {
		out = append(out, collector.Sample{Time: t, Value: 100})
	}
	return out, nil
}

func (s *scraped) Instant(_ context.Context, query string, at time.Time) (collector.Sample, error) {
	time.Sleep(s.took)
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.asked[query]
	s.asked[query] = at
	counted := at.After(s.from) && !last.IsZero()
	if counted {
		s.queries++
	}
	value := 0.0
	for i, offset := range s.offsets[query] {
		n := (at.UnixNano() - int64(offset)) / int64(s.every)
		value += float64(uint64(n)*2654435761%1000003) / float64(i+1) // any number that is another at each scrape
		for scrape := time.Unix(0, n*int64(s.every)+int64(offset)); counted && scrape.After(last); scrape = scrape.Add(-s.every) {
			s.delays = append(s.delays, at.Sub(scrape))
		}
	}
	return collector.Sample{Time: at, Value: value}, nil
}

// watched runs a store over n workloads of so many targets each, and returns the
// queries per second of all together and the delays, sorted, once they have been learned.
// All together may ask budget queries a second; 0 = the default.
func watched(t *testing.T, n, targets int, every time.Duration, budget float64) (rate float64, delays []time.Duration) {
	t.Helper()
	const learning, span = 10 * time.Minute, 5 * time.Minute
	synctest.Test(t, func(t *testing.T) {
		source := newScraped(every, learning)
		s := run(t, source, Options{Forget: -1, QueryRate: budget})
		for i := range n {
			source.start(t, s, fmt.Sprint("q", i), targets)
		}
		time.Sleep(learning + span)
		source.mu.Lock()
		defer source.mu.Unlock()
		slices.Sort(source.delays)
		rate, delays = float64(source.queries)/span.Seconds(), source.delays
	})
	return rate, delays
}

// start makes a workload of so many targets.
func (s *scraped) start(t *testing.T, store *Store, query string, targets int) {
	t.Helper()
	spec := demand()
	spec.Forecast.Model, spec.Metric.Query = "naive", query
	s.deploy(query, targets)
	require.NoError(t, store.Ensure(Key{Namespace: "shop", Name: query, Metric: "demand"}, spec))
}

// How many queries a server gets, and how soon a scrape is seen. A series of few targets that are
// scraped every minute is queried when it has a new scrape, and hardly at other times; others are
// queried at the usual interval.
func TestASeriesIsAskedForWhenItHasNews(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		workloads, targets int
		every              time.Duration
		budget             float64       // queries per second of all together; 0 = enough
		rate               float64       // queries per second and workload
		median, p99        time.Duration // from a scrape to the query that sees it
	}{
		{1, 1, 15 * time.Second, 0, 0.35, 500 * ms, 510 * ms}, // a minute: 4 times when it has news and just before, 8 in between, a cell
		{1, 1, time.Minute, 0, 0.3, 500 * ms, 510 * ms},
		{1, 3, 30 * time.Second, 0, 0.4, 500 * ms, 510 * ms},
		{1, 1, 7 * time.Second, 0, 0.51, 1200 * ms, 2100 * ms},  // at another moment in each minute
		{1, 1, 45 * time.Second, 0, 0.51, 2100 * ms, 2100 * ms}, // always as late as its one moment happens to lie
		{1, 40, 15 * time.Second, 0, 0.51, 1200 * ms, 2100 * ms},
		{60, 1, 15 * time.Second, 0, 0.35, 300 * ms, 510 * ms},
		{60, 40, 15 * time.Second, 0, 0.51, 1200 * ms, 2100 * ms},
		{60, 1, 15 * time.Second, 24, 0.39, 700 * ms, 2500 * ms}, // as five hundred by default: they are learned all the same
	} {
		rate, delays := watched(t, c.workloads, c.targets, c.every, c.budget)
		rate /= float64(c.workloads)
		median, p99 := delays[len(delays)/2], delays[len(delays)*99/100]
		t.Logf("%d workloads, %d targets each, scraped every %v: %.2f queries/s each, seen after %v, 99 %% within %v, at most %v",
			c.workloads, c.targets, c.every, rate, median.Round(ms), p99.Round(ms), delays[len(delays)-1].Round(ms))
		require.LessOrEqual(t, rate, c.rate)
		require.LessOrEqual(t, median, c.median)
		require.LessOrEqual(t, p99, c.p99)
	}
}

// On a busy machine each tick is late by a different fraction of a second, so that a scrape is seen
// in one of two adjacent moments. That must not start a new search for the moment.
func TestLateTicksUnlearnNothing(t *testing.T) {
	const tick, late, every, learning, span = 0.5, 0.05, 15.0, 1200.0, 3600.0 // seconds
	rng := rand.New(rand.NewPCG(1, 2))
	queries, delays := 0, []float64(nil)
	for range 20 {
		c, epoch := newCadence(time.Minute), time.Unix(1_700_000_000, 0)
		offset, seen := rng.Float64()*every, math.Inf(1) // of the scrapes, and the last one of them
		for next := rng.Float64() * tick; next < span; next += tick {
			now := next + late*rng.ExpFloat64()
			at := epoch.Add(time.Duration(now * float64(time.Second)))
			if !c.due(at) {
				continue
			}
			scrape := math.Floor((now-offset)/every)*every + offset
			c.spend()
			c.answered(at, scrape)
			if now > learning {
				queries++
				for s := seen + every; s <= scrape; s += every {
					delays = append(delays, now-s)
				}
			}
			seen = scrape
		}
	}
	slices.Sort(delays)
	require.Less(t, float64(queries)/(span-learning)/20, 0.33, "queries a second")
	require.Less(t, delays[len(delays)/2], 0.5)
	require.Less(t, delays[len(delays)*99/100], 1.0)
}

// New targets are scraped at other moments: their first scrape is seen within the longest interval
// between two queries, the later ones as soon as their moments are learned.
func TestNewTargetsAreFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := newScraped(15*time.Second, 10*time.Minute)
		s := run(t, source, Options{Forget: -1})
		for i := range 20 {
			source.start(t, s, fmt.Sprint("q", i), 1)
		}
		time.Sleep(10 * time.Minute)
		for i := range 20 {
			source.deploy(fmt.Sprint("q", i), 1)
		}
		time.Sleep(10 * time.Minute)
		source.mu.Lock()
		defer source.mu.Unlock()
		late := 0
		for _, d := range source.delays {
			require.LessOrEqual(t, d, 5*time.Second+500*time.Millisecond)
			if d > 2*time.Second {
				late++
			}
		}
		require.LessOrEqual(t, late, 2*20)
	})
}

// A load that does not change for hours shows no scrapes, but the moments stay learned.
func TestAConstantLoadKeepsTheMoments(t *testing.T) {
	c := newCadence(time.Minute)
	at := time.Unix(1_700_000_000, 0)
	asks := func(span time.Duration, value func(time.Time) float64) (n int) {
		for end := at.Add(span); at.Before(end); at = at.Add(500 * time.Millisecond) {
			if c.due(at) {
				n++
				c.spend()
				c.answered(at, value(at))
			}
		}
		return n
	}
	scrapes := func(at time.Time) float64 { return float64(at.Unix() / 15) }
	asks(10*time.Minute, scrapes)
	learned := c.lives
	still := scrapes(at)
	require.Less(t, asks(3*time.Hour, func(time.Time) float64 { return still }), 3*60*30)
	alive := 0
	for m, lives := range c.lives {
		if lives > 0 {
			alive++
			require.Positive(t, learned[m])
		}
	}
	require.Equal(t, 4, alive, "those of a scrape every quarter of a minute")
}

// A rate over the same scrapes differs in its last digits at each instant: that is no new scrape.
func TestTheLastDigitsAreNoNews(t *testing.T) {
	c := newCadence(time.Minute)
	at := time.Unix(1_700_000_000, 0)
	c.answered(at, 100)
	c.answered(at.Add(time.Second), 100+1e-12)
	require.True(t, c.quiet)
	c.answered(at.Add(2*time.Second), 100.001)
	require.False(t, c.quiet)
}
