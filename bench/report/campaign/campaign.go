// Package campaign runs the policies of a backtest over traces and seeds.
//
// Each pair of a trace and a seed is one [replay.Scenario], prepared when its first
// policy runs and dropped with its last. Runs of different policies, seeds and traces
// go side by side in the order of the traces, so that few scenarios are in memory at
// a time: fourteen days in steps of a second take some 40 MB, and each policy that
// runs on them 15 MB. The figures of a finished run stay in memory, and its timeline if
// [Options.Keep] says so.
package campaign

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/rival"
	"github.com/forescale/forescale/bench/report"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/scaler/api"
)

// Oracle is the name of the clairvoyant policy, which belongs to its scenario.
const Oracle = "oracle"

// A Maker returns a new policy for one run on a scenario.
type Maker func(s *replay.Scenario, name string) (replay.Policy, error)

// Options say what to run.
type Options struct {
	Replay   replay.Options // its Seed and Timeline are set per run
	Policies []string       // names of the table; see [Make]
	Seeds    int            // 1, 2, …; at least 1
	Make     Maker          // nil = [Make]
	Workers  int            // runs at once; 0 = one per processor

	Price     float64 // of a replica-hour
	Resamples int     // of the bootstrap; 0 = 2000

	// Spec is what forescale runs under, for the recommended one; see [report.Settings].
	Spec api.Spec

	Learned *report.Learned // from what was recorded beside the load; nil = nothing was

	// Timeline is the distance of the points that [Result.Timelines] keeps of the
	// first seed; 0 = none. Keep are the policies of which it keeps them; nil = of all.
	Timeline time.Duration
	Keep     []string
	// Progress is told after each run; nil = nobody. Calls do not overlap.
	Progress func(Progress)
}

// Progress says how far a campaign is.
type Progress struct {
	Done, Total   int // runs
	Trace, Policy string
}

// Timelines are what happened on one trace under the first seed, by policy.
type Timelines map[string][]replay.Point

// Result is a finished campaign.
type Result struct {
	Report    *report.Report
	Timelines map[string]Timelines // by trace; of the policies of the table and hpa-tuned
}

// Make returns a new policy of the name, of [rival.ByName] or [Oracle], and an error for any
// other name.
func Make(s *replay.Scenario, name string) (replay.Policy, error) {
	if name == Oracle {
		return s.Oracle(), nil
	}
	return rival.ByName(name)
}

// A campaign in progress.
type campaign struct {
	o     Options
	names []string // to run: those of the table and of the frontier

	mu        sync.Mutex // guards what follows
	traces    []described
	settings  report.Settings
	done      int
	total     int
	runs      map[string]report.Run
	failures  []report.Failure
	timelines map[string]Timelines
	unfitted  map[string]error // by trace: why forescale had no model
}

// Run runs all policies on all traces with all seeds and reports. It returns an
// error if ctx ends, if a name is unknown, or if a trace cannot be replayed. A
// policy that cannot be prepared for a trace is listed among the failures.
func Run(ctx context.Context, traces []trace.Trace, o Options) (*Result, error) {
	o = o.filled()
	c := &campaign{
		o: o, names: toRun(o.Policies), traces: make([]described, len(traces)),
		runs: map[string]report.Run{}, timelines: map[string]Timelines{}, unfitted: map[string]error{},
	}
	c.total = len(traces) * o.Seeds * len(c.names)
	if dup := repeated(traces); dup != "" {
		return nil, fmt.Errorf("two traces have the name %s: rename one of the files", dup)
	}
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(o.Workers)
	for i, t := range traces {
		for seed := 1; seed <= o.Seeds; seed++ {
			st := &stage{load: t, index: i, seed: uint64(seed)}
			for _, name := range c.names {
				if within.Err() != nil {
					break
				}
				group.Go(func() error { return c.one(within, st, name) })
			}
		}
	}
	if err := errors.Join(group.Wait(), ctx.Err()); err != nil {
		return nil, err
	}
	return c.result()
}

// A stage is the scenario of a trace and a seed, prepared by the first who asks.
type stage struct {
	load  trace.Trace
	index int
	seed  uint64

	once     sync.Once
	scenario *replay.Scenario
	err      error
}

// prepare returns the scenario of st.
func (c *campaign) prepare(st *stage) (*replay.Scenario, error) {
	st.once.Do(func() {
		o := c.o.Replay
		o.Seed = st.seed
		if st.seed == 1 {
			o.Timeline = c.o.Timeline
		}
		st.scenario, st.err = replay.NewScenario(st.load, o)
		if st.err != nil {
			st.err = fmt.Errorf("trace %s: %w", st.load.Name, st.err)
		} else if st.seed == 1 {
			c.describe(st)
		}
	})
	return st.scenario, st.err
}

func (o Options) filled() Options {
	if o.Make == nil {
		o.Make = Make
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Resamples == 0 {
		o.Resamples = 2000
	}
	o.Seeds = max(o.Seeds, 1)
	return o
}

// toRun returns the names to run: hpa-tuned is chosen among those of its frontier.
func toRun(policies []string) []string {
	var out []string
	for _, name := range policies {
		if name != rival.Tuned {
			out = append(out, name)
			continue
		}
		for _, p := range rival.Frontier() {
			if !slices.Contains(policies, p.Name()) {
				out = append(out, p.Name())
			}
		}
	}
	return out
}

func repeated(traces []trace.Trace) string {
	seen := map[string]bool{}
	for _, t := range traces {
		if seen[t.Name] {
			return t.Name
		}
		seen[t.Name] = true
	}
	return ""
}

// one runs one policy.
func (c *campaign) one(ctx context.Context, st *stage, name string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	s, err := c.prepare(st)
	if err != nil {
		return err
	}
	p, err := c.o.Make(s, name)
	if err != nil {
		return fmt.Errorf("policy %s: %w", name, err)
	}
	res, err := s.Run(ctx, p)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done++
	if c.o.Progress != nil {
		c.o.Progress(Progress{Done: c.done, Total: c.total, Trace: s.Trace, Policy: name})
	}
	if err != nil {
		c.failures = append(c.failures, report.Failure{Trace: s.Trace, Policy: name, Seed: st.seed, Error: err.Error()})
		return nil
	}
	c.keep(st, name, p, res)
	return nil
}

// keep takes the result of a run of the policy p called name; mu is held.
func (c *campaign) keep(st *stage, name string, p replay.Policy, res replay.Result) {
	load := st.scenario.Trace
	if f, ok := p.(replay.Fitting); ok && f.Unfitted() != nil {
		c.unfitted[load] = f.Unfitted() // that of one is that of all
	}
	c.runs[key(load, name, st.seed)] = report.FromResult(res, st.seed, st.scenario.Options.Cluster.Startup.Quantile(0.5))
	if res.Timeline != nil && (c.o.Keep == nil || slices.Contains(c.o.Keep, name)) {
		if c.timelines[load] == nil {
			c.timelines[load] = Timelines{}
		}
		c.timelines[load][name] = res.Timeline
	}
}

func key(load, policy string, seed uint64) string {
	return fmt.Sprintf("%s\n%s\n%d", load, policy, seed)
}

// result reports the runs in a fixed order.
func (c *campaign) result() (*Result, error) {
	var runs []report.Run
	traces := make([]report.Trace, 0, len(c.traces))
	for _, t := range c.traces {
		if err := c.unfitted[t.Name]; err != nil {
			t.Warnings = append(t.Warnings, fmt.Sprintf("forescale was replayed without a forecast: %v", err))
		}
		traces = append(traces, t.Trace)
		for _, name := range c.names {
			for seed := 1; seed <= c.o.Seeds; seed++ {
				if run, ok := c.runs[key(t.Name, name, uint64(seed))]; ok {
					runs = append(runs, run)
				}
			}
		}
	}
	slices.SortFunc(c.failures, func(a, b report.Failure) int {
		return strings.Compare(key(a.Trace, a.Policy, a.Seed), key(b.Trace, b.Policy, b.Seed))
	})
	r, err := report.New(c.common(), traces, c.o.Policies, runs, c.failures)
	if err != nil {
		var all []error
		for _, f := range c.failures {
			all = append(all, errors.New(f.Error))
		}
		return nil, errors.Join(append([]error{err}, all...)...)
	}
	for load, lines := range c.timelines {
		if run, ok := r.Of(load, rival.Tuned); ok && lines[run.TunedTo] != nil {
			lines[rival.Tuned] = lines[run.TunedTo]
		}
	}
	return &Result{Report: r, Timelines: c.timelines}, nil
}
