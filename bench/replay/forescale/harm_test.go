package forescale_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/forescale"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/scaler/api"
)

// made is a load of eight days with a rhythm of day and week.
func made(change func(s *trace.Shape)) trace.Trace {
	s := trace.Shape{Length: 8 * 24 * time.Hour, Day: 0.5, Week: 0.3, Noise: trace.Noise{Sigma: 0.04, Memory: 20 * time.Minute}}
	change(&s)
	return trace.Synthetic(s, 1)
}

// A forecast must do no harm: on no load may forescale miss the objective for longer than the HPA at
// 70 %, or cost more than 1.02 times as much, even where the learned pattern no longer holds. The
// loads are synthetic, and none was chosen by its result.
func TestForescaleDoesNoHarm(t *testing.T) {
	const hour = time.Hour
	// What nobody could know may be missed once where the headroom of the HPA would
	// have carried it: for a lead time, and a minute to work off what has queued up.
	const surprise = 3 * time.Minute
	usual := made(func(*trace.Shape) {})
	for name, tr := range map[string]trace.Trace{
		"rhythm":        usual,
		"shuffled days": usual.ShuffleDays(1),
		"regime change": usual.Shift(6*24*hour, 1.6, 7*hour),
		"gaps": usual.WithGaps(trace.Gap{After: 133 * hour, Length: 10 * time.Minute}, trace.Gap{After: 159 * hour, Length: 7 * time.Minute},
			trace.Gap{After: 170 * hour, Length: 3 * hour}),
		"bursts by raster": made(func(s *trace.Shape) { s.Burst = trace.Burst{PerDay: 12, Height: 4, Raster: 30 * time.Minute} }),
	} {
		s, err := replay.NewScenario(tr, replay.Options{Warmup: 5 * 24 * hour, Peak: 3000, Seed: 1})
		require.NoError(t, err)
		hpa, err := s.Run(t.Context(), plain(70))
		require.NoError(t, err)
		for _, policy := range []string{forescale.FloorName, forescale.KedaName} {
			t.Run(name+"/"+policy, func(t *testing.T) {
				p, err := forescale.New(policy, api.Spec{})
				require.NoError(t, err)
				r, err := s.Run(t.Context(), p)
				require.NoError(t, err)
				require.NoError(t, p.Err())
				t.Logf("%.3f %% at %.3f, the HPA %.3f %% at %.3f", r.ViolatingTime, r.CostRatio, hpa.ViolatingTime, hpa.CostRatio)
				more := (r.ViolatingTime - hpa.ViolatingTime) / 100 * r.Length.Seconds()
				require.LessOrEqual(t, more, surprise.Seconds())
				require.LessOrEqual(t, r.CostRatio, 1.02*hpa.CostRatio)
			})
		}
	}
}

// What a policy does before an instant must not depend on the load after it. The oracle, which looks
// ahead, shows that the test would notice.
func TestNothingComesFromTheFuture(t *testing.T) {
	a := made(func(s *trace.Shape) { s.Base = 1500 }).Tail(2 * 24 * time.Hour)
	at := 42 * time.Hour // from the start, 6 h before the end
	b := a.Shift(at, 2.5, 0)
	o := replay.Options{Warmup: 36 * time.Hour, Seed: 1}
	before := func(tr trace.Trace, policy string) (n []int32) {
		s, err := replay.NewScenario(tr, o)
		require.NoError(t, err)
		var p replay.Policy = forescale.NewOracle(s)
		if policy != forescale.OracleName {
			p, err = forescale.New(policy, api.Spec{})
			require.NoError(t, err)
		}
		r, err := s.Run(t.Context(), p)
		require.NoError(t, err)
		until := tr.Start.Add(at).Add(-tr.Step) // the load is a line between the middles of two steps
		for _, c := range r.Changes {
			if now := r.Start.Add(time.Duration(c.Millis) * time.Millisecond); now.Before(until) {
				n = append(n, int32(c.Millis), c.To)
			}
		}
		return n
	}
	for _, policy := range []string{forescale.FloorName, forescale.KedaName} {
		first := before(a, policy)
		require.NotEmpty(t, first)
		require.Equal(t, first, before(b, policy), policy)
	}
	require.NotEqual(t, before(a, forescale.OracleName), before(b, forescale.OracleName), "the oracle knows")
}
