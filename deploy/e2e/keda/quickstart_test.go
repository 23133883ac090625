package keda

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/deploy/e2e/stack"
)

// The first way in as the README has it, word for word but for the two addresses
// that a cluster's DNS would resolve: the command, and the ScaledObject for a
// Deployment that stands already.
func testQuickStart(t *testing.T, e *env) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(readme), "### 1. Behind KEDA, as an external scaler\n")
	require.True(t, found)
	_, rest, found := strings.Cut(section, "    forescale ")
	require.True(t, found)
	command, _, _ := strings.Cut(rest, "\n")
	_, rest, found = strings.Cut(section, "```yaml\n")
	require.True(t, found)
	object, _, found := strings.Cut(rest, "```\n")
	require.True(t, found)

	port, err := stack.FreePort()
	require.NoError(t, err)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	command = only(t, command, "http://prometheus.monitoring:9090", e.metrics.URL)
	object = only(t, object, "forescale.forescale:9443", address)

	const query = `sum(rate(http_requests_total{job="web"}[1m]))`
	e.steady(query, 475)
	require.NoError(t, e.Apply(t.Context(), strings.Replace(deployment, "NS", e.ns, 1)))
	serve := e.run(t, append(strings.Fields(command), "--grpc-address", address)...)
	require.NoError(t, e.Apply(t.Context(), object))
	e.eventually(t, patience, func() bool { return e.replicas(t) == 10 }, "475 at 50 a replica are 10 replicas")
	out, err := exec.Command(e.binary, "doctor", "--kubeconfig", e.Kubeconfig, "--prometheus-url", e.metrics.URL, "-n", e.ns).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "ScaledObject shop/web: metric.query yields one series, now 475\n")
	require.Contains(t, string(out), address+" answers KEDA: 475", "or a hair more, which the forecast leaves room for")
	require.Contains(t, string(out), "advice  ScaledObject shop/web: forescale is its only trigger")
	e.steady(query, 1190)
	e.eventually(t, patience, func() bool { return e.replicas(t) >= 24 }, "1190 are 24 at least")
	require.False(t, serve.Exited())
}

// only replaces the one occurrence of old.
func only(t *testing.T, text, old, with string) string {
	t.Helper()
	require.Equal(t, 1, strings.Count(text, old), "%q in %q", old, text)
	return strings.Replace(text, old, with, 1)
}
