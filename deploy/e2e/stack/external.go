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

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/restmapper"
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

// registerMetrics makes the API server send external metrics to a port of
// loopback.
func (s *Stack) registerMetrics(ctx context.Context, port int) error {
	ca, err := os.ReadFile(s.path("ca.crt"))
	if err != nil {
		return err
	}
	bundle, err := json.Marshal(ca)
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

// Apply applies each document of text from the server's side, with strict
// validation.
func (s *Stack) Apply(ctx context.Context, text string) error {
	return s.ApplyAs(ctx, text, "e2e")
}

// ApplyAs is Apply with another field manager.
func (s *Stack) ApplyAs(ctx context.Context, text, manager string) error {
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(s.Kube.Discovery()))
	for doc := range strings.SplitSeq(text, "\n---") {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(doc), &u.Object); err != nil {
			return fmt.Errorf("%w in %s", err, doc)
		}
		if len(u.Object) == 0 {
			continue
		}
		if err := s.applyOne(ctx, mapper, u, manager); err != nil {
			return fmt.Errorf("apply %s %s: %w", u.GetKind(), u.GetName(), err)
		}
	}
	return nil
}

func (s *Stack) applyOne(ctx context.Context, mapper meta.RESTMapper, u *unstructured.Unstructured, manager string) error {
	gvk := u.GroupVersionKind()
	var mapping *meta.RESTMapping
	err := Until(ctx, 10*time.Second, func(context.Context) (err error) { // a CRD takes a moment
		mapping, err = mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			if r, ok := mapper.(interface{ Reset() }); ok {
				r.Reset()
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	body, err := u.MarshalJSON()
	if err != nil {
		return err
	}
	resource := s.Dynamic.Resource(mapping.Resource)
	force := true
	opts := metav1.PatchOptions{FieldManager: manager, Force: &force, FieldValidation: "Strict"}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		ns := u.GetNamespace()
		if ns == "" {
			ns = "default"
		}
		_, err = resource.Namespace(ns).Patch(ctx, u.GetName(), types.ApplyPatchType, body, opts)
		return err
	}
	_, err = resource.Patch(ctx, u.GetName(), types.ApplyPatchType, body, opts)
	return err
}
