package live

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/shadow"
)

// bursts leaps to twice as much for ten minutes at every full hour, within seconds.
func bursts(t time.Time) float64 {
	if t.Unix()%3600 < 600 {
		return 1000
	}
	return 500
}

func tallyOf(s *Store, k Key) (tally shadow.Tally) {
	s.Worths(func(at Key, w Worth) {
		t := w.Tally
		if at == k {
			tally = t
		}
	})
	return tally
}

// The score is the same in shadow mode as when acting. The history has a season of an hour, so that
// the forecast has the replicas ready a start-up before an HPA on the same target.
func TestTheScoreInShadowModeIsThatOfActing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: bursts}, Options{})
		of := map[api.Mode]shadow.Tally{}
		for _, mode := range []api.Mode{api.Active, api.Shadow} {
			spec := demand()
			spec.Mode, spec.Forecast.Seasons = mode, api.Seasons{api.Duration(time.Hour)}
			require.NoError(t, s.Ensure(Key{Namespace: "shop", Name: string(mode), Metric: "demand"}, spec))
		}
		time.Sleep(5 * time.Second) // not to look just when the policies sync
		for range 6 * 12 {          // asked for now and then, or it would be forgotten
			time.Sleep(5 * time.Minute)
			for _, mode := range []api.Mode{api.Active, api.Shadow} {
				k := Key{Namespace: "shop", Name: string(mode), Metric: "demand"}
				_, known := s.Answer(k)
				require.True(t, known)
				of[mode] = tallyOf(s, k)
			}
		}
		require.Equal(t, of[api.Active], of[api.Shadow])
		got := of[api.Shadow]
		require.InDelta(t, 6*3600, got.Scored, 60)
		forecast, plain, cautious := got.Standings[shadow.Forescale], got.Standings[shadow.Plain], got.Standings[shadow.Cautious]
		require.Greater(t, plain.Short, 300.0, "six leaps, a minute and more each")
		require.Less(t, forecast.Short, 0.2*plain.Short)
		require.Less(t, forecast.Replicas, cautious.Replicas)
	})
}

func TestTheScoreOfAFloorIsThatOfItsDecisions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: flat(100)}, Options{})
		require.NoError(t, s.Ensure(key, demand()))
		for range 3600 {
			time.Sleep(time.Second)
			_, known := s.Scale(key, engine.Target{Current: 2, Ready: 2, Min: 4, Max: 10, Missed: math.NaN()})
			require.True(t, known)
		}
		got := tallyOf(s, key)
		require.InDelta(t, 3600, got.Scored, 60)
		for _, p := range shadow.Policies() { // 100 needs 2 of 50, or 3 at 70 %: the owner's least is 4
			require.InDelta(t, 4, got.Standings[p].Replicas/got.Scored, 0.05, "%v", p)
		}
	})
}

func TestASilenceKeepsTheScore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{value: flat(100)}
		s := run(t, source, Options{Forget: -1})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(30 * time.Minute)
		source.set(context.DeadlineExceeded)
		time.Sleep(10 * time.Minute) // the last sample stands for metric.ttl
		before := tallyOf(s, key)
		require.InDelta(t, 35*60, before.Scored, 60)
		time.Sleep(time.Hour)
		require.Equal(t, before, tallyOf(s, key))
	})
}

// At the start the forecasts over the end of the history are judged: where the season has just
// broken off, forescale does not act.
func TestTrustIsJudgedAtTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := run(t, &fakeSource{value: func(at time.Time) float64 {
			if at.After(began.Add(-12 * time.Hour)) {
				at = at.Add(12 * time.Hour) // the night has become the day
			}
			return wave(at)
		}}, Options{})
		spec := demand()
		spec.Forecast.Model = "seasonal-naive"
		require.NoError(t, s.Ensure(key, spec))
		time.Sleep(5 * time.Second)
		x, known := s.Explain(key)
		require.True(t, known)
		require.Equal(t, "seasonal-naive", x.Model)
		require.False(t, x.Trusted)
		require.Greater(t, x.Skill, 1.1)
		require.Positive(t, x.Parts.Reactive, "the last value with its usual growth stands in")
	})
}
