package kubemetrics

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/rest"
	metricsv1beta1 "k8s.io/metrics/pkg/apis/metrics/v1beta1"
	typed "k8s.io/metrics/pkg/client/clientset/versioned/typed/metrics/v1beta1"
)

// A Use is what one pod used of its processors, all its containers together, on
// average over (From, To].
type Use struct {
	Cores    float64 // ≥ 0
	From, To time.Time
}

// A Reader reads the use of pods. It is safe for concurrent use.
type Reader struct {
	Client typed.PodMetricsesGetter
}

// New returns a reader of the cluster of config.
func New(config *rest.Config) (*Reader, error) {
	client, err := typed.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("kubemetrics: %w", err)
	}
	return &Reader{Client: client}, nil
}

// Pods returns the newest use of each pod of a namespace that selector matches, by
// the name of the pod. A pod that has not been measured yet, or one of whose
// containers has not, is left out: it is unknown, not idle.
//
// The error is that of the API server; without a metrics server it says that the
// resource could not be found.
func (r *Reader) Pods(ctx context.Context, namespace string, selector labels.Selector) (map[string]Use, error) {
	list, err := r.Client.PodMetricses(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector.String()})
	if err != nil {
		return nil, fmt.Errorf("kubemetrics: list the metrics of pods in %s: %w", namespace, err)
	}
	out := make(map[string]Use, len(list.Items))
	for i := range list.Items {
		if use, known := useOf(&list.Items[i]); known {
			out[list.Items[i].Name] = use
		}
	}
	return out, nil
}

func useOf(m *metricsv1beta1.PodMetrics) (Use, bool) {
	if m.Timestamp.IsZero() || m.Window.Duration <= 0 || len(m.Containers) == 0 {
		return Use{}, false
	}
	u := Use{From: m.Timestamp.Add(-m.Window.Duration), To: m.Timestamp.Time}
	for _, c := range m.Containers {
		cpu, measured := c.Usage[corev1.ResourceCPU]
		if !measured || cpu.Sign() < 0 {
			return Use{}, false
		}
		u.Cores += cpu.AsApproximateFloat64()
	}
	return u, true
}
