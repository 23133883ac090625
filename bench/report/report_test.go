package report_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/bench/report"
	"github.com/forescale/forescale/scaler/api"
)

// outcome is a run of two equal days at 100 replica-hours of optimum each.
func outcome(trace, policy string, violating, cost float64) report.Run {
	run := report.Run{
		Trace: trace, Policy: policy, Seed: 1, ViolatingTime: violating,
		CostRatio: cost, ReplicaHours: 200 * cost, OptimumHours: 200,
	}
	for range 2 {
		run.Days = append(run.Days, report.Day{
			LengthS: 86400, ViolatingTime: violating, ReplicaHours: 100 * cost, NeededHours: 98,
		})
	}
	return run
}

func settings() report.Settings {
	return report.Settings{
		Seeds: []uint64{1}, BudgetPct: 0.1, Resamples: 1000, SafeRate: 97.77, Max: 400, LeadS: 106, StartupP90S: 82.66,
		Objective: report.Objective{Quantile: 0.99, LatencyS: 0.5},
	}
}

// of reports one trace, on which forescale-floor did what is given and hpa-rate-70
// 0.04 % at 1.4 unless other runs are given.
func of(t *testing.T, runs ...report.Run) *report.Report {
	t.Helper()
	var policies []string
	for _, r := range runs {
		policies = append(policies, r.Policy)
	}
	traces := []report.Trace{{Name: "a", Class: "A", GrowthLead: 1.2, JudgedS: 2 * 86400}}
	r, err := report.New(settings(), traces, policies, runs, nil)
	require.NoError(t, err)
	return r
}

// A minute is too short for a verdict, whatever the figures.
func TestNoVerdictOnTooLittle(t *testing.T) {
	runs := []report.Run{outcome("a", "hpa-rate-70", 2.4, 1.4), outcome("a", "forescale-floor", 0.8, 1.26)}
	for judged, want := range map[float64]string{
		60:   "Too little is judged to say what is better: 60 s, where an hour is the least.",
		3600: "forescale-floor misses the objective 3.0 times less, with 10 % fewer replica-hours than hpa-rate-70.",
	} {
		traces := []report.Trace{{Name: "a", Class: "A", GrowthLead: report.Float(math.NaN()), Growth2M: report.Float(math.NaN()), JudgedS: judged}}
		r, err := report.New(settings(), traces, []string{"hpa-rate-70", "forescale-floor"}, runs, nil)
		require.NoError(t, err)
		require.Equal(t, want, r.Verdict.Headline)
		require.Equal(t, "The load is too low or too short to say how fast it grows.", r.Verdict.Sentences[0])
		rivals, err := report.New(settings(), traces, []string{"hpa-rate-70"}, runs[:1], nil)
		require.NoError(t, err)
		require.Equal(t, judged < 3600, rivals.Verdict.Headline == want, "among rivals no more than between one and forescale")
		var table bytes.Buffer
		require.NoError(t, r.WriteTable(&table))
		require.NotContains(t, table.String(), "NaN")
	}
}

// While the least number of pods suffices, the growth of the load does not matter.
func TestVerdictOfALoadWithoutAnythingToScale(t *testing.T) {
	for undelayed, want := range map[float64]string{
		48: "The least number of pods carries the load at all times: there is nothing to scale.",
		50: "Within one lead time of",
	} {
		s := settings()
		s.Min = 1
		traces := []report.Trace{{Name: "a", Class: "A", GrowthLead: 1.5, JudgedS: 2 * 86400, UndelayedHours: undelayed}}
		r, err := report.New(s, traces, []string{"hpa-rate-70"}, []report.Run{outcome("a", "hpa-rate-70", 0, 1)}, nil)
		require.NoError(t, err)
		require.Contains(t, r.Verdict.Sentences[0], want)
	}
}

// A step once a day takes less than a thousandth of the time: although the load grows slowly at
// nearly all times, an HPA need not keep up.
func TestVerdictOfRareSteps(t *testing.T) {
	for name, c := range map[string]struct {
		growth, violating float64
		want              string
	}{
		"keeps up":               {1.25, 0.05, "reactive scaling keeps up with a target below 80 %, so prediction can pay in money."},
		"misses rare steps":      {1.25, 0.4, "with a target below 80 %. Yet hpa-rate-70 missed the objective for longer than the budget"},
		"and nothing else":       {1.01, 0.4, "with a target below 99 %. Yet hpa-rate-70 missed the objective for longer than the budget"},
		"its target is too high": {1.6, 0.4, "reactive scaling keeps up only with a target below 62 %"},
	} {
		traces := []report.Trace{{Name: "a", Class: "B", GrowthLead: report.Float(c.growth), JudgedS: 2 * 86400}}
		r, err := report.New(settings(), traces, []string{"hpa-rate-70"}, []report.Run{outcome("a", "hpa-rate-70", c.violating, 1.4)}, nil)
		require.NoError(t, err, name)
		require.Contains(t, r.Verdict.Sentences[0], c.want, name)
	}
}

func TestVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		reference, ours [2]float64 // violating time, cost
		want            string
	}{
		"cheaper and within the budget":   {[2]float64{0.04, 1.4}, [2]float64{0.05, 1.12}, "forescale-floor keeps the objective with 20 % fewer replica-hours than hpa-rate-70."},
		"better in both":                  {[2]float64{2.4, 1.4}, [2]float64{0.8, 1.26}, "forescale-floor misses the objective 3.0 times less, with 10 % fewer replica-hours than hpa-rate-70."},
		"cheaper, as bad":                 {[2]float64{2.4, 1.4}, [2]float64{2.4, 1.26}, "forescale-floor misses the objective no more often, with 10 % fewer replica-hours than hpa-rate-70."},
		"better by far":                   {[2]float64{2.4, 1.4}, [2]float64{0.1, 1.26}, "forescale-floor misses the objective 24 times less, with 10 % fewer replica-hours than hpa-rate-70."},
		"next to never":                   {[2]float64{2.4, 1.4}, [2]float64{0.0004, 1.26}, "forescale-floor misses the objective over a hundred times less, with 10 % fewer replica-hours than hpa-rate-70."},
		"better at the same bill":         {[2]float64{2.4, 1.4}, [2]float64{0.8, 1.4}, "forescale-floor misses the objective 3.0 times less than hpa-rate-70, at the same bill."},
		"better and dearer":               {[2]float64{2.4, 1.4}, [2]float64{0.8, 1.54}, "forescale-floor misses the objective 3.0 times less than hpa-rate-70, for 10 % more replica-hours."},
		"never violates":                  {[2]float64{2.4, 1.4}, [2]float64{0, 1.4}, "forescale-floor keeps the objective all the time, which hpa-rate-70 does not, at the same bill."},
		"never violates, and cheaper":     {[2]float64{2.4, 1.4}, [2]float64{0, 1.12}, "forescale-floor keeps the objective all the time, which hpa-rate-70 does not, with 20 % fewer replica-hours."},
		"hardly better, as pods run out":  {[2]float64{24.08, 1.4}, [2]float64{24.05, 1.4}, "forescale-floor does as well as hpa-rate-70, and no better: neither keeps the objective."},
		"hardly worse, where much is bad": {[2]float64{3.14, 1.4}, [2]float64{3.16, 1.42}, "forescale-floor does as well as hpa-rate-70, and no better: neither keeps the objective."},
		"no gain":                         {[2]float64{0.04, 1.4}, [2]float64{0.04, 1.4}, "forescale-floor does as well as hpa-rate-70, and no better: this load needs no forecast."},
		"cheaper at the objective's cost": {[2]float64{0.04, 1.4}, [2]float64{0.9, 1.12}, "forescale-floor needs 20 % fewer replica-hours than hpa-rate-70 but misses the objective more often: do not use it here as it is."},
		"worse":                           {[2]float64{0.04, 1.4}, [2]float64{0.9, 1.5}, "forescale-floor does worse here than hpa-rate-70: do not use it for this load."},
	} {
		t.Run(name, func(t *testing.T) {
			r := of(t, outcome("a", "hpa-rate-70", c.reference[0], c.reference[1]), outcome("a", "forescale-floor", c.ours[0], c.ours[1]))
			require.Equal(t, c.want, r.Verdict.Headline)
			require.Equal(t, "forescale-floor", r.Verdict.Policy)
		})
	}
}

func TestVerdictOwnsUpToWhereItLoses(t *testing.T) {
	r := of(t, outcome("a", "hpa-rate-70", 0.04, 1.4), outcome("a", "forescale-floor", 0.09, 1.12))
	require.Contains(t, r.Verdict.Sentences, "It loses to hpa-rate-70 in one of the two figures: a (+0.050 points of time, −20 % of the bill).")
	r = of(t, outcome("a", "hpa-rate-70", 0.04, 1.4), outcome("a", "forescale-floor", 0.09, 1.54))
	require.Contains(t, r.Verdict.Sentences, "It loses to hpa-rate-70 in both figures: a (+0.050 points of time, +10 % of the bill).")
	r = of(t, outcome("a", "hpa-rate-70", 0.04, 1.4), outcome("a", "forescale-floor", 0.04, 1.12))
	require.Contains(t, r.Verdict.Sentences, "It does no harm: it violates at most 0.01 points of time more than hpa-rate-70, and costs at most 2 % more.")
	r = of(t, outcome("a", "hpa-rate-70", 0.04, 1.4), outcome("a", "forescale-floor", 0, 1.12))
	require.Contains(t, strings.Join(r.Verdict.Sentences, "\n"), "forescale-floor violates the objective for 0 % of the time (never) at 1.12 × the clairvoyant optimum, hpa-rate-70 for 0.040 % (34.6 s a day) at 1.40 ×")
}

// The shares of time and of requests may contradict each other, when the misses are where the load
// is high.
func TestTheVerdictCountsRequestsToo(t *testing.T) {
	sentences := func(reference, ours float64) string {
		a, b := outcome("a", "hpa-rate-70", 0.46, 1.08), outcome("a", "forescale-keda", 0.39, 1.1)
		a.ViolatingRequests, b.ViolatingRequests = reference, ours
		return strings.Join(of(t, a, b).Verdict.Sentences, "\n")
	}
	const otherwise = "the other way round"
	require.Contains(t, sentences(4.08, 5.58), "Counted by requests it is the other way round: with forescale-keda 5.58 % of them are late, with hpa-rate-70 4.08 %.")
	require.NotContains(t, sentences(4.08, 4.1), otherwise, "hardly more")
	require.NotContains(t, sentences(0.2, 0.9), otherwise, "no more than p99 allows")
	require.NotContains(t, sentences(5.58, 4.08), otherwise)
}

// If two days contradict each other, their mean says nothing about a third.
func TestTheVerdictOwnsUpToChance(t *testing.T) {
	verdict := func(first, second float64) report.Verdict {
		a, b := outcome("a", "hpa-rate-70", 0.6, 1.4), outcome("a", "forescale-floor", (first+second)/2, 1.4)
		b.Days[0].ViolatingTime, b.Days[1].ViolatingTime = first, second
		return of(t, a, b).Verdict
	}
	const sentence = "That it misses less may be chance: the 95 % interval of the difference includes zero. A longer record says more."
	v := verdict(0.7, 0.2)
	require.Equal(t, "forescale-floor misses the objective 25 % less than hpa-rate-70, at the same bill. It may be chance.", v.Headline)
	require.Contains(t, v.Sentences, sentence)
	v = verdict(0.5, 0.4)
	require.Equal(t, "forescale-floor misses the objective 25 % less than hpa-rate-70, at the same bill.", v.Headline)
	require.NotContains(t, v.Sentences, sentence)
	require.NotContains(t, verdict(0.9, 0.7).Sentences, sentence, "it misses more")
	v = verdict(0.5, 0.9)
	require.Equal(t, "forescale-floor does worse here than hpa-rate-70: do not use it for this load. It may be chance.", v.Headline)
	require.Contains(t, v.Sentences, strings.Replace(sentence, "less", "more", 1))
}

func TestTheVerdictIsAboutThePolicyThatKeepsTheObjective(t *testing.T) {
	r := of(t, outcome("a", "hpa-rate-80", 0.5, 1.05), outcome("a", "hpa-rate-70", 0.1, 1.2), outcome("a", "oracle", 0, 1.01))
	require.Equal(t, "hpa-rate-70", r.Verdict.Policy)
}

func TestAggregates(t *testing.T) {
	traces := []report.Trace{{Name: "a", Class: "A"}, {Name: "b", Class: "B"}}
	runs := []report.Run{
		outcome("a", "hpa-rate-70", 0.2, 1.2), outcome("b", "hpa-rate-70", 0.6, 1.2*4),
		outcome("a", "kpa", 0, 1.5), outcome("b", "kpa", 0.1, 1.5),
	}
	r, err := report.New(settings(), traces, []string{"hpa-rate-70", "kpa"}, runs, nil)
	require.NoError(t, err)
	a, ok := r.Aggregate(report.All, "hpa-rate-70")
	require.True(t, ok)
	require.InDelta(t, 2.4, a.CostRatio, 1e-12, "geometric mean of 1.2 and 4.8")
	require.InDelta(t, 0.4, a.ViolatingTime, 1e-12, "arithmetic mean")
	require.Equal(t, report.Worst{Trace: "b", ViolatingTime: 0.6, CostRatio: 4.8}, a.Worst)
	k, _ := r.Aggregate(report.All, "kpa")
	require.InDelta(t, 100*(1.5/2.4-1), k.Against.Cost, 1e-9)
	require.InDelta(t, 0.05-0.4, k.Against.ViolatingTime, 1e-12)
	require.InDelta(t, k.Against.Cost, k.Against.CostCI[0], 1e-9, "equal days leave nothing to chance")
	require.InDelta(t, k.Against.Cost, k.Against.CostCI[1], 1e-9)
	b, ok := r.Aggregate("B", "kpa")
	require.True(t, ok)
	require.Equal(t, 1, b.Traces)
}

func TestIntervalsCoverTheDays(t *testing.T) {
	one := outcome("a", "hpa-rate-70", 1, 1)
	one.Days[0].ViolatingTime, one.Days[1].ViolatingTime = 0, 2
	r := of(t, one)
	a, _ := r.Aggregate(report.All, "hpa-rate-70")
	// Two days are drawn as 0+0, 0+2 or 2+2, a quarter of the time each at the ends.
	require.Equal(t, &report.Interval{0, 2}, a.ViolatingTimeCI)
	one.Days = one.Days[:1]
	a, _ = of(t, one).Aggregate(report.All, "hpa-rate-70")
	require.Nil(t, a.ViolatingTimeCI, "one day says nothing about others")

	// Among several traces a short one takes the interval of none.
	long := func(trace string) report.Run {
		run := outcome(trace, "hpa-rate-70", 1, 1)
		run.Days[0].ViolatingTime, run.Days[1].ViolatingTime = 0, 2
		return run
	}
	traces := []report.Trace{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	all, err := report.New(settings(), traces, []string{"hpa-rate-70"}, []report.Run{one, long("b"), long("c")}, nil)
	require.NoError(t, err)
	a, _ = all.Aggregate(report.All, "hpa-rate-70")
	require.Equal(t, &report.Interval{0, 4. / 3}, a.ViolatingTimeCI, "its only day has no violation")
	all, err = report.New(settings(), traces[:2], []string{"hpa-rate-70"}, []report.Run{one, long("b")}, nil)
	require.NoError(t, err)
	a, _ = all.Aggregate(report.All, "hpa-rate-70")
	require.Nil(t, a.ViolatingTimeCI, "half of them are short")
}

func TestFrontier(t *testing.T) {
	r := of(t, outcome("a", "hpa-rate-70", 0, 1.4), outcome("a", "hpa-rate-90", 0.3, 1.1),
		outcome("a", "hpa-rate-80", 0.05, 1.2), outcome("a", "kpa", 0.4, 1.5))
	require.Len(t, r.Frontiers, 2)
	hpa, kpa := r.Frontiers[0], r.Frontiers[1]
	require.Equal(t, "hpa-rate", hpa.Family)
	require.Equal(t, []string{"hpa-rate-70", "hpa-rate-80", "hpa-rate-90"}, []string{hpa.Points[0].Policy, hpa.Points[1].Policy, hpa.Points[2].Policy})
	// 0.1 % lies a fifth of the way from 80 (0.05 %) to 90 (0.3 %).
	require.InDelta(t, 1.2-0.2*0.1, float64(hpa.CostAtBudget), 1e-9)
	require.InDelta(t, 0, float64(hpa.ViolatingAtReference), 1e-9)
	require.True(t, math.IsNaN(float64(kpa.CostAtBudget)), "it never stays within")
	text, err := json.Marshal(kpa)
	require.NoError(t, err)
	require.Contains(t, string(text), `"cost_at_budget":null`)
}

// A default that chooses its quantile is on no line between those of fixed ones: these never stay
// within the budget, though a line from one of them to the default would.
func TestADefaultIsNoPointOfAFrontier(t *testing.T) {
	r := of(t, outcome("a", "hpa-rate-70", 0.04, 1.4), outcome("a", "forescale-floor", 0.02, 1.2),
		outcome("a", "forescale-floor-90", 0.9, 1.1), outcome("a", "forescale-floor-98", 0.3, 1.15))
	require.Len(t, r.Frontiers, 3)
	alone, line := r.Frontiers[1], r.Frontiers[2]
	require.Len(t, alone.Points, 1)
	require.InDelta(t, 1.2, float64(alone.CostAtBudget), 1e-9)
	require.Len(t, line.Points, 2)
	require.True(t, math.IsNaN(float64(line.CostAtBudget)))
}

func TestClass(t *testing.T) {
	require.Equal(t, "A", report.Class(1.6, 60))
	require.Equal(t, "B", report.Class(1.61, 179))
	require.Equal(t, "B+C", report.Class(4.9, 180))
	require.Equal(t, "A+C", report.Class(math.NaN(), 300))
}

func TestWords(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.0004: "0", 0.003: "0.003", 0.04: "0.040", 2.36: "2.36", 23.44: "23.4", math.NaN(): "–"} {
		require.Equal(t, want, report.Percent(v))
	}
	for v, want := range map[float64]string{0: "0", 999.6: "1,000", 1234567: "1,234,567", -1234: "−1,234"} {
		require.Equal(t, want, report.Count(v))
	}
	for v, want := range map[float64]string{1.25e-5: "1.25e-05", 0.0125: "0.0125", 7.869: "7.87", 999.4: "999", 999.7: "1,000", 4000: "4,000", 123456: "123,456"} {
		require.Equal(t, want, report.Figure(v))
	}
	for d, want := range map[time.Duration]string{
		90 * time.Second: "90 s", 500 * time.Millisecond: "0.5 s", 14 * 24 * time.Hour: "14 days", 3 * time.Hour: "3 h", 6 * time.Minute: "6 min",
	} {
		require.Equal(t, want, report.Span(d.Seconds()))
	}
	for d, want := range map[time.Duration]string{250 * time.Millisecond: "0.25 s", 12500 * time.Microsecond: "0.0125 s", 2 * time.Second: "2 s"} {
		require.Equal(t, want, report.Bound(d.Seconds()))
	}
}

func TestRecommendedSpecIsTheOneThatWasReplayed(t *testing.T) {
	s := settings()
	spec, err := api.Decode([]byte(`{
		"metric": {"query": "sum(rate(http{job=\"a\"}[5m]))", "step": "5m", "history": "21d"},
		"forecast": {"risk": "0.99", "seasons": "1d", "timeZone": "Europe/Berlin",
			"events": [{"name": "sale", "start": "2026-11-27T08:00:00Z", "duration": "4h", "multiplier": "3"}]},
		"scale": {"targetPerReplica": "50", "leadTime": "90s", "scaleDown": {"forecast": true}}}`))
	require.NoError(t, err)
	s.Spec = spec
	runs := []report.Run{outcome("a", "hpa-rate-70", 0, 1.4)}
	r, err := report.New(s, []report.Trace{{Name: "a"}}, []string{"hpa-rate-70"}, runs, nil)
	require.NoError(t, err)
	require.Equal(t, `risk: "0.99"`, r.Settings.Margin)
	require.Contains(t, r.Spec, `averageValue: "92.8"`, "95 percent of 97.7")

	var object struct {
		Spec json.RawMessage `json:"spec"`
	}
	recommended, _, _ := strings.Cut(r.Spec, "\n---\n")
	require.NoError(t, yaml.Unmarshal([]byte(recommended), &object))
	got, err := api.Decode(bytes.Replace(object.Spec, []byte(`"targetRef":{"kind":"HorizontalPodAutoscaler","name":"web"}`), []byte(`"mode":"Active"`), 1))
	require.NoError(t, err)
	got.Mode = spec.Mode
	least := s.Min // what the run was told beside the spec
	spec.Scale.MinReplicas, spec.Scale.MaxReplicas = &least, s.Max
	spec.Scale.LatencyObjective = &api.LatencyObjective{Quantile: api.Number(s.Objective.Quantile), Value: api.Duration(time.Duration(s.Objective.LatencyS * float64(time.Second)))}
	require.Equal(t, spec, got)

	_, err = report.New(s, nil, nil, runs, nil)
	require.ErrorContains(t, err, "not among the 0 traces")
}

// A budget of violations is kept better if they are measured: a spec without a latency query says so
// in a comment.
func TestTheRecommendedSpecNamesTheLatencyQuery(t *testing.T) {
	recommended := func(forecast, metric string) string {
		s := settings()
		var err error
		s.Spec, err = api.Decode([]byte(`{"metric": {"query": "load"` + metric + `}, "forecast": {` + forecast + `}, "scale": {"targetPerReplica": "50",
			"latencyObjective": {"quantile": "0.99", "value": "500ms"}}}`))
		require.NoError(t, err)
		r, err := report.New(s, []report.Trace{{Name: "a"}}, []string{"hpa-rate-70"}, []report.Run{outcome("a", "hpa-rate-70", 0, 1.4)}, nil)
		require.NoError(t, err)
		return r.Spec
	}
	const hint, budget = "    # latencyQuery: ", `"violationTarget": "0.001"`
	require.Contains(t, recommended(budget, ""), hint)
	require.NotContains(t, recommended(budget, `, "latencyQuery": "took"`), hint)
	require.NotContains(t, recommended(`"risk": "0.99"`, ""), hint, "a quantile looks at no violation")
}

func TestNothingRan(t *testing.T) {
	_, err := report.New(settings(), nil, []string{"kpa"}, nil, nil)
	require.ErrorContains(t, err, "none of 1 policies")
}

// Days on which nothing is needed cost nothing: there is no relative cost of a draw of such days
// alone, and no comparison with a policy that never had a pod.
func TestWhereNothingIsNeededNothingIsCompared(t *testing.T) {
	idle := func(policy string, hours float64) report.Run {
		run := outcome("a", policy, 0.2, hours/200)
		run.ReplicaHours, run.Days[0].ReplicaHours, run.Days[1].ReplicaHours = hours, hours/10, 0.9*hours
		run.Days[0].NeededHours = 0
		return run
	}
	r := of(t, idle("hpa-rate-70", 0), idle("keda", 300), idle("forescale-floor", 250))
	require.NoError(t, r.WriteJSON(&bytes.Buffer{}))
	var table bytes.Buffer
	require.NoError(t, r.WriteTable(&table))
	require.NotRegexp(t, "Inf|NaN", table.String())
	a, _ := r.Aggregate(report.All, "forescale-floor")
	require.InDelta(t, 1.25, a.CostRatio, 1e-9)
	require.Nil(t, a.CostRatioCI)
	require.NotNil(t, a.ViolatingTimeCI)
	require.Nil(t, a.Against)
	r = of(t, idle("hpa-rate-70", 200), idle("forescale-floor", 250))
	require.NoError(t, r.WriteJSON(&bytes.Buffer{}))
	a, _ = r.Aggregate(report.All, "forescale-floor")
	require.InDelta(t, 25, a.Against.Cost, 1e-9)
}

func TestUnknownFiguresAreNull(t *testing.T) {
	var b bytes.Buffer
	run := outcome("a", "kpa", 0, 1)
	run.RecoveryMedianS = report.Float(math.NaN())
	require.NoError(t, of(t, run).WriteJSON(&b))
	require.Contains(t, b.String(), `"recovery_median_s": null`)
}

// Forescale is compared with another policy if one ran, else with none, and never with itself.
func TestForescaleIsNotItsOwnReference(t *testing.T) {
	r := of(t, outcome("a", "forescale-floor", 0.04, 1.2), outcome("a", "forescale-keda", 0.05, 1.2), outcome("a", "hpa-rate-60", 0.02, 1.5))
	require.Equal(t, "hpa-rate-60", r.Reference())
	require.Equal(t, "forescale-floor keeps the objective with 20 % fewer replica-hours than hpa-rate-60.", r.Verdict.Headline)

	r = of(t, outcome("a", "forescale-floor", 0.04, 1.2))
	require.Equal(t, "forescale-floor: 0.040 % violating time at 1.20 × the optimum.", r.Verdict.Headline)
	require.Len(t, r.Verdict.Sentences, 2)
	require.Contains(t, r.Verdict.Sentences[1], "shows beside another policy")
}
