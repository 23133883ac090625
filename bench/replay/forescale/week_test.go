package forescale_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/forescale"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/scaler/api"
)

// On the first workday of a week, unlike on the days before, demand grows by a third within the five
// minutes that it takes from a decision to ready pods. When only those days were considered, and not
// the weeks before, the objective was missed for two to four minutes.
func TestTheFirstWorkdayOfAWeekIsMet(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	monday := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	tr := trace.Trace{Name: "office", Start: monday, Step: time.Hour} // from one mean of an hour to the next load is a ramp
	for at := monday; at.Before(monday.Add(29 * 24 * time.Hour)); at = at.Add(time.Hour) {
		load := 100.0
		if day := at.Weekday(); day != time.Saturday && day != time.Sunday && at.Hour() >= 9 && at.Hour() < 17 {
			load = 500
		}
		tr.Values = append(tr.Values, load*(1+0.01*rng.NormFloat64()))
	}
	s, err := replay.NewScenario(tr, replay.Options{
		Warmup: 21 * 24 * time.Hour, Peak: 3000, Seed: 1,
		Cluster: replay.Cluster{Startup: replay.Startup{Median: 3 * time.Minute}},
	})
	require.NoError(t, err)
	for _, policy := range []string{forescale.FloorName, forescale.KedaName} {
		p, err := forescale.New(policy, api.Spec{})
		require.NoError(t, err)
		r, err := s.Run(t.Context(), p)
		require.NoError(t, err)
		t.Logf("%s: %.0f s at %.3f", policy, r.ViolatingTime/100*r.Length.Seconds(), r.CostRatio)
		require.LessOrEqual(t, r.ViolatingTime/100*r.Length.Seconds(), 15.0, policy)
		require.LessOrEqual(t, r.CostRatio, 1.12, policy)
	}
}
