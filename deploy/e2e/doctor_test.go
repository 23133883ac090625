package e2e

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// doctor finds what is wrong and says how to mend it.
func TestDoctor(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(15)
	b.apply(b.autoscaler("podCPU: true"))
	ask := func(args ...string) (string, error) {
		out, err := exec.Command(b.binary, append([]string{"doctor", "--kubeconfig", b.Kubeconfig, "--prometheus-url", b.metrics.URL, "-n", b.ns}, args...)...).CombinedOutput()
		return string(out), err
	}
	out, err := ask("web")
	require.NoError(t, err, out)
	require.Contains(t, out, "metric.query yields one series, now 15")
	require.Contains(t, out, "target HorizontalPodAutoscaler web, floor 2, ceiling 50")
	require.Contains(t, out, "podCPU: the resource metrics API answers")
	require.NotContains(t, out, "FAULT")

	require.NoError(t, b.ApplyAs(t.Context(), b.hpa(2), "argocd-controller"))
	out, err = ask()
	require.NoError(t, err, out)
	require.Contains(t, out, "RespectIgnoreDifferences=true")

	b.metrics.Down(b.query(), true)
	out, err = ask()
	require.Error(t, err)
	require.Contains(t, out, "FAULT")
	require.Contains(t, out, "switched off by the test")
}
