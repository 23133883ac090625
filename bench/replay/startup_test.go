package replay_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/scaler/capacity"
)

// How long pods take to start can be estimated from the counts of an HPA, read once a minute as
// Prometheus would store them.
func TestTheRecordOfAnHPATellsTheStartUp(t *testing.T) {
	for _, startup := range []time.Duration{20 * time.Second, time.Minute, 4 * time.Minute} {
		var desired, ready []float64
		s := script{period: time.Minute, hpa: &replay.HPA{RatePerPod: 70}, decide: func(_ time.Time, o replay.Observation) replay.Action {
			desired, ready = append(desired, float64(o.Replicas)), append(ready, float64(o.Ready))
			return replay.Hold()
		}}
		run(t, busy(1), overHPA{s}, replay.Options{Peak: 4000, Cluster: replay.Cluster{Startup: replay.Startup{Median: startup}}})
		mean, starts := capacity.MeanStartup(desired, ready, time.Minute)
		t.Logf("%v: %v over %d of %d minutes", startup, mean, starts, len(desired))
		require.InEpsilon(t, startup.Seconds(), mean.Seconds(), 0.25)
	}
}
