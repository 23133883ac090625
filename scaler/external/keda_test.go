package external

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"strings"
	"testing"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/forescale/forescale/scaler/live"
)

// A kedaTrigger does what KEDA 2.21 does with one external trigger.
type kedaTrigger struct {
	client pb.ExternalScalerClient
	ref    *pb.ScaledObjectRef
	index  int // of the trigger in its ScaledObject
}

// An hpaMetric is an external metric of the HPA that KEDA writes.
type hpaMetric struct {
	name   string
	target resource.Quantity
}

// quantity is how KEDA turns a number into a quantity: three decimals, and what
// is no number from 0 up becomes 0.
func quantity(v float64) resource.Quantity {
	if math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return resource.MustParse("0")
	}
	return resource.MustParse(fmt.Sprintf("%.3f", v))
}

// metricSpecs is what KEDA makes of GetMetricSpec.
func (k kedaTrigger) metricSpecs(ctx context.Context) ([]hpaMetric, error) {
	resp, err := k.client.GetMetricSpec(ctx, k.ref)
	if err != nil {
		return nil, err
	}
	var out []hpaMetric
	for _, spec := range resp.GetMetricSpecs() {
		m := hpaMetric{name: fmt.Sprintf("s%d-%s", k.index, spec.GetMetricName()), target: quantity(spec.GetTargetSizeFloat())}
		if spec.GetTargetSizeFloat() <= 0 {
			m.target = *resource.NewQuantity(spec.GetTargetSize(), resource.DecimalSI)
		}
		out = append(out, m)
	}
	return out, nil
}

// metricsAndActivity is what KEDA makes of GetMetrics and IsActive for a metric
// of its HPA.
func (k kedaTrigger) metricsAndActivity(ctx context.Context, hpaName string) (sum resource.Quantity, active bool, err error) {
	name, found := strings.CutPrefix(hpaName, fmt.Sprintf("s%d-", k.index))
	if !found {
		return sum, false, fmt.Errorf("metric name without its prefix: %q", hpaName)
	}
	resp, err := k.client.GetMetrics(ctx, &pb.GetMetricsRequest{ScaledObjectRef: k.ref, MetricName: name})
	if err != nil {
		return sum, false, err
	}
	if len(resp.GetMetricValues()) == 0 {
		return sum, false, errors.New("no matching metrics found")
	}
	for _, m := range resp.GetMetricValues() {
		value := float64(m.GetMetricValue())
		if m.GetMetricValueFloat() > 0 {
			value = m.GetMetricValueFloat()
		}
		sum.Add(quantity(value))
	}
	is, err := k.client.IsActive(ctx, k.ref)
	if err != nil {
		return sum, false, err
	}
	return sum, is.GetResult(), nil
}

// poll is one round of KEDA: specification, metrics, activity, and what an HPA
// without tolerance computes from them for the type AverageValue.
func (k kedaTrigger) poll(ctx context.Context) (replicas int64, active bool, err error) {
	specs, err := k.metricSpecs(ctx)
	if err != nil {
		return 0, false, fmt.Errorf("specification: %w", err)
	}
	if len(specs) != 1 || specs[0].target.Sign() <= 0 {
		return 0, false, fmt.Errorf("an HPA wants one metric with a target above 0, not %v", specs)
	}
	sum, active, err := k.metricsAndActivity(ctx, specs[0].name)
	if err != nil {
		return 0, false, err
	}
	return int64(math.Ceil(float64(sum.MilliValue()) / float64(specs[0].target.MilliValue()))), active, nil
}

// overEach runs a test over the pipe in memory and over real loopback.
func overEach(t *testing.T, test func(t *testing.T, lis net.Listener)) {
	t.Helper()
	t.Run("bufconn", func(t *testing.T) { test(t, bufconn.Listen(1<<16)) })
	t.Run("loopback", func(t *testing.T) { test(t, loopback(t)) })
}

func TestKEDASequence(t *testing.T) {
	overEach(t, func(t *testing.T, lis net.Listener) {
		t.Helper()
		store := newFakeStore()
		serve(t, store, Options{}, lis)
		client := pb.NewExternalScalerClient(dial(t, lis))
		k := kedaTrigger{client, refTo(web()), 2} // the third trigger of its ScaledObject
		ctx := t.Context()

		// On creation: the specification several times, before there are any data.
		for range 3 {
			specs, err := k.metricSpecs(ctx)
			require.NoError(t, err)
			require.Equal(t, "s2-requests", specs[0].name)
			require.Equal(t, "50", specs[0].target.String())
		}
		_, _, err := k.poll(ctx)
		require.Equal(t, codes.Unavailable, status.Code(err))
		require.ErrorContains(t, err, `ScaledObject shop/web: metric "requests": no answer: no sample for 5m0s: Prometheus at http://prometheus:9090 does not answer`)

		// The workload was started from the metadata alone, once, with defaults.
		require.Equal(t, 1, store.starts(webKey))
		require.Equal(t, requestQuery, store.spec(webKey).Metric.Query)
		require.Equal(t, time.Minute, store.spec(webKey).Metric.Step.Std())

		// The polling loop, the HPA and the demand.
		for _, step := range []struct {
			demand float64
			active bool
			want   int64
		}{{490, true, 10}, {500.0000001, true, 10}, {501, true, 11}, {0.2, true, 1}, {0, false, 0}} {
			store.set(webKey, live.Answer{Value: step.demand, Target: 50, Active: step.active})
			replicas, active, err := k.poll(ctx)
			require.NoError(t, err)
			require.Equal(t, step.want, replicas, "demand %v", step.demand)
			require.Equal(t, step.active, active)
		}
		require.Equal(t, 1, store.starts(webKey))

		// Data are lost: the HPA holds on the error, and KEDA does not scale to zero.
		store.set(webKey, live.Answer{Target: 50, Err: errSilent})
		_, err = client.GetMetrics(ctx, &pb.GetMetricsRequest{ScaledObjectRef: k.ref, MetricName: "requests"})
		require.Equal(t, codes.Unavailable, status.Code(err))
		is, err := client.IsActive(ctx, k.ref)
		require.NoError(t, err)
		require.True(t, is.GetResult(), "silence is not idleness")
		_, err = k.metricSpecs(ctx)
		require.NoError(t, err, "KEDA's fallback needs the specification")
	})
}

// KEDA's fallback static: after more than failureThreshold failures in a row it
// reports target × replicas in place of the metric. It asks for the
// specification first, so that has to succeed.
func TestFallbackCanFire(t *testing.T) {
	lis := bufconn.Listen(1 << 16)
	serve(t, newFakeStore(), Options{}, lis)
	k := kedaTrigger{pb.NewExternalScalerClient(dial(t, lis)), refTo(web()), 0}
	failures := 0
	for range 4 {
		specs, err := k.metricSpecs(t.Context())
		require.NoError(t, err)
		if _, _, err = k.metricsAndActivity(t.Context(), specs[0].name); err != nil {
			failures++
		}
		if failures > 3 { // failureThreshold: 3, replicas: 6
			require.EqualValues(t, 300, specs[0].target.Value()*6)
		}
	}
	require.Equal(t, 4, failures)
}

func TestTriggersOfOneScaledObjectAreWorkloadsOfTheirOwn(t *testing.T) {
	lis := bufconn.Listen(1 << 16)
	store := newFakeStore()
	serve(t, store, Options{}, lis)
	client := pb.NewExternalScalerClient(dial(t, lis))
	queue := `sum(queue_length{queue="mail"})`
	for round := range 20 { // more rounds than it takes to see an alternation
		for i, k := range []kedaTrigger{
			{client, refTo(web("metricName", "")), 0}, // both names are derived from the query
			{client, refTo(web("metricName", "", "metric.query", queue)), 1},
		} {
			key := live.Key{Namespace: "shop", Name: "web", Metric: defaultMetricName([]string{requestQuery, queue}[i])}
			store.set(key, live.Answer{Value: float64(100 * (i + 1)), Target: 50, Active: true})
			replicas, _, err := k.poll(t.Context())
			require.NoError(t, err, "round %d", round)
			require.EqualValues(t, 2*(i+1), replicas)
			require.Equal(t, 1, store.starts(key))
		}
	}
}

func TestLearnedTargetReachesTheHPAThroughTheValue(t *testing.T) {
	lis := bufconn.Listen(1 << 16)
	store := newFakeStore()
	serve(t, store, Options{}, lis)
	client := pb.NewExternalScalerClient(dial(t, lis))
	objective := []string{"scale.latencyObjective.quantile", "0.95", "scale.latencyObjective.value", "200ms"}
	for name, c := range map[string]struct {
		metadata map[string]string
		answer   live.Answer
		target   string
		replicas int64
	}{
		"the metric counts replicas": {
			web(append(objective, "scale.targetPerReplicaFromEnv", "")...),
			live.Answer{Value: 1000, Target: 80, Active: true},
			"1",
			13, // the ceiling of 12.5
		},
		"a given target stays, the quotient is learned": {
			web(objective...), live.Answer{Value: 1000, Target: 80, Active: true}, "50", 13,
		},
		"without a learned target the given one serves": {
			web(objective...), live.Answer{Value: 1000, Active: true}, "50", 20,
		},
	} {
		t.Run(name, func(t *testing.T) {
			k := kedaTrigger{client, &pb.ScaledObjectRef{Namespace: "shop", Name: t.Name(), ScalerMetadata: c.metadata}, 0}
			store.set(live.Key{Namespace: "shop", Name: t.Name(), Metric: "requests"}, c.answer)
			specs, err := k.metricSpecs(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.target, specs[0].target.String())
			replicas, _, err := k.poll(t.Context())
			require.NoError(t, err)
			require.Equal(t, c.replicas, replicas)
		})
	}
	t.Run("nothing learned and nothing given is an error", func(t *testing.T) {
		k := kedaTrigger{client, &pb.ScaledObjectRef{Namespace: "shop", Name: "api", ScalerMetadata: web(append(objective, "scale.targetPerReplicaFromEnv", "")...)}, 0}
		store.set(live.Key{Namespace: "shop", Name: "api", Metric: "requests"}, live.Answer{Value: 1000, Active: true})
		_, _, err := k.poll(t.Context())
		require.Equal(t, codes.Unavailable, status.Code(err))
		require.ErrorContains(t, err, "not learned yet: set scale.targetPerReplica")
	})
}
