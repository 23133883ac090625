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

// Three hours without load, where zero replicas are allowed: KEDA goes to zero after its cooldown,
// and back when the load returns. A forecast that is still at a hundredth of a request per second
// does not count as demand. A floor stays at one, as its HPA does.
func TestToZeroAndBack(t *testing.T) {
	values := make([]float64, 12*60)
	for i := range values {
		if i < 6*60 || i >= 9*60 {
			values[i] = 300
		}
	}
	tr := trace.Trace{Name: "idle", Start: start, Step: time.Minute, Values: values}
	o := replay.Options{Warmup: 4 * time.Hour, Timeline: time.Minute, Seed: 1, Cluster: replay.Cluster{ZeroMin: true}}
	for name, idle := range map[string]int32{forescale.FloorName: 1, forescale.KedaName: 0} {
		t.Run(name, func(t *testing.T) {
			p, err := forescale.New(name, api.Spec{})
			require.NoError(t, err)
			gone, back := start.Add(6*time.Hour), start.Add(9*time.Hour)
			for _, at := range run(t, tr, o, p).Timeline {
				switch {
				case at.At.Before(gone.Add(-time.Minute)):
					require.GreaterOrEqual(t, at.Replicas, int32(3), "%v", at.At)
				case at.At.After(gone.Add(time.Hour)) && at.At.Before(back.Add(-time.Minute)):
					require.Equal(t, idle, at.Replicas, "%v", at.At)
				case at.At.After(back.Add(4 * time.Minute)):
					require.GreaterOrEqual(t, at.Replicas, int32(3), "%v", at.At)
				}
			}
		})
	}
}
