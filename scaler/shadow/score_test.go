package shadow_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/shadow"
)

var epoch = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

// run feeds a score for length with what moment says of each tick, half a second apart.
func run(s *shadow.Score, from time.Time, length time.Duration, moment func(now time.Time) shadow.Moment) {
	for now := from; !now.After(from.Add(length)); now = now.Add(500 * time.Millisecond) {
		m := moment(now)
		m.Now = now
		s.Update(m)
	}
}

func TestConstantLoadCostsWhatTheTargetsSay(t *testing.T) {
	var s shadow.Score
	run(&s, epoch, time.Hour, func(time.Time) shadow.Moment {
		return shadow.Moment{Observed: 700, Asked: 800, Target: 100, LeadTime: time.Minute}
	})
	require.InDelta(t, 3600, s.Scored, 0)
	want := map[shadow.Policy]float64{shadow.Forescale: 8, shadow.Plain: 7, shadow.Cautious: 10} // 800/100, 700/100, 700/70
	for p, n := range want {
		require.InDelta(t, n*3600, s.Standings[p].Replicas, 0, "%v", p)
		require.Zero(t, s.Standings[p].Short, "%v", p)
	}
}

// A step to twice the load is met one start-up and one sync later by an autoscaler that only
// observes, and at once by one that asked for it a lead time before.
func TestAStepIsShortForAStartUpUnlessItWasAskedFor(t *testing.T) {
	const lead = 75 * time.Second // a start of a minute, and a sync
	step := epoch.Add(30 * time.Minute)
	var s shadow.Score
	run(&s, epoch, time.Hour, func(now time.Time) shadow.Moment {
		m := shadow.Moment{Observed: 500, Asked: 500, Target: 100, LeadTime: lead}
		if !now.Before(step) {
			m.Observed = 1000
		}
		if !now.Before(step.Add(-lead)) {
			m.Asked = 1000
		}
		return m
	})
	require.Zero(t, s.Standings[shadow.Forescale].Short)
	require.InDelta(t, 75, s.Standings[shadow.Plain].Short, 15)
	require.InDelta(t, 75, s.Standings[shadow.Cautious].Short, 15, "8 replicas at 70 % do not carry 1000 either")
}

func TestAHeadroomCarriesASmallStep(t *testing.T) {
	var s shadow.Score
	run(&s, epoch, time.Hour, func(now time.Time) shadow.Moment {
		m := shadow.Moment{Observed: 500, Target: 100, LeadTime: time.Minute}
		if now.After(epoch.Add(30 * time.Minute)) {
			m.Observed = 700
		}
		return m
	})
	require.Zero(t, s.Standings[shadow.Cautious].Short)
	require.Positive(t, s.Standings[shadow.Plain].Short)
	require.Positive(t, s.Standings[shadow.Forescale].Short, "it asked for nothing beyond what is observed")
}

func TestAFloorCountsForForescaleAlone(t *testing.T) {
	var s shadow.Score
	run(&s, epoch, time.Hour, func(time.Time) shadow.Moment {
		return shadow.Moment{Observed: 200, Target: 100, Floor: 9, Least: 3, LeadTime: time.Minute}
	})
	require.InDelta(t, 9, s.Standings[shadow.Forescale].Replicas/s.Scored, 0.1)
	require.InDelta(t, 3, s.Standings[shadow.Plain].Replicas/s.Scored, 0)
	require.InDelta(t, 3, s.Standings[shadow.Cautious].Replicas/s.Scored, 0)
}

func TestBoundsHoldForAll(t *testing.T) {
	var s shadow.Score
	run(&s, epoch, time.Hour, func(time.Time) shadow.Moment {
		return shadow.Moment{Observed: 5000, Asked: 9000, Target: 100, Floor: 70, Most: 20, LeadTime: time.Minute}
	})
	for _, p := range shadow.Policies() {
		require.InDelta(t, 20, s.Standings[p].Replicas/s.Scored, 0, "%v", p)
		require.InDelta(t, s.Scored, s.Standings[p].Short, 0, "%v", p)
	}
}

// An HPA stays at its highest recommendation of five minutes, and ignores changes of a tenth.
func TestTheReactiveOnesComeDownLikeAnHPA(t *testing.T) {
	var s shadow.Score
	falls := epoch.Add(10 * time.Minute)
	counts := map[time.Duration]int32{}
	run(&s, epoch, 20*time.Minute, func(now time.Time) shadow.Moment {
		m := shadow.Moment{Observed: 1000, Target: 100}
		if !now.Before(falls) {
			m.Observed = 400
		}
		counts[now.Sub(falls)] = s.HPAs[shadow.Plain].Count()
		return m
	})
	require.Equal(t, int32(10), counts[4*time.Minute])
	require.Equal(t, int32(4), counts[5*time.Minute+30*time.Second])

	s = shadow.Score{}
	run(&s, epoch, 20*time.Minute, func(now time.Time) shadow.Moment {
		m := shadow.Moment{Observed: 1000, Target: 100}
		if now.After(falls) {
			m.Observed = 1090
		}
		return m
	})
	require.Equal(t, int32(10), s.HPAs[shadow.Plain].Count())
	require.Equal(t, int32(11), s.HPAs[shadow.Forescale].Count(), "behind forescale the tolerance is to be 0")
}

// Behind answers, which hold by themselves, the HPA should hold for a shorter time than under a
// floor.
func TestForescaleComesDownAsItsHPAIsToDo(t *testing.T) {
	for name, c := range map[string]struct {
		floor  int32
		window time.Duration
	}{"behind answers": {0, scaler.AnswerHold}, "under a floor": {1, 90 * time.Second}} {
		var s shadow.Score
		falls := epoch.Add(10 * time.Minute)
		counts := map[time.Duration]int32{}
		run(&s, epoch, 20*time.Minute, func(now time.Time) shadow.Moment {
			m := shadow.Moment{Observed: 1000, Target: 100, Floor: c.floor}
			if !now.Before(falls) {
				m.Observed = 400
			}
			counts[now.Sub(falls)] = s.HPAs[shadow.Forescale].Count()
			return m
		})
		require.Equal(t, int32(10), counts[c.window-shadow.Slot], name)
		require.Equal(t, int32(4), counts[c.window+2*shadow.Slot], name)
	}
}

func TestWithAnObjectiveTheNeedCounts(t *testing.T) {
	for _, c := range []struct {
		name  string
		need  int32
		short bool
	}{
		{"as many as there are", 10, false},
		{"one more", 11, true},
		{"no objective, within a tenth", 0, false},
	} {
		var s shadow.Score
		run(&s, epoch, time.Hour, func(time.Time) shadow.Moment {
			return shadow.Moment{Observed: 1000, Target: 100, Need: c.need, LeadTime: time.Minute}
		})
		require.Equal(t, c.short, s.Standings[shadow.Plain].Short > 0, c.name)
	}
}

func TestASilenceIsNotScored(t *testing.T) {
	var s shadow.Score
	known := func(time.Time) shadow.Moment { return shadow.Moment{Observed: 500, Target: 100} }
	run(&s, epoch, 10*time.Minute, known)
	before := s
	run(&s, epoch.Add(10*time.Minute), time.Hour, func(time.Time) shadow.Moment {
		return shadow.Moment{Observed: math.NaN(), Target: 100}
	})
	require.Equal(t, before, s)
	run(&s, epoch.Add(3*time.Hour), 10*time.Minute, known)
	require.InDelta(t, 1200, s.Scored, 0)
	require.InDelta(t, 5*1200, s.Standings[shadow.Plain].Replicas, 0)
}

func TestNothingIsScoredWithoutATarget(t *testing.T) {
	var s shadow.Score
	run(&s, epoch, time.Hour, func(time.Time) shadow.Moment { return shadow.Moment{Observed: 500} })
	require.Zero(t, s)
}

func BenchmarkUpdate(b *testing.B) {
	var s shadow.Score
	b.ReportAllocs()
	for i := range b.N {
		s.Update(shadow.Moment{Now: epoch.Add(time.Duration(i) * shadow.Slot), Observed: 500, Asked: 600, Target: 100, LeadTime: time.Minute})
	}
}
