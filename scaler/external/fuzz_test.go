package external

import (
	"math"
	"testing"
	"unicode/utf8"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/scaler/live"
)

// FuzzCalls sends arbitrary names, metadata and answers through the calls. None
// panics, each error is one of the protocol's and fit for the wire, a
// specification is one that an HPA accepts, and a number is one that KEDA reads
// as it is meant.
func FuzzCalls(f *testing.F) {
	f.Add("shop", "web", "requests", "metric.query", requestQuery, "50", 490.0, 50.0, true)
	f.Add("", "", "", "", "", "", 0.0, 0.0, false)
	f.Add("shop", "web", "..", "metricName", "a/b", "-1", math.NaN(), math.Inf(1), true)
	f.Add("shop", "web", "r", "scale.latencyObjective.quantile", "0.95", "1e-6", math.MaxFloat64, 1e-300, true)
	f.Add("\xff", "w\x00b", "x", "forecast.events.0.name", "\xfe", "0.0005", 0.0004, 0.0005, false)
	f.Add("shop", "web", "requests", "metric.query", "up", "005", 504.0, 39.0, true) // 64.615: its product with 1000 is less than 64615
	f.Fuzz(func(t *testing.T, namespace, name, metric, key, value, target string, demand, learned float64, active bool) {
		store := newFakeStore()
		s := newService(store, nil)
		ref := &pb.ScaledObjectRef{Namespace: namespace, Name: name, ScalerMetadata: map[string]string{
			"scalerAddress": "forescale:9090", "metric.query": "up", "scale.targetPerReplica": target, key: value,
		}}
		allowed := func(err error, extra ...codes.Code) {
			if err != nil {
				require.Contains(t, append(extra, codes.InvalidArgument), status.Code(err))
				require.True(t, utf8.ValidString(status.Convert(err).Message()))
			}
		}
		spec, err := s.GetMetricSpec(t.Context(), ref)
		allowed(err)
		if err == nil {
			m := spec.GetMetricSpecs()[0]
			require.Empty(t, nameFault(m.GetMetricName()))
			require.Positive(t, m.GetTargetSize())
			wire := quantity(m.GetTargetSizeFloat())
			require.Positive(t, wire.Sign())
			store.set(live.Key{Namespace: namespace, Name: name, Metric: m.GetMetricName()}, live.Answer{Value: demand, Target: learned, Active: active})
			metric = m.GetMetricName()
		}
		values, err := s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: ref, MetricName: metric})
		allowed(err, codes.NotFound, codes.Unavailable)
		if err == nil {
			require.Len(t, values.GetMetricValues(), 1)
			m := values.GetMetricValues()[0]
			v, whole := m.GetMetricValueFloat(), m.GetMetricValue()
			require.True(t, v >= 0 && v <= wireMax, "%v", v)
			require.True(t, float64(whole) >= v && float64(whole)-v < 1, "%v beside %v", whole, v)
			thousandths := math.Round(v * 1000) // whole ones, or a hair above: KEDA up to 2.19 cuts
			require.Contains(t, []float64{thousandths / 1000, math.Nextafter(thousandths/1000, math.Inf(1))}, v)
			require.Equal(t, int64(thousandths), int64(v*1000), "%v", v)
		}
		is, err := s.IsActive(t.Context(), ref)
		allowed(err)
		if err == nil && values != nil {
			require.Equal(t, active, is.GetResult())
		}
	})
}
