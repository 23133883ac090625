package stack

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A PodMetrics stands in for the metrics server behind the API server's
// aggregation layer: KWOK's pods use no processors.
type PodMetrics struct {
	server *http.Server
	stack  *Stack
	mu     sync.Mutex // guards cores
	cores  map[string]func(from, to time.Time) float64
}

// metricsWindow is how long a real metrics server watches by default.
const metricsWindow = 15 * time.Second

// Set says what each pod of a namespace uses of its processors in a window.
func (m *PodMetrics) Set(namespace string, cores func(from, to time.Time) float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cores[namespace] = cores
}

// Close stops serving.
func (m *PodMetrics) Close() { _ = m.server.Close() }

// PodMetrics starts a PodMetrics and registers it.
func (s *Stack) PodMetrics(ctx context.Context) (*PodMetrics, error) {
	cert, err := tls.LoadX509KeyPair(s.path("keda.crt"), s.path("keda.key"))
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &PodMetrics{stack: s, cores: map[string]func(from, to time.Time) float64{}}
	m.server = &http.Server{Handler: http.HandlerFunc(m.serve), ReadHeaderTimeout: time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}}
	go func() { _ = m.server.ServeTLS(l, "", "") }()
	bundle, err := s.bundle()
	if err != nil {
		return m, err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return m, s.Apply(ctx, fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: metrics-server, namespace: kube-system}
spec: {type: ExternalName, externalName: localhost, ports: [{name: https, port: %[1]d}]}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  service: {name: metrics-server, namespace: kube-system, port: %[1]d}
  group: metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  caBundle: %[2]s
`, port, bundle))
}

func (m *PodMetrics) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	const group = "metrics.k8s.io/v1beta1"
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/") // apis metrics.k8s.io v1beta1 namespaces NS pods
	if len(parts) != 6 || parts[5] != "pods" {
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": []any{
			map[string]any{"name": "pods", "singularName": "", "namespaced": true, "kind": "PodMetrics", "verbs": []string{"get", "list"}},
		}})
		return
	}
	pods, err := m.stack.Kube.CoreV1().Pods(parts[4]).List(r.Context(), metav1.ListOptions{LabelSelector: r.URL.Query().Get("labelSelector")})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	m.mu.Lock()
	cores := m.cores[parts[4]]
	m.mu.Unlock()
	items := []any{}
	to := time.Now().UTC().Truncate(time.Second)
	for i := range pods.Items {
		if p := &pods.Items[i]; cores != nil && p.Status.Phase == corev1.PodRunning {
			items = append(items, map[string]any{
				"metadata": map[string]any{"name": p.Name, "namespace": p.Namespace}, "timestamp": to.Format(time.RFC3339), "window": metricsWindow.String(),
				"containers": []any{map[string]any{"name": "main", "usage": map[string]any{
					"cpu": fmt.Sprintf("%dn", int64(1e9*cores(to.Add(-metricsWindow), to))), "memory": "64Mi",
				}}},
			})
		}
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"kind": "PodMetricsList", "apiVersion": group, "metadata": map[string]any{}, "items": items})
}
