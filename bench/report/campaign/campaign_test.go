package campaign_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/rival"
	"github.com/forescale/forescale/bench/report"
	"github.com/forescale/forescale/bench/report/campaign"
	"github.com/forescale/forescale/bench/trace"
)

var update = flag.Bool("update", false, "write the golden files")

// loads returns a smooth and a bursty load of three days each.
func loads() []trace.Trace {
	const days = 3 * 24 * time.Hour
	return []trace.Trace{
		trace.Synthetic(trace.Shape{Name: "smooth", Length: days, Day: 0.8, Noise: trace.Noise{Sigma: 0.02}}, 1),
		trace.Synthetic(trace.Shape{Name: "bursty", Length: days, Day: 0.3, Burst: trace.Burst{PerDay: 8, Height: 4}}, 2),
	}
}

func options() campaign.Options {
	return campaign.Options{
		Replay:   replay.Options{Peak: 1500, Warmup: 24 * time.Hour, Step: 5 * time.Second},
		Policies: []string{"static-peak", "hpa-rate-70", rival.Tuned, "keda", campaign.Oracle},
		Seeds:    2, Workers: 2, Resamples: 1000, Price: 0.1,
	}
}

func run(t *testing.T, o campaign.Options) *campaign.Result {
	t.Helper()
	res, err := campaign.Run(t.Context(), loads(), o)
	require.NoError(t, err)
	return res
}

// golden compares with testdata; go test -update writes it.
func golden(t *testing.T, name string, write func(*bytes.Buffer) error) {
	t.Helper()
	var got bytes.Buffer
	require.NoError(t, write(&got))
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got.Bytes(), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got.String())
}

// finished is the report of the options, which several tests look at.
var finished = sync.OnceValues(func() (*campaign.Result, error) {
	return campaign.Run(context.Background(), loads(), options())
})

func done(t *testing.T) *report.Report {
	t.Helper()
	res, err := finished()
	require.NoError(t, err)
	return res.Report
}

func TestTableAndJSONAreGolden(t *testing.T) {
	r := done(t)
	golden(t, "table.txt", func(b *bytes.Buffer) error { return r.WriteTable(b) })
	short := *r // of the runs the first alone: the others have the same fields
	short.Runs = short.Runs[:1]
	short.Aggregates, short.Frontiers = short.Aggregates[:3], short.Frontiers[:2]
	golden(t, "report.json", func(b *bytes.Buffer) error { return short.WriteJSON(b) })
}

func TestWorkersDoNotChangeFigures(t *testing.T) {
	one, two := options(), options()
	one.Workers, two.Workers = 1, 7 // more than policies: traces and seeds side by side
	one.Policies, two.Policies = one.Policies[:2], two.Policies[:2]
	var a, b bytes.Buffer
	require.NoError(t, run(t, one).Report.WriteJSON(&a))
	require.NoError(t, run(t, two).Report.WriteJSON(&b))
	require.Equal(t, a.String(), b.String())
}

func TestWhatIsPaired(t *testing.T) {
	r := done(t)
	ref, ok := r.Aggregate(report.All, "hpa-rate-70")
	require.True(t, ok)
	require.Nil(t, ref.Against)
	keda, ok := r.Aggregate(report.All, "keda")
	require.True(t, ok)
	require.NotNil(t, keda.Against)
	// KEDA's HPA has the same target, so day by day it does nearly the same: the
	// interval of the difference is far narrower than those of the two figures.
	require.Less(t, keda.Against.CostCI[1]-keda.Against.CostCI[0], 100*(keda.CostRatioCI[1]-keda.CostRatioCI[0]))
	oracle, ok := r.Aggregate(report.All, campaign.Oracle)
	require.True(t, ok)
	for _, a := range r.Aggregates {
		if a.Class == report.All && a.ViolatingTime <= oracle.ViolatingTime {
			require.GreaterOrEqual(t, a.CostRatio, oracle.CostRatio, a.Policy)
		}
	}
	smooth, _ := r.Trace("smooth")
	bursty, _ := r.Trace("bursty")
	require.Equal(t, "A", smooth.Class)
	require.Equal(t, "B", bursty.Class)
}

func TestTunedIsTheCheapestWithinTheBudget(t *testing.T) {
	r := done(t)
	for _, load := range loads() {
		best, ok := r.Of(load.Name, rival.Tuned)
		require.True(t, ok, "%s has no run of %s", load.Name, rival.Tuned)
		for _, p := range rival.Frontier() {
			m, ok := r.Of(load.Name, p.Name())
			require.True(t, ok, "%s has no run of %s", load.Name, p.Name())
			if m.ViolatingTime <= r.Settings.BudgetPct {
				require.GreaterOrEqual(t, m.ReplicaHours, best.ReplicaHours, p.Name())
			}
		}
		twin, ok := r.Of(load.Name, best.TunedTo)
		require.True(t, ok, "%s has no run of %s", load.Name, best.TunedTo)
		require.InDelta(t, twin.ReplicaHours, best.ReplicaHours, 1e-9)
	}
}

// fickle cannot prepare.
type fickle struct{ replay.Policy }

func (fickle) Err() error { return errors.New("history too short") }

func TestAPolicyThatCannotPrepareIsListed(t *testing.T) {
	o := options()
	o.Seeds, o.Policies = 1, []string{"hpa-rate-70", "keda"}
	o.Make = func(s *replay.Scenario, name string) (replay.Policy, error) {
		p, err := campaign.Make(s, name)
		if name == "keda" {
			return fickle{p}, err
		}
		return p, err
	}
	r := run(t, o).Report
	require.Len(t, r.Failures, 2)
	require.Equal(t, "keda", r.Failures[0].Policy)
	require.Contains(t, r.Failures[0].Error, "history too short")
	require.Equal(t, []string{"hpa-rate-70"}, r.Shown())
}

// unready goes on without a model, as forescale does with too short a history.
type unready struct{ replay.Policy }

func (unready) Unfitted() error { return errors.New("history too short") }

func TestARunWithoutAForecastIsToldOf(t *testing.T) {
	o := options()
	o.Seeds, o.Policies = 1, []string{"hpa-rate-70", "keda"}
	o.Make = func(s *replay.Scenario, name string) (replay.Policy, error) {
		p, err := campaign.Make(s, name)
		if name == "keda" && s.Trace == "smooth" {
			return unready{p}, err
		}
		return p, err
	}
	const told = "forescale was replayed without a forecast: history too short"
	for _, load := range run(t, o).Report.Traces {
		if load.Name == "smooth" {
			require.Contains(t, load.Warnings, told)
		} else {
			require.NotContains(t, load.Warnings, told)
		}
	}
}

// A count of few events is noisy; an average of the same size need not be.
func TestTheNoiseOfCountingIsMentionedWhereThereIsAny(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	wave := trace.Trace{Name: "wave", Step: time.Minute, Values: make([]float64, 30*60)}
	counts := trace.Trace{Name: "counts", Step: time.Minute, Values: make([]float64, 30*60)}
	for i := range wave.Values {
		wave.Values[i] = 1 + 0.5*math.Sin(2*math.Pi*float64(i)/1440)
		for range 600 {
			if rng.Float64() < wave.Values[i]/10 {
				counts.Values[i] += 1.0 / 60
			}
		}
	}
	o := options()
	o.Seeds, o.Policies = 1, []string{"hpa-rate-70"}
	res, err := campaign.Run(t.Context(), []trace.Trace{wave, counts}, o)
	require.NoError(t, err)
	const told = "the noise of counting is scaled as well"
	require.NotContains(t, strings.Join(res.Report.Traces[0].Warnings, "\n"), told)
	require.Contains(t, strings.Join(res.Report.Traces[1].Warnings, "\n"), told)
}

func TestTimelinesAreKeptWhereAsked(t *testing.T) {
	o := options()
	o.Policies, o.Timeline, o.Keep = []string{"static-peak", "hpa-rate-70", rival.Tuned}, time.Hour, []string{"static-peak", "keda"}
	res := run(t, o)
	require.Len(t, res.Timelines, 2, "one per trace, of the first seed alone")
	for name, lines := range res.Timelines {
		require.Len(t, lines["static-peak"], 48, "%s: two days of hours", name)
		require.NotContains(t, lines, "hpa-rate-70", "not asked for")
		require.NotContains(t, lines, rival.Tuned, "what it stands for was not kept")
	}
	o.Keep = nil
	require.Contains(t, run(t, o).Timelines["smooth"], rival.Tuned)
}

// An outage after the end of the load would look harmless: it is a warning.
func TestAnOutageAfterTheLoadIsMentioned(t *testing.T) {
	o := options()
	o.Seeds, o.Policies = 1, []string{"hpa-rate-70"}
	o.Replay.Metric.Outages = []replay.Outage{{From: 47 * time.Hour, Length: time.Minute}, {From: 48 * time.Hour, Length: time.Minute}}
	for _, load := range run(t, o).Report.Traces {
		require.Contains(t, load.Warnings, "the outage at 2d has no effect: only 2d are judged", load.Name)
		require.NotContains(t, load.Warnings, "the outage at 1d23h has no effect: only 2d are judged", load.Name)
	}
}

func TestWhatCannotRun(t *testing.T) {
	_, err := campaign.Run(t.Context(), []trace.Trace{loads()[0], loads()[0]}, options())
	require.ErrorContains(t, err, "two traces have the name smooth")
	o := options()
	o.Policies = []string{"hpa-rate-7000"}
	_, err = campaign.Run(t.Context(), loads(), o)
	require.ErrorContains(t, err, `no policy "hpa-rate-7000"`)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = campaign.Run(ctx, loads(), options())
	require.ErrorIs(t, err, context.Canceled)
}

// Every key of the JSON is named in the documentation of package report.
func TestTheSchemaIsDocumented(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, done(t).WriteJSON(&b))
	var doc any
	require.NoError(t, json.Unmarshal(b.Bytes(), &doc))
	text, err := os.ReadFile("../doc.go")
	require.NoError(t, err)
	documented := map[string]bool{}
	for _, word := range regexp.MustCompile(`\w+`).FindAllString(string(text), -1) {
		documented[word] = true
	}
	var visit func(value any)
	visit = func(value any) {
		switch v := value.(type) {
		case map[string]any:
			for key, of := range v {
				require.True(t, documented[key], "%s is not documented", key)
				visit(of)
			}
		case []any:
			for _, of := range v {
				visit(of)
			}
		}
	}
	visit(doc)
}

func TestSchemaHasTheFieldsOfARun(t *testing.T) {
	var b bytes.Buffer
	require.NoError(t, done(t).WriteJSON(&b))
	var doc struct {
		Schema string           `json:"schema"`
		Runs   []map[string]any `json:"runs"`
	}
	require.NoError(t, json.Unmarshal(b.Bytes(), &doc))
	require.Equal(t, "forescale.dev/backtest/v1", doc.Schema)
	// 2 loads × 2 seeds × (4 policies, 9 more of the frontier, hpa-tuned)
	require.Len(t, doc.Runs, 2*2*(4+9+1))
	for _, field := range []string{
		"trace", "policy", "seed", "startup_s", "violating_time_pct", "violating_requests_pct", "replica_hours", "cost_ratio",
		"churn_per_day", "reversals_per_hour", "theta_u", "theta_o_demand", "theta_o_supply", "tau_u", "tau_o",
	} {
		require.Contains(t, doc.Runs[0], field)
	}
}
