package scaler_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/hpa"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
)

// With a behavior, Decide returns at every sync the count of the port of the HPA's controller, which
// is itself checked against the real one.
func TestBehaviorIsThatOfTheHPA(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 4))
		spec, settings := randomBehavior(rng)
		a, err := hpa.New(settings)
		require.NoError(t, err)
		var st scaler.State
		current, load := int32(10), 10.0
		now := epoch
		for i := range 1500 {
			now = now.Add(15 * time.Second)
			load = math.Max(load*math.Exp(rng.NormFloat64()*0.15), 0.5)
			if rng.IntN(40) == 0 {
				load = 1 + rng.Float64()*60
			}
			want := scaler.Ceil(load)
			asked := a.Sync(now, hpa.Bounds{Min: 2, Max: 50}, hpa.Scale{Spec: current, Status: current}, proposal(tolerated(spec, want, current)))
			d, next := scaler.Decide(spec, st, scaler.Input{
				Now: now, Current: current, Desired: want, Demand: scaler.Demand{Observed: load, Predicted: math.NaN()},
			})
			require.Equal(t, asked.Replicas, d.Replicas, "seed %d, sync %d, want %d at %d, trail %v", seed, i, want, current, d.Trail())
			st, current = next, d.Replicas
		}
	}
}

// proposal is a metric that proposes itself.
type proposal int32

func (p proposal) Propose(hpa.Query) (int32, error) { return int32(p), nil }

// tolerated is what a metric inside the tolerance proposes: the current count.
func tolerated(s api.ScaleSpec, want, current int32) int32 {
	ratio := float64(want) / float64(current)
	if ratio >= 1-s.Behavior.ScaleDown.Tolerance.Float() && ratio <= 1+s.Behavior.ScaleUp.Tolerance.Float() {
		return current
	}
	return want
}

// randomBehavior draws the same behavior in both languages. Both directions get
// one period, because the controller forgets a change early where they differ.
func randomBehavior(rng *rand.Rand) (api.ScaleSpec, hpa.Settings) {
	var b hpa.Behavior
	period := int32(15 * (1 + rng.IntN(8)))
	draw := func() (*api.ScalingRules, hpa.Rules) {
		tol := api.Number(rng.IntN(3)) / 20
		w := int32(rng.IntN(3) * 90)
		r := &api.ScalingRules{Tolerance: &tol, StabilizationWindowSeconds: &w}
		h := hpa.Rules{Tolerance: new(tol.Float()), Window: new(time.Duration(w) * time.Second)}
		r.SelectPolicy = []string{"Max", "Min", "Max", "Disabled"}[min(rng.IntN(30), 3)%4]
		if rng.IntN(8) > 0 {
			r.SelectPolicy = []string{"Max", "Min"}[rng.IntN(2)]
		}
		h.Select = hpa.Select(r.SelectPolicy)
		for range 1 + rng.IntN(2) {
			kind, value := "Pods", int32(1+rng.IntN(5))
			if rng.IntN(2) == 0 {
				kind, value = "Percent", int32(10+rng.IntN(100))
			}
			r.Policies = append(r.Policies, api.ScalingPolicy{Type: kind, Value: value, PeriodSeconds: period})
			h.Policies = append(h.Policies, hpa.Policy{Kind: hpa.PolicyKind(kind), Value: value, Period: time.Duration(period) * time.Second})
		}
		return r, h
	}
	s := api.ScaleSpec{MinReplicas: new(int32(2)), MaxReplicas: 50, Behavior: &api.Behavior{}}
	s.Behavior.ScaleUp, b.Up = draw()
	s.Behavior.ScaleDown, b.Down = draw()
	return s, hpa.Settings{Behavior: &b, Gates: hpa.Version(35)}
}

// Whatever the input, the count stays within its bounds, rises at once, and never falls below what
// is needed now.
func TestOwnRulesNeverGoBelowTheNeed(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	spec := api.ScaleSpec{MinReplicas: new(int32(2)), MaxReplicas: 200}
	var st scaler.State
	current, now := int32(7), epoch
	var past []moment
	for range 20000 {
		now = now.Add(time.Duration(rng.IntN(40)) * 500 * time.Millisecond)
		in := scaler.Input{Now: now, Current: current, Desired: -1, Demand: scaler.Unknown(), LeadTime: time.Duration(rng.IntN(200)) * time.Second}
		if rng.IntN(10) > 0 {
			in.Demand.Observed = math.Exp(rng.NormFloat64()*3 + 3)
			in.Desired = scaler.Replicas(in.Demand.Need(), 1)
		}
		d, next := scaler.Decide(spec, st, in)
		require.GreaterOrEqual(t, d.Replicas, int32(2))
		require.LessOrEqual(t, d.Replicas, int32(200))
		if in.Desired >= 0 {
			require.GreaterOrEqual(t, d.Replicas, min(in.Desired, 200))
		} else {
			require.Equal(t, current, d.Replicas)
		}
		if st.Begun && d.Replicas < st.Last { // slowly, or back to where it was a quarter of an hour ago
			limit := math.Floor(0.9*float64(st.Last)) - 1
			require.GreaterOrEqual(t, float64(d.Replicas), math.Min(limit, float64(leastSince(past, now.Add(-15*time.Minute)))))
		}
		past = append(past, moment{now, d.Replicas})
		st, current = next, d.Replicas
	}
}

// However often Decide is called, a window does not hold counts from before it, and a count that
// does not change takes no more room in the memory.
func TestManyDecisionsDoNotProlongAWindow(t *testing.T) {
	rules := func(seconds int32) *api.ScalingRules { return &api.ScalingRules{StabilizationWindowSeconds: &seconds} }
	for name, c := range map[string]struct {
		spec   api.ScaleSpec
		before int32
		after  int32
		held   time.Duration
	}{
		"break even, lead time + grace": {api.ScaleSpec{}, 11, 10, 90 * time.Second},
		"on the way down":               {api.ScaleSpec{Behavior: &api.Behavior{ScaleDown: rules(300)}}, 12, 10, 5 * time.Minute},
		"on the way up":                 {api.ScaleSpec{Behavior: &api.Behavior{ScaleUp: rules(300)}}, 10, 12, 5 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			var st scaler.State
			count := c.before
			for since := time.Duration(0); since < 10*time.Minute; since += time.Second {
				desired := c.before
				if since > 0 {
					desired = c.after
				}
				var d scaler.Decision
				d, st = scaler.Decide(c.spec, st, scaler.Input{
					Now: epoch.Add(since), Current: count, Desired: desired, Demand: scaler.Demand{Observed: float64(desired)}, LeadTime: time.Minute,
				})
				count = d.Replicas
				switch {
				case since < c.held:
					require.Equal(t, c.before, count, "after %v", since)
				case since > c.held:
					require.Equal(t, c.after, count, "after %v", since)
				}
			}
		})
	}
}

type moment struct {
	at    time.Time
	count int32
}

// leastSince returns the least count in force at cutoff or later.
func leastSince(past []moment, cutoff time.Time) int32 {
	least := int32(math.MaxInt32)
	for _, m := range slices.Backward(past) {
		least = min(least, m.count)
		if m.at.Before(cutoff) {
			break
		}
	}
	return least
}

func TestDecideDoesNotAllocate(t *testing.T) {
	specs := map[string]api.ScaleSpec{
		"own rules": {MinReplicas: new(int32(1)), MaxReplicas: 100},
		"behavior":  {MinReplicas: new(int32(1)), MaxReplicas: 100, Behavior: &api.Behavior{}},
	}
	for name, spec := range specs {
		t.Run(name, func(t *testing.T) {
			var st scaler.State
			now, i := epoch, 0
			require.Zero(t, testing.AllocsPerRun(1000, func() {
				i++
				now = now.Add(time.Second)
				want := int32(50 + 40*math.Sin(float64(i)/20))
				var d scaler.Decision
				d, st = scaler.Decide(spec, st, scaler.Input{Now: now, Current: 50, Desired: want, Demand: scaler.Demand{Observed: float64(want)}})
				if d.Replicas < 1 {
					t.Fail()
				}
			}))
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	spec := api.ScaleSpec{MinReplicas: new(int32(1)), MaxReplicas: 100}
	var st scaler.State
	now, i := epoch, 0
	b.ReportAllocs()
	for b.Loop() {
		i++
		now = now.Add(time.Second)
		want := int32(50 + 40*math.Sin(float64(i)/20))
		_, st = scaler.Decide(spec, st, scaler.Input{Now: now, Current: 50, Desired: want, Demand: scaler.Demand{Observed: float64(want)}, LeadTime: time.Minute})
	}
}
