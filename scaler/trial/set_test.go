package trial_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/reactive"
	"github.com/forescale/forescale/scaler/trial"
)

var start = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

var alphas = [trial.Size]float64{0.5, 0.2, 0.1, 0.05, 0.025, 0.01, 0.005, 0.002}

// try runs trials for days on a demand whose logarithm is 100·e^(σ·noise), a new value
// each slot; at α each asks for the quantile 1 − α of it, and a start takes no time.
func try(t *trial.Set, now time.Time, days int, goal float64) time.Time {
	const slot, sigma = 15 * time.Second, 0.2
	rng := rand.New(rand.NewPCG(1, 1))
	for range days * 5760 {
		demand := 100 * math.Exp(sigma*rng.NormFloat64())
		var counts [trial.Size]int32
		for k, a := range t.Alphas {
			counts[k] = int32(math.Ceil(100 * math.Exp(sigma*quantile(1-a))))
		}
		t.Ask(now, counts, 0, 0)
		t.Judge(reactive.Moment{Now: now, Demand: demand, Need: int32(math.Ceil(demand))}, slot)
		t.TurnHelped(0)
		t.Pace(goal, 0)
		now = now.Add(slot)
	}
	return now
}

func quantile(p float64) float64 { return math.Sqrt2 * math.Erfinv(2*p-1) }

// Where each α misses that share of the time, the α in force becomes the goal: the share presumed
// beforehand, a tenth of α, is soon outweighed.
func TestTrialsFindTheAlphaThatKeepsTheGoal(t *testing.T) {
	for _, goal := range []float64{0.02, 0.007, 0.004} {
		b := trial.New(alphas, 0.02, goal)
		require.Greater(t, b.Alpha, goal, "services in general miss a tenth of α")
		try(b, start, 8, goal)
		require.InDelta(t, goal, b.Alpha, 0.35*goal)
	}
}

func TestTrialsAreBounded(t *testing.T) {
	b := trial.New(alphas, 0.001, 0.001)
	try(b, start, 4, 0.001)
	require.Less(t, b.Alpha, 0.002, "beyond the strictest trial in proportion")
	idle := trial.New(alphas, 0.001, 0.001)
	for i := range 40000 {
		now := start.Add(time.Duration(i) * 15 * time.Second)
		idle.Ask(now, [trial.Size]int32{1, 1, 1, 1, 1, 1, 1, 1}, 0, 0)
		idle.Judge(reactive.Moment{Now: now, Need: 1}, 15*time.Second)
		idle.Turn(0)
		idle.Pace(0.001, 0)
	}
	require.InDelta(t, 0.02, idle.Alpha, 1e-9, "twenty targets: what is not missed is no reason to be careless")
}

// The α in force is at least what the bill affords, whatever is missed, and falls again when the
// bill allows it.
func TestTrialsKeepToTheBill(t *testing.T) {
	b := trial.New(alphas, 0.001, 0.0005)
	first := b.Alpha
	b.Pace(0.0005, 10*first)
	require.InDelta(t, 10*first, b.Alpha, 1e-12)
	b.Pace(0.0005, first/2)
	require.InDelta(t, first, b.Alpha, 1e-12, "what the goal asks for is enough")
	b.Pace(0.0005, 1)
	require.InDelta(t, 0.5, b.Alpha, 1e-12, "no more than to the median")
}

// Real misses beyond those in the trial of the α in force show that the trials are too
// optimistic.
func TestTrialsAreCorrectedByRealMisses(t *testing.T) {
	run := func(missed float64) float64 {
		b := trial.New(alphas, 0.02, 0.004)
		now := try(b, start, 4, 0.004)
		for range 8 {
			b.TurnHelped(missed)
			b.Judge(reactive.Moment{Now: now}, 15*time.Second)
		}
		b.Pace(0.004, 0)
		return b.Alpha
	}
	require.Less(t, run(60), 0.5*run(0))
}

// Misses that the trial of the α in force predicted are no reason to correct it; between two trials
// they are interpolated by the logarithm of α.
func TestMissesThatATrialForetoldCorrectNothing(t *testing.T) {
	run := func(alpha float64) *trial.Set {
		b := trial.New(alphas, 0.02, 0.004)
		b.Pace(0, alpha)
		require.InDelta(t, alpha, b.Alpha, 1e-12)
		for i := range 20 {
			now := start.Add(time.Duration(i) * 15 * time.Second)
			b.Ask(now, [trial.Size]int32{1, 2, 3, 4, 5, 6, 7, 8}, 0, 0)
			b.Judge(reactive.Moment{Now: now, Need: 4}, 15*time.Second) // the first three have too few
			b.Turn(0)
		}
		return b
	}
	for _, c := range []struct{ alpha, share float64 }{
		{0.5, 1}, {0.2, 1}, {0.1, 1}, {math.Sqrt(0.1 * 0.05), 0.5}, {0.05, 0}, {0.025, 0}, {0.001, 0},
	} {
		b := run(c.alpha)
		require.Positive(t, b.Missed[2])
		require.Zero(t, b.Missed[3])
		require.InEpsilon(t, 1+c.share*b.Missed[2], 1+b.Said, 0.001, "α %v", c.alpha)
	}
}

// A day on which more was missed than the trials predicted is forgotten within weeks.
func TestCorrectionsFade(t *testing.T) {
	b := trial.New(alphas, 0.02, 0.004)
	now := try(b, start, 1, 0.004)
	b.Turn(3600)
	b.Pace(0.004, 0)
	corrected := b.Alpha
	try(b, now, 28, 0.004)
	require.InDelta(t, 0, b.Real, 10)
	require.Greater(t, b.Alpha, 1.5*corrected)
}

// A trial is judged by the replicas that would have been ready at the time to which a demand refers:
// they are asked for with the demand, and take a start-up.
func TestTrialsAreJudgedByWhatWouldHaveBeenReady(t *testing.T) {
	for name, c := range map[string]struct {
		age, startup time.Duration
		want         float64 // seconds with too few after a rise at once
	}{
		"ready at once":                          {0, 0, 0},
		"after a start-up":                       {0, time.Minute, 60},
		"the mean of a minute speaks of earlier": {30 * time.Second, time.Minute, 90},
	} {
		b := trial.New(alphas, 0.001, 0.001)
		for i := range 60 {
			now := start.Add(time.Duration(i) * 15 * time.Second)
			need := int32(5)
			if i >= 20 {
				need = 10
			}
			b.Ask(now, [trial.Size]int32{need, need, need, need, need, need, need, need}, 0, 0)
			b.Judge(reactive.Moment{Now: now, Need: need, Age: c.age, Startup: c.startup}, 15*time.Second)
		}
		require.InDelta(t, c.want, b.Waiting[0][0], 0, name)
	}
}

// Where even the strictest trial misses more than the goal, α is below that trial's in the same
// proportion, also where all trials miss equally.
func TestAGoalThatNoTrialKeeps(t *testing.T) {
	b := trial.New(alphas, 0.001, 0.001)
	for i := range 40 {
		now := start.Add(time.Duration(i) * 15 * time.Second)
		b.Ask(now, [trial.Size]int32{1, 1, 1, 1, 1, 1, 1, 1}, 0, 0)
		b.Judge(reactive.Moment{Now: now, Need: 2}, 15*time.Second)
		b.Turn(0)
	}
	usual := trial.UsualMisses * alphas[7] * 86400 // taken to be missed in the day before
	share := (b.Missed[7] + usual) / (b.Known + 86400)
	b.Pace(share/4, 0)
	require.InDelta(t, alphas[7]/4, b.Alpha, 1e-6)
}

// Misses in a burst count against no trial: no α would have been ready for it.
func TestTrialsForgiveBursts(t *testing.T) {
	b := trial.New(alphas, 0.001, 0.001)
	for i := range 8 {
		now := start.Add(time.Duration(i) * 15 * time.Second)
		b.Ask(now, [trial.Size]int32{1, 1, 1, 1, 1, 1, 1, 1}, 0, 0)
		b.Judge(reactive.Moment{Now: now, Need: 5}, 15*time.Second)
	}
	b.Void()
	b.Turn(0)
	b.Turn(0)
	require.Zero(t, b.Missed)
}

// A step down waits as in a decision: for hold, and a small one for calm.
func TestTrialsHold(t *testing.T) {
	b := trial.New(alphas, 0.001, 0.001)
	var all [trial.Size]int32
	at := func(minutes int, n int32) int32 {
		for k := range all {
			all[k] = n
		}
		now := start.Add(time.Duration(minutes) * time.Minute)
		require.True(t, b.Due(now))
		b.Ask(now, all, 2*time.Minute, 6*time.Minute)
		return b.Wanted[0][b.Slot%int64(len(b.Wanted[0]))]
	}
	require.Equal(t, int32(40), at(0, 40))
	require.Equal(t, int32(40), at(1, 20))
	require.Equal(t, int32(20), at(4, 20))
	require.Equal(t, int32(21), at(5, 21))
	require.Equal(t, int32(21), at(8, 20), "one of twenty")
	require.Equal(t, int32(20), at(12, 20))
	require.Equal(t, int32(7), at(60, 7), "a silence begins anew")
}
