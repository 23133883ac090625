package keda

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/deploy/e2e/stack"
)

// Over mutual TLS KEDA gets its answers with what a TriggerAuthentication holds. Until then it
// gets none, and the log says what is missing.
func testMutualTLS(t *testing.T, e *env) {
	port, err := stack.FreePort()
	require.NoError(t, err)
	e.steady("encrypted", 95)
	serve := e.run(t, "serve", "--grpc-address", fmt.Sprintf("127.0.0.1:%d", port), "--prometheus-url", e.metrics.URL,
		"--grpc-cert", filepath.Join(e.dir, "keda.crt"), "--grpc-key", filepath.Join(e.dir, "keda.key"), "--grpc-client-ca", filepath.Join(e.dir, "ca.crt"))
	plain := strings.Replace(e.scaledObject(port, "forecast.model: naive"), "metric.query: load", "metric.query: encrypted", 1)
	require.NoError(t, e.Apply(t.Context(), plain))
	e.eventually(t, patience, func() bool {
		text, err := os.ReadFile(serve.Log)
		require.NoError(t, err)
		return strings.Contains(string(text), "the client speaks without TLS")
	}, "plain text is refused, and that is said")
	require.EqualValues(t, 2, e.replicas(t))

	file := func(name string) string {
		text, err := os.ReadFile(filepath.Join(e.dir, name))
		require.NoError(t, err)
		return strings.ReplaceAll(strings.TrimSpace(string(text)), "\n", "\n    ")
	}
	require.NoError(t, e.Apply(t.Context(), fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: forescale, namespace: %[1]s}
stringData:
  ca.crt: |
    %[2]s
  tls.crt: |
    %[3]s
  tls.key: |
    %[4]s
---
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: {name: forescale, namespace: %[1]s}
spec:
  secretTargetRef:
  - {parameter: caCert, name: forescale, key: ca.crt}
  - {parameter: tlsClientCert, name: forescale, key: tls.crt}
  - {parameter: tlsClientKey, name: forescale, key: tls.key}
`, e.ns, file("ca.crt"), file("admin.crt"), file("admin.key"))))
	require.NoError(t, e.Apply(t.Context(), strings.TrimRight(plain, " \n")+"\n    authenticationRef: {name: forescale}\n"))
	e.eventually(t, patience, func() bool { return e.replicas(t) >= 10 }, "95 are 10 replicas")
}
