package forescale_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/forescale"
	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/scaler/api"
)

var start = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

// rhythm is a load with a daily rhythm, per minute.
func rhythm(days int, seed uint64) trace.Trace {
	rng := rand.New(rand.NewPCG(seed, 8))
	t := trace.Trace{Name: "rhythm", Start: start, Step: time.Minute, Values: make([]float64, days*1440)}
	for i := range t.Values {
		hour := float64(i) / 60
		t.Values[i] = (1000 + 700*math.Sin(hour/24*2*math.Pi) + 150*math.Sin(hour/6*2*math.Pi)) * (1 + 0.01*rng.NormFloat64())
	}
	return t
}

func run(t *testing.T, tr trace.Trace, o replay.Options, p replay.Policy) replay.Result {
	t.Helper()
	r, err := replay.Run(t.Context(), tr, p, o)
	require.NoError(t, err)
	return r
}

// plain leaves everything to an HPA on the rate.
type plain float64

func (plain) Name() string                                       { return "hpa" }
func (plain) Reset(replay.Config)                                {}
func (plain) Period() time.Duration                              { return 15 * time.Second }
func (plain) Decide(time.Time, replay.Observation) replay.Action { return replay.Hold() }
func (p plain) Underneath() replay.HPA                           { return replay.HPA{RatePerPod: float64(p)} }

func TestForescaleIsCheaperThanTheHPAAndKeepsTheObjective(t *testing.T) {
	tr := rhythm(4, 1)
	o := replay.Options{Score: 24 * time.Hour, Peak: 4000, Seed: 1}
	rival := run(t, tr, o, plain(70))
	for _, name := range []string{forescale.FloorName, forescale.KedaName} {
		t.Run(name, func(t *testing.T) {
			p, err := forescale.New(name, api.Spec{})
			require.NoError(t, err)
			r := run(t, tr, o, p)
			require.NoError(t, p.Err())
			require.LessOrEqual(t, r.ViolatingTime, rival.ViolatingTime+0.1)
			require.Less(t, r.CostRatio, 0.9*rival.CostRatio)
			require.Equal(t, r, run(t, tr, o, p), "a second run is the same")
		})
	}
}

// A pod with 4 slots and 66.7 ms per request serves 60 requests/s, or slightly less, since the time
// is rounded to a nanosecond: where three pods suffice, three are asked for behind KEDA, as under a
// floor, and not four.
func TestWholeReplicasStayWholeBehindKEDA(t *testing.T) {
	o := replay.Options{Score: 24 * time.Hour, Peak: 160, Seed: 1}
	o.Service.Slots, o.Service.ServiceTime = 4, 66_666_667
	o.Service.Quantile, o.Service.Latency = 0.95, 300*time.Millisecond
	var cost [2]float64
	for i, name := range []string{forescale.FloorName, forescale.KedaName} {
		p, err := forescale.New(name, api.Spec{})
		require.NoError(t, err)
		cost[i] = run(t, rhythm(4, 1), o, p).CostRatio
	}
	t.Logf("%.3f and %.3f × the optimum", cost[0], cost[1])
	require.InEpsilon(t, cost[0], cost[1], 0.03)
}

// With pods that take an hour to start a replay runs all the same: it looks ahead by the longest
// lead time that a spec may state.
func TestPodsThatTakeAnHourToStart(t *testing.T) {
	o := replay.Options{Score: 12 * time.Hour, Seed: 1, Cluster: replay.Cluster{Startup: replay.Startup{Median: time.Hour}}}
	for _, name := range []string{forescale.FloorName, forescale.KedaName} {
		p, err := forescale.New(name, api.Spec{})
		require.NoError(t, err)
		require.Positive(t, run(t, rhythm(3, 1), o, p).Created)
	}
}

func TestOracleShowsThePriceOfTheRules(t *testing.T) {
	s, err := replay.NewScenario(rhythm(4, 2), replay.Options{Score: 24 * time.Hour, Peak: 4000, Seed: 1})
	require.NoError(t, err)
	r, err := s.Run(t.Context(), forescale.NewOracle(s))
	require.NoError(t, err)
	require.Less(t, r.ViolatingTime, 0.1)
	require.Less(t, r.CostRatio, 1.08)
}

// During ten minutes without metrics at the peak no replica is removed.
func TestMissingMetricsRemoveNothing(t *testing.T) {
	o := replay.Options{Score: 24 * time.Hour, Peak: 4000, Seed: 1}
	from := 6*time.Hour + 30*time.Minute // about the peak of the day
	o.Metric.Outages = []replay.Outage{{From: from, Length: 10 * time.Minute}}
	for _, name := range []string{forescale.FloorName, forescale.KedaName} {
		t.Run(name, func(t *testing.T) {
			p, err := forescale.New(name, api.Spec{})
			require.NoError(t, err)
			for _, c := range run(t, rhythm(4, 3), o, p).Changes {
				if at := time.Duration(c.Millis) * time.Millisecond; at > from+90*time.Second && at < from+10*time.Minute {
					require.GreaterOrEqual(t, c.To, c.From, "after %v of silence", at-from)
				}
			}
		})
	}
}

// A failed scrape lowers a rate over four scrapes by up to a quarter until the next one: its return
// to the former value is not a rise.
func TestLostScrapesAreNoBursts(t *testing.T) {
	o := replay.Options{Score: 24 * time.Hour, Peak: 500, Seed: 1}
	p, err := forescale.New(forescale.FloorName, api.Spec{})
	require.NoError(t, err)
	whole := run(t, rhythm(4, 5), o, p)
	o.Metric.Loss = 0.02
	lossy := run(t, rhythm(4, 5), o, p)
	t.Logf("cost %.3f and %.3f × the optimum, churn %v and %v", whole.CostRatio, lossy.CostRatio, whole.Churn, lossy.Churn)
	require.Less(t, lossy.CostRatio, 1.05*whole.CostRatio)
	require.LessOrEqual(t, lossy.ViolatingTime, whole.ViolatingTime+0.1)
}

// After an unforeseen step to four times the load the service recovers about when the pods that were
// asked for at once are ready. Over five draws of the start-up times an HPA at 70 % needs 149 s.
func TestStepRecovers(t *testing.T) {
	tr := trace.Trace{Name: "step", Start: start, Step: 15 * time.Second, Values: make([]float64, 36*240)}
	for i := range tr.Values {
		tr.Values[i] = 800
		if i >= 30*240 && i < 32*240 {
			tr.Values[i] = 3200
		}
	}
	for _, name := range []string{forescale.FloorName, forescale.KedaName} {
		const seeds = 5
		violating := 0.0
		for seed := range uint64(seeds) {
			p, err := forescale.New(name, api.Spec{})
			require.NoError(t, err)
			r := run(t, tr, replay.Options{Score: 12 * time.Hour, Seed: seed}, p)
			violating += r.ViolatingTime / 100 * r.Length.Seconds() / seeds
		}
		t.Logf("%s: %.0f s of violation", name, violating)
		require.LessOrEqual(t, violating, 120.0) // 60 s to start, about 15 s to see it, and the queue to drain
	}
}

// A spec with a target per replica is replayed with that target, as the server uses it, and not with
// what the pods of the replay could serve.
func TestTheTargetOfTheSpecCounts(t *testing.T) {
	o := replay.Options{Score: 12 * time.Hour, Peak: 2000, Seed: 1}
	for _, name := range []string{forescale.FloorName + "-95", forescale.KedaName + "-95"} {
		hours := func(target float64) float64 {
			p, err := forescale.New(name, api.Spec{Scale: api.ScaleSpec{TargetPerReplica: api.Number(target)}})
			require.NoError(t, err)
			return run(t, rhythm(2, 6), o, p).ReplicaHours
		}
		require.InEpsilon(t, 2*hours(80), hours(40), 0.08, name) // rounding up costs half a replica each
	}
}

// Pods that are chosen at random, each with a queue of its own, can serve less: forescale knows the
// service that is replayed, and asks for as many as that needs.
func TestPodsWithTheirOwnQueuesAreStaffedForIt(t *testing.T) {
	web := queue.Service{Slots: 8, ServiceTime: 80 * time.Millisecond, Latency: 500 * time.Millisecond, Quantile: 0.99}
	o := replay.Options{Warmup: 7 * 24 * time.Hour, Seed: 1, Service: web}
	p, err := forescale.New("forescale-keda", api.Spec{})
	require.NoError(t, err)
	tr := rhythm(9, 5)
	central := run(t, tr, o, p)
	o.Service.Balancing = queue.PerPod
	alone := run(t, tr, o, p)
	require.Less(t, alone.ViolatingTime, 0.1)
	require.Greater(t, alone.ReplicaHours, 1.08*central.ReplicaHours)
}

func TestUnknownPoliciesAndSpecs(t *testing.T) {
	_, err := forescale.New("crystal-ball", api.Spec{})
	require.ErrorContains(t, err, `no policy "crystal-ball"`)
	p, err := forescale.New(forescale.FloorName, api.Spec{Forecast: api.ForecastSpec{Model: "crystal-ball"}})
	require.NoError(t, err)
	_, err = replay.Run(t.Context(), rhythm(1, 4), p, replay.Options{Seed: 1, Score: time.Hour})
	require.ErrorContains(t, err, `"crystal-ball": want one of auto`)
}

func TestNamesOfTheFrontier(t *testing.T) {
	for name, ok := range map[string]bool{
		"forescale-floor": true, "forescale-floor-98": true, "forescale-keda-99.5": true,
		"forescale-floor-10": false, "forescale-floor-100": false, "forescale-98": false, "floor-98": false, "98": false, "": false,
	} {
		p, err := forescale.New(name, api.Spec{})
		require.Equal(t, ok, err == nil, name)
		if ok {
			require.Equal(t, name, p.Name())
		}
	}
}
