package live

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRequestedCounts(t *testing.T) {
	const lead = time.Minute
	start := time.Unix(6000, 0)
	var c requested
	require.EqualValues(t, -1, c.ready(start, lead), "nothing was asked for")
	at := func(seconds int, count int32) int32 {
		now := start.Add(time.Duration(seconds) * time.Second)
		c.note(now, count)
		return c.ready(now, lead)
	}
	for _, x := range []struct {
		second      int
		count, want int32
		why         string
	}{
		{0, 5, -1, "not asked for a lead time yet"},
		{40, 5, -1, "nor now"},
		{60, 5, 5, "asked for all the time"},
		{70, 9, 5, "the new ones are starting"},
		{100, 9, 5, "still"},
		{130, 9, 9, "ready a lead time after they were asked for"},
		{140, 7, 7, "down at once"},
		{150, 9, 7, "and up a lead time later"},
		{160, 8, 7, "the least of all"},
		{210, 9, 8, "the seven are a lead time past"},
		{260, 9, 8, "the eight stood until then"},
		{275, 9, 9, "and are past now"},
		{400, 9, -1, "after a gap nothing is known"},
		{455, 9, -1, "for a lead time"},
		{460, 4, 4, "then it is"},
	} {
		require.Equal(t, x.want, at(x.second, x.count), "at %d s: %s", x.second, x.why)
	}
	require.Less(t, len(c.least), 3)
}

// Behind KEDA without a query for replicas the error budget follows the replicas that were asked
// for: a load that jumps up and down, up to twofold, raises the quantile. With jumps of up to two
// fifths the answer, which delays small steps down, misses little.
func TestTheBudgetIsPacedByWhatWasAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked, ready int32 // at the end
		level := func(value func(time.Time) float64) float64 {
			spec := promised()
			spec.Metric.LatencyQuery, spec.Metric.ReplicasQuery = "", ""
			s := run(t, &fakeSource{value: value}, Options{Forget: -1, Tick: 15 * time.Second})
			require.NoError(t, s.Ensure(key, spec))
			time.Sleep(6 * time.Hour)
			e := s.entries[key]
			e.mu.Lock()
			defer e.mu.Unlock()
			asked = e.workload.Replicas(e.answer.Value)
			ready = e.requested.ready(time.Now(), time.Minute)
			return e.workload.Parts().Level
		}
		calm := level(wave)
		require.Equal(t, asked, ready, "the same for a minute")
		rough := level(func(at time.Time) float64 {
			return wave(at) * (1 + float64(at.Unix()*2654435761%7919)/7919)
		})
		require.Positive(t, ready)
		require.LessOrEqual(t, ready, asked, "some may have been asked for within the minute")
		require.Less(t, calm, 0.98, "an unused budget may be spent")
		require.Greater(t, rough, calm)
	})
}
