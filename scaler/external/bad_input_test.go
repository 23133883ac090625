package external

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/live"
)

func TestBadMetadataNamesEveryFault(t *testing.T) {
	for name, c := range map[string]struct {
		metadata map[string]string
		want     []string // one line each: ScaledObject, key, value, remedy
	}{
		"nothing at all": {nil, []string{
			"ScaledObject shop/web: metadata key metric.query: missing, want PromQL",
			"ScaledObject shop/web: metadata key scale.targetPerReplica: missing, want the demand that one replica serves",
		}},
		"an unknown key": {web("metric.stepp", "30s"), []string{
			`ScaledObject shop/web: metadata key metric.stepp: "30s": unknown key`,
		}},
		"what cannot be read is not missing as well": {web("scale.targetPerReplicaFromEnv", "fifty"), []string{
			`metadata key scale.targetPerReplica: "fifty": want a decimal number`,
		}},
		"several at once": {
			web("scale.targetPerReplicaFromEnv", "-3", "metric.step", "7 s", "metricName", "a/b", "mode", "Off"),
			[]string{
				`metadata key metricName: "a/b": want visible ASCII without / and %`,
				`metadata key metric.step: "7 s": want a duration such as 90s, 5m or 14d`,
				`metadata key scale.targetPerReplica: "-3": want a number above 0`,
				`metadata key mode: "Off": want one of Active, Shadow, Paused`,
			},
		},
		"an empty name":           {web("metricName", " "), []string{`metadata key metricName: " ": want visible ASCII`}},
		"a name that is a path":   {web("metricName", ".."), []string{`metadata key metricName: "..": want a name that is not a folder`}},
		"a name without an end":   {web("metricName", strings.Repeat("x", 241)), []string{"want at most 240 bytes"}},
		"an absurd target":        {web("scale.targetPerReplicaFromEnv", "1e300"), []string{`scale.targetPerReplica: "1000`}},
		"a target of zero":        {web("scale.targetPerReplicaFromEnv", "0"), []string{"scale.targetPerReplica"}},
		"a target of NaN":         {web("scale.targetPerReplicaFromEnv", "NaN"), []string{`scale.targetPerReplica: "NaN": want a decimal number`}},
		"a value that is no text": {web("metric.\xff", "\xfe"), []string{"ScaledObject shop/web: metadata key metric."}},
	} {
		t.Run(name, func(t *testing.T) {
			store, log := newFakeStore(), &logbook{}
			s := newService(store, log)
			ref := refTo(c.metadata)
			calls := map[string]func() error{
				"GetMetricSpec": func() error { _, err := s.GetMetricSpec(t.Context(), ref); return err },
				"IsActive":      func() error { _, err := s.IsActive(t.Context(), ref); return err },
				"GetMetrics": func() error {
					_, err := s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: ref, MetricName: "requests"})
					return err
				},
				"StreamIsActive":   func() error { return s.StreamIsActive(ref, push[pb.IsActiveResponse]{ctx: t.Context()}) },
				"StreamMetricSpec": func() error { return s.StreamMetricSpec(ref, push[pb.GetMetricSpecResponse]{ctx: t.Context()}) },
			}
			for call, do := range calls {
				err := do()
				require.Equal(t, codes.InvalidArgument, status.Code(err), call)
				lines := strings.Split(status.Convert(err).Message(), "\n")
				require.Len(t, lines, len(c.want), "%s: %v", call, err)
				for i, want := range c.want {
					require.Contains(t, lines[i], want, call)
				}
			}
			require.Len(t, log.lines(), 1, "a fault is logged when it appears, not at each poll")
			require.Contains(t, log.lines()[0], "scaledObject=web")
			require.Empty(t, store.ensured)
		})
	}
}

func TestEmptyMetricNameIsAFault(t *testing.T) {
	m := web()
	m["metricName"] = ""
	_, err := newService(newFakeStore(), nil).GetMetricSpec(t.Context(), refTo(m))
	require.ErrorContains(t, err, "metadata key metricName: empty, want a name such as requests, or leave the key out")
}

func TestNamelessCallsAreRefused(t *testing.T) {
	s := newService(newFakeStore(), nil)
	for want, ref := range map[string]*pb.ScaledObjectRef{
		`ScaledObjectRef.name: missing, want the name of the ScaledObject (namespace "shop")`: {Namespace: "shop"},
		`ScaledObjectRef.namespace: missing, want the namespace of ScaledObject "web"`:        {Name: "web"},
		`ScaledObjectRef.name: missing, want the name of the ScaledObject (namespace "")`:     nil,
	} {
		_, err := s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: ref})
		require.Equal(t, codes.InvalidArgument, status.Code(err))
		require.ErrorContains(t, err, want)
	}
}

func TestUnknownMetricNamesTheKnownOne(t *testing.T) {
	s := newService(newFakeStore(), nil)
	for _, asked := range []string{"s0-requests", "rps", ""} {
		_, err := s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: refTo(web()), MetricName: asked})
		require.Equal(t, codes.NotFound, status.Code(err))
		require.ErrorContains(t, err, fmt.Sprintf(`ScaledObject shop/web: metric %q is not served by this trigger, whose metric is "requests"`, asked))
	}
}

func TestImpossibleAnswersAreErrors(t *testing.T) {
	store := newFakeStore()
	s := newService(store, nil)
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1} {
		store.set(webKey, live.Answer{Value: v, Target: 50, Active: true})
		_, err := s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: refTo(web()), MetricName: "requests"})
		require.Equal(t, codes.Unavailable, status.Code(err))
		require.ErrorContains(t, err, fmt.Sprintf("demand is %v at 50 per replica, which is not a number from 0 up", v))
	}
}

// A fault that only the store can find, such as an unknown model, is reported as one of the
// metadata too.
func TestFaultsThatTheStoreFindsAreInTheMetadata(t *testing.T) {
	store := newFakeStore()
	store.refuse = api.Faults{{Path: "forecast.model", Value: "prophet", Want: "want one of auto, naive"}}
	s := newService(store, nil)
	_, err := s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: refTo(web("forecast.model", "prophet")), MetricName: "requests"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.Equal(t, `ScaledObject shop/web: metadata key forecast.model: "prophet": want one of auto, naive`, status.Convert(err).Message())
}

// A workload that starts is no fault: KEDA is told that there is no answer yet, and nothing is
// logged.
func TestStartingIsNotAFault(t *testing.T) {
	store, log := newFakeStore(), &logbook{}
	s := newService(store, log)
	store.set(webKey, live.Answer{Err: fmt.Errorf("shop/web: %w", live.ErrStarting)})
	_, err := s.GetMetrics(t.Context(), &pb.GetMetricsRequest{ScaledObjectRef: refTo(web()), MetricName: "requests"})
	require.Equal(t, codes.Unavailable, status.Code(err))
	require.ErrorContains(t, err, "its history is being read")
	require.Equal(t, []string{""}, log.lines(), "not a line")
}

// A fault in one ScaledObject does not affect the others.
func TestOneFaultyTriggerLeavesTheOthersAlone(t *testing.T) {
	store := newFakeStore()
	s := newService(store, nil)
	good := kedaTrigger{client: local{s}, ref: refTo(web())}
	store.set(webKey, live.Answer{Value: 100, Target: 50, Active: true})
	for name, metadata := range map[string]map[string]string{
		"unknown key": web("metric.querry", "up"),
		"no data":     web("metricName", "silent"),
	} {
		bad := kedaTrigger{client: local{s}, ref: &pb.ScaledObjectRef{Namespace: "shop", Name: "bad", ScalerMetadata: metadata}}
		_, _, err := bad.poll(t.Context())
		require.Error(t, err, name)
		replicas, _, err := good.poll(t.Context())
		require.NoError(t, err, name)
		require.EqualValues(t, 2, replicas)
	}
}

func TestFailuresAreLoggedWhenTheyChange(t *testing.T) {
	store, log := newFakeStore(), &logbook{}
	k := kedaTrigger{client: local{newService(store, log)}, ref: refTo(web())}
	for _, a := range []live.Answer{
		{Err: errSilent},
		{Err: errSilent},
		{Err: errors.New("401 Unauthorized: check --prometheus-token-file")},
		{Value: 100, Active: true},
		{Value: 120, Active: true},
	} {
		store.set(webKey, a)
		_, _, _ = k.poll(t.Context())
	}
	lines := log.lines()
	require.Len(t, lines, 3)
	require.Contains(t, lines[0], "level=ERROR")
	require.Contains(t, lines[0], "no sample for 5m0s")
	require.Contains(t, lines[1], "401 Unauthorized")
	require.Contains(t, lines[2], `msg="trigger served" namespace=shop scaledObject=web metric=requests`)
}
