package stack

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

// An External is a metrics adapter behind the API server's aggregation layer:
// what an HPA of a test reads as its own metric.
type External struct {
	server *http.Server
	mu     sync.Mutex // guards values
	values map[string]float64
}

// Set gives the metric a value; a negative one makes the query fail.
func (e *External) Set(metric string, v float64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.values[metric] = v
}

// Close stops serving.
func (e *External) Close() { _ = e.server.Close() }

func (e *External) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	const group = "external.metrics.k8s.io/v1beta1"
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) < 5 {
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": []any{}})
		return
	}
	name := parts[len(parts)-1]
	e.mu.Lock()
	v, found := e.values[name]
	e.mu.Unlock()
	if !found || v < 0 {
		w.WriteHeader(http.StatusNotFound)
		_ = json.NewEncoder(w).Encode(map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404, "message": "no such metric"})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"kind": "ExternalMetricValueList", "apiVersion": group, "metadata": map[string]any{}, "items": []any{map[string]any{
		"metricName": name, "metricLabels": map[string]string{}, "timestamp": time.Now().UTC().Format(time.RFC3339), "value": fmt.Sprintf("%dm", int64(v*1000)),
	}}})
}

// Adapter starts an External and registers it.
func (s *Stack) Adapter(ctx context.Context) (*External, error) {
	cert, err := tls.LoadX509KeyPair(s.path("keda.crt"), s.path("keda.key"))
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	e := &External{values: map[string]float64{}}
	e.server = &http.Server{Handler: http.HandlerFunc(e.serve), ReadHeaderTimeout: time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}}
	go func() { _ = e.server.ServeTLS(l, "", "") }()
	port := l.Addr().(*net.TCPAddr).Port
	return e, s.registerMetrics(ctx, port)
}

// bundle is the certificate of the authority, as a manifest spells it.
func (s *Stack) bundle() ([]byte, error) {
	ca, err := os.ReadFile(s.path("ca.crt"))
	if err != nil {
		return nil, err
	}
	return json.Marshal(ca)
}

// registerMetrics makes the API server send external metrics to a port of
// loopback.
func (s *Stack) registerMetrics(ctx context.Context, port int) error {
	bundle, err := s.bundle()
	if err != nil {
		return err
	}
	return s.Apply(ctx, fmt.Sprintf(`
apiVersion: v1
kind: Namespace
metadata: {name: keda}
---
apiVersion: v1
kind: Service
metadata: {name: keda-metrics-apiserver, namespace: keda}
spec: {type: ExternalName, externalName: localhost, ports: [{name: https, port: %d}]}
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.external.metrics.k8s.io}
spec:
  service: {name: keda-metrics-apiserver, namespace: keda, port: %d}
  group: external.metrics.k8s.io
  version: v1beta1
  groupPriorityMinimum: 100
  versionPriority: 100
  caBundle: %s
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: external-metrics-reader}
rules: [{apiGroups: [external.metrics.k8s.io], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: hpa-controller-external-metrics}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: external-metrics-reader}
subjects: [{kind: ServiceAccount, name: horizontal-pod-autoscaler, namespace: kube-system}]
`, port, port, bundle))
}
