package kubemetrics_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"
	"k8s.io/metrics/pkg/client/clientset/versioned/fake"

	"github.com/forescale/forescale/collector/kubemetrics"
)

var at = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// metrics are those of a pod whose containers use that much, "" for not measured.
func metrics(name string, window time.Duration, cpu ...string) metricsv1beta1.PodMetrics {
	m := metricsv1beta1.PodMetrics{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "shop", Labels: map[string]string{"app": "web"}},
		Timestamp:  metav1.NewTime(at), Window: metav1.Duration{Duration: window},
	}
	for _, v := range cpu {
		c := metricsv1beta1.ContainerMetrics{Usage: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}}
		if v != "" {
			c.Usage[corev1.ResourceCPU] = resource.MustParse(v)
		}
		m.Containers = append(m.Containers, c)
	}
	return m
}

func TestUseOfPods(t *testing.T) {
	client := fake.NewSimpleClientset()
	var asked string
	client.PrependReactor("list", "pods", func(a clienttesting.Action) (bool, runtime.Object, error) {
		if list, ok := a.(clienttesting.ListActionImpl); ok {
			asked = list.GetNamespace() + " " + list.ListOptions.LabelSelector
		}
		return true, &metricsv1beta1.PodMetricsList{Items: []metricsv1beta1.PodMetrics{
			metrics("one", 15*time.Second, "250m"),
			metrics("with a sidecar", 30*time.Second, "1500m", "123456789n"),
			metrics("idle", 15*time.Second, "0"),
			metrics("half measured", 15*time.Second, "250m", ""),
			metrics("no containers", 15*time.Second),
			metrics("no window", 0, "250m"),
		}}, nil
	})
	r := kubemetrics.Reader{Client: client.MetricsV1beta1()}
	got, err := r.Pods(t.Context(), "shop", labels.SelectorFromSet(labels.Set{"app": "web"}))
	require.NoError(t, err)
	require.Equal(t, "shop app=web", asked)
	require.Len(t, got, 3, "what is not measured is unknown, not idle")
	require.Equal(t, kubemetrics.Use{Cores: 0.25, From: at.Add(-15 * time.Second), To: at}, got["one"])
	require.InDelta(t, 1.623456789, got["with a sidecar"].Cores, 1e-12)
	require.Equal(t, at.Add(-30*time.Second), got["with a sidecar"].From)
	require.Zero(t, got["idle"].Cores)
}

func TestAnAPIThatIsNotThereIsAnError(t *testing.T) {
	client := fake.NewSimpleClientset()
	client.PrependReactor("list", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, errors.New("the server could not find the requested resource")
	})
	r := kubemetrics.Reader{Client: client.MetricsV1beta1()}
	_, err := r.Pods(t.Context(), "shop", labels.Everything())
	require.ErrorContains(t, err, "metrics of pods in shop")
	require.ErrorContains(t, err, "could not find the requested resource")
}
