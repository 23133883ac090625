package engine_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
)

// queue is a service of replicas with 8 slots of 80 ms, full at 100 requests/s each,
// that keeps p99 ≤ 500 ms.
func queue() api.Spec {
	return api.Spec{
		Metric: api.MetricSpec{Query: "q"},
		Scale: api.ScaleSpec{
			LatencyObjective: &api.LatencyObjective{Quantile: 0.99, Value: api.Duration(500 * time.Millisecond)},
			Service:          &api.ServiceSpec{Slots: 8, Time: api.Duration(80 * time.Millisecond)},
		},
	}
}

// The HPA behind an answer, which rounds up a metric of three decimals, arrives at exactly the count
// that was decided.
func TestTheAnswerYieldsTheCountOfTheQueue(t *testing.T) {
	w, err := engine.New(queue())
	require.NoError(t, err)
	for rate := 0.5; rate < 50_000; rate *= 1.19 {
		value := w.Answer(time.Unix(1e9, 0), scaler.Demand{Observed: rate, Predicted: math.NaN()})
		value = math.Round(value*1000) / 1000
		require.Equal(t, w.Replicas(rate), int32(math.Ceil(value/w.Target())), "at %v", rate)
	}
}

func TestAServiceThatNoReplicaKeepsIsRefused(t *testing.T) {
	spec := queue()
	spec.Scale.Service.Time = api.Duration(time.Second)
	_, err := engine.New(spec)
	require.ErrorContains(t, err, "scale.service.time: \"1s\": want at most 108.573ms")
}
