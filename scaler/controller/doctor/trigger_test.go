package doctor

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/dynamic/fake"
	kubefake "k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"

	pb "github.com/forescale/forescale/proto/v1"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
)

const served = `
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: shop}
spec:
  advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleUp: {tolerance: "0"}, scaleDown: {stabilizationWindowSeconds: 30}}}}
  triggers:
  - type: external
    metadata:
      scalerAddress: dns:///forescale.forescale:9443
      metric.query: sum(rate(http_requests_total[1m]))
      scale.targetPerReplica: "50"
      scale.leadTime: 90s
  - {type: cpu, metadata: {value: "85"}}
`

// keda is a cluster with one ScaledObject, and the Service of forescale with two pods.
func keda(t *testing.T, text string) Doctor {
	t.Helper()
	u := &unstructured.Unstructured{}
	data, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	require.NoError(t, u.UnmarshalJSON(data))
	kind, err := hpa.KindOf(v1alpha1.KindScaledObject)
	require.NoError(t, err)
	kinds := map[schema.GroupVersionResource]string{kind.GVR(): "ScaledObjectList"}
	meta := metav1.ObjectMeta{Namespace: "forescale", Name: "forescale", Labels: map[string]string{discoveryv1.LabelServiceName: "forescale"}}
	return Doctor{
		Objects: none{}, Dynamic: fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds, u),
		Kube: kubefake.NewClientset(
			&corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{ClusterIP: corev1.ClusterIPNone, Ports: []corev1.ServicePort{{Port: 9443, TargetPort: intstr.FromString("grpc")}}}},
			&discoveryv1.EndpointSlice{ObjectMeta: meta, Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}}, {Addresses: []string{"10.0.0.2"}}}},
		),
	}
}

// noKEDA is a cluster without ScaledObjects.
func noKEDA() *fake.FakeDynamicClient {
	kinds := map[schema.GroupVersionResource]string{{Group: "keda.sh", Version: "v1alpha1", Resource: "scaledobjects"}: "ScaledObjectList"}
	return fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), kinds)
}

func examined(t *testing.T, d Doctor) (string, Level) {
	t.Helper()
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	d.Source = young{now}
	var out strings.Builder
	level := Write(&out, d.Examine(t.Context(), Scope{}, func() time.Time { return now }))
	return out.String(), level
}

func TestATriggerOfForescale(t *testing.T) {
	for name, c := range map[string]struct {
		old, now string
		level    Level
		want     []string
	}{
		"in order":              {"", "", Advice, []string{"ScaledObject shop/web: metric.query yields one series, now 42", "scalerAddress dns:///forescale.forescale:9443 leads to 2 pods", "no daily rhythm can be learned"}},
		"a typo":                {"scale.targetPerReplica", "scale.targetPerRepilca", Fault, []string{"metadata: ", "scale.targetPerRepilca", "correct the trigger"}},
		"from a pod":            {`metric.query: sum(rate(http_requests_total[1m]))`, `metric.queryFromEnv: QUERY`, Advice, []string{"are not checked: metric.query"}},
		"no address":            {"scalerAddress: dns:///forescale.forescale:9443", "metricName: requests", Fault, []string{"scalerAddress is missing"}},
		"no port":               {"forescale.forescale:9443", "forescale.forescale", Fault, []string{"is no host and port"}},
		"no namespace":          {"dns:///forescale.forescale:9443", "forescale:9443", Advice, []string{"KEDA looks for it in its own", "forescale.forescale:9443"}},
		"no Service":            {"forescale.forescale:9443", "forescale.monitoring.svc.cluster.local:9443", Fault, []string{"there is no Service forescale in namespace monitoring"}},
		"another port":          {":9443", ":8080", Fault, []string{"has no port 8080", "9443"}},
		"elsewhere":             {"forescale.forescale:9443", "forescale.example.com:443", Advice, []string{"metric.query yields"}},
		"TLS misspelled":        {"metric.query:", "enableTLS: \"yes\"\n      metric.query:", Fault, []string{`enableTLS: "yes" is neither true nor false`}},
		"TLS unchecked":         {"metric.query:", "unsafeSsl: \"true\"\n      metric.query:", Advice, []string{"takes any certificate"}},
		"an authority":          {"metric.query:", "caCert: x\n      metric.query:", Fault, []string{"caCert stands in the metadata", "TriggerAuthentication"}},
		"not divided":           {"- type: external", "- type: external\n    metricType: Value", Fault, []string{"metricType Value", "AverageValue"}},
		"looks on":              {"metric.query:", "mode: Shadow\n      metric.query:", Advice, []string{"mode is Shadow"}},
		"alone":                 {"  - {type: cpu, metadata: {value: \"85\"}}\n", "", Advice, []string{"its only trigger"}},
		"a band":                {`tolerance: "0"`, "", Advice, []string{"within 10 %", "horizontalPodAutoscalerConfig.behavior.scaleUp.tolerance"}},
		"the default window":    {", scaleDown: {stabilizationWindowSeconds: 30}", "", Advice, []string{"holds a count for 300 s by default", "set advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds: 30"}},
		"the window of a floor": {"Seconds: 30", "Seconds: 90", Advice, []string{"holds a count for 90 s,"}},
		"paused":                {"namespace: shop", `namespace: shop, annotations: {autoscaling.keda.sh/paused: "true"}`, Advice, []string{"autoscaling.keda.sh/paused pauses it"}},
		"not ready":             {"spec:\n", "status: {conditions: [{type: Ready, status: \"False\", reason: ScaledObjectCheckFailed, message: no target}]}\nspec:\n", Fault, []string{"KEDA reports ScaledObjectCheckFailed: no target"}},
		"on its fallback":       {"spec:\n", "status: {conditions: [{type: Fallback, status: \"True\"}]}\nspec:\n", Fault, []string{"runs on its fallback"}},
		"no lead time":          {"      scale.leadTime: 90s\n", "", Advice, []string{"75 s are assumed", "state how long a pod takes"}},
		"a lead time by itself": {"scale.leadTime: 90s", "scale.leadTime: auto", Advice, []string{"scale.leadTime is auto, but behind KEDA", "state how long a pod takes"}},
		"a lead time of a pod":  {"scale.leadTime: 90s", "scale.leadTimeFromEnv: LEAD_TIME", Advice, []string{"are not checked: scale.leadTime"}},
		"a fallback":            {"spec:\n", "spec:\n  fallback: {failureThreshold: 3, replicas: 6}\n", Advice, []string{"goes down to 6", "fallback.behavior: currentReplicasIfHigher"}},
		"two of one name":       {"  - {type: cpu, metadata: {value: \"85\"}}", "  - {type: external, metadata: {scalerAddress: \"dns:///forescale.forescale:9443\", metric.query: \"sum(rate(http_requests_total[1m]))\", scale.targetPerReplica: \"5\"}}", Fault, []string{"that of another trigger too"}},
		"none of forescale's":   {"metric.query: sum(rate(http_requests_total[1m]))\n      scale.targetPerReplica: \"50\"\n      scale.leadTime: 90s", "depth: \"3\"", Fault, []string{"no ScaledObject with a trigger of forescale"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, served, c.old)
			text, level := examined(t, keda(t, strings.Replace(served, c.old, c.now, 1)))
			for _, want := range c.want {
				require.Contains(t, text, want)
			}
			require.Equal(t, c.level, level, text)
		})
	}
}

// A fallback that only adds is in order.
func TestAFallbackThatOnlyAdds(t *testing.T) {
	for behavior, advised := range map[string]bool{"static": true, "currentReplicasIfLower": true, "currentReplicas": false, "currentReplicasIfHigher": false, "scalingModifiers": false} {
		text, _ := examined(t, keda(t, strings.Replace(served, "spec:\n", "spec:\n  fallback: {failureThreshold: 3, replicas: 6, behavior: "+behavior+"}\n", 1)))
		require.Equal(t, advised, strings.Contains(text, "its fallback also takes replicas away"), behavior)
	}
}

// Behind KEDA alone forescale needs neither its CRD nor rights in the cluster.
func TestKEDAAloneNeedsNoCRD(t *testing.T) {
	d := keda(t, served)
	d.Objects = unread{err: errors.New("no matches for kind PredictiveAutoscaler")}
	text, level := examined(t, d)
	require.Equal(t, Advice, level, text)
	require.NotContains(t, text, "rights")
	require.NotContains(t, text, "CRD")
}

func TestThePodsBehindAService(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		clusterIP string
		pods      []string
		level     Level
		want      string
	}{
		"none":       {corev1.ClusterIPNone, nil, Fault, "no pod is ready behind Service forescale"},
		"one":        {corev1.ClusterIPNone, []string{"10.0.0.1"}, Advice, "only one pod"},
		"behind one": {"10.1.1.1", []string{"10.0.0.1", "10.0.0.2"}, Advice, "KEDA stays connected to one of the 2 pods"},
	} {
		t.Run(name, func(t *testing.T) {
			d := keda(t, served)
			s, err := d.Kube.CoreV1().Services("forescale").Get(t.Context(), "forescale", metav1.GetOptions{})
			require.NoError(t, err)
			s.Spec.ClusterIP = c.clusterIP
			_, err = d.Kube.CoreV1().Services("forescale").Update(t.Context(), s, metav1.UpdateOptions{})
			require.NoError(t, err)
			slices := d.Kube.DiscoveryV1().EndpointSlices("forescale")
			e, err := slices.Get(t.Context(), "forescale", metav1.GetOptions{})
			require.NoError(t, err)
			e.Endpoints = []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.9"}, Conditions: discoveryv1.EndpointConditions{Ready: new(false)}}}
			for _, pod := range c.pods {
				e.Endpoints = append(e.Endpoints, discoveryv1.Endpoint{Addresses: []string{pod}})
			}
			_, err = slices.Update(t.Context(), e, metav1.UpdateOptions{})
			require.NoError(t, err)
			d.Source = young{now}
			var out strings.Builder
			require.Equal(t, c.level, Write(&out, d.address(t.Context(), "shop/web", "forescale.forescale:9443")))
			require.Contains(t, out.String(), c.want)
		})
	}
}

// KEDA encrypts where the trigger says so, and where it has an authority or a certificate.
func TestHowKEDAConnects(t *testing.T) {
	for trigger, want := range map[string]bool{
		"metadata: {}":                                               false,
		`metadata: {enableTLS: "true"}`:                              true,
		`metadata: {enableTLS: "false"}`:                             false,
		"{metadata: {}, authenticationRef: {name: forescale-certs}}": true,
	} {
		var of map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(trigger), &of))
		var read scaledObject
		require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(map[string]any{"spec": map[string]any{"triggers": []any{of}}}, &read))
		encrypted, findings := tlsOf("shop/web", read.Spec.Triggers[0])
		require.Equal(t, want, encrypted, trigger)
		require.Empty(t, findings)
	}
}

// Where the server is within reach it says what KEDA gets of it.
func TestTheServerIsAsked(t *testing.T) {
	for name, c := range map[string]struct {
		answer *pb.Answer
		err    error
		level  Level
		want   string
	}{
		"an answer":    {&pb.Answer{Value: 420, TargetPerReplica: 50}, nil, Fine, "answers KEDA: 420, 50 for each replica"},
		"an error":     {&pb.Answer{Error: "no data yet"}, nil, Fault, "forescale answers KEDA: no data yet"},
		"never asked":  {nil, status.Error(codes.NotFound, "no workload"), Advice, "KEDA has not asked it"},
		"from outside": {nil, status.Error(codes.Unavailable, "name resolver error: produced zero addresses"), Fine, "cannot be resolved from here"},
		"no listener":  {nil, status.Error(codes.Unavailable, "connection refused"), Advice, "no answer from"},
	} {
		t.Run(name, func(t *testing.T) {
			server, asked := Server{"forescale.forescale:9443", true}, (*pb.Workload)(nil)
			d := Doctor{Explain: func(_ context.Context, at Server, of *pb.Workload) (*pb.ExplainResponse, error) {
				require.Equal(t, server, at)
				asked = of
				return &pb.ExplainResponse{Answer: c.answer}, c.err
			}}
			of := &pb.Workload{Namespace: "shop", Name: "web", Metric: "requests"}
			var out strings.Builder
			require.Equal(t, c.level, Write(&out, d.asked(t.Context(), "shop/web", server, of)))
			require.Contains(t, out.String(), c.want)
			require.Same(t, of, asked)
		})
	}
}

// A cluster without KEDA has no ScaledObjects, and an account that may not list them is
// told so.
func TestScaledObjectsThatCannotBeListed(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"no KEDA":     {apierrors.NewNotFound(schema.GroupResource{}, ""), 0},
		"not allowed": {apierrors.NewForbidden(schema.GroupResource{}, "", errors.New("cannot list")), 1},
	} {
		d := keda(t, served)
		dyn, isFake := d.Dynamic.(*fake.FakeDynamicClient)
		require.True(t, isFake)
		dyn.PrependReactor("list", "scaledobjects", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, c.err })
		findings, n := d.triggers(t.Context(), Scope{}, time.Now())
		require.Len(t, findings, c.want, name)
		require.Zero(t, n)
	}
}
