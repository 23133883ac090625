package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// kubectl runs a shell command with kubectl on its path and this cluster as its
// own, in the root of the repository.
func (b *bench) kubectl(command string) string {
	b.t.Helper()
	bin, err := exec.Command(filepath.Join("tools", "build.sh"), "--path").Output()
	require.NoError(b.t, err)
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", command)
	cmd.Dir = filepath.Join("..", "..")
	cmd.Env = append(os.Environ(), "KUBECONFIG="+b.Kubeconfig, "PATH="+strings.TrimSpace(string(bin))+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	require.NoError(b.t, err, string(out))
	return string(out)
}

// The commands of the README, word for word, as a new user types them: an HPA
// stands in the default namespace already.
func TestTheQuickStartOfTheREADME(t *testing.T) {
	b := shared.bench(t)
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(readme), "### 2. Beside an HPA of your own\n")
	require.True(t, found)
	var lines []string
	for line := range strings.Lines(section) {
		if code, found := strings.CutPrefix(line, "    "); found {
			lines = append(lines, code)
		} else if len(lines) > 0 && strings.TrimSpace(line) != "" {
			break
		}
	}
	at := func(text string) string { return strings.ReplaceAll(text, "namespace: "+b.ns, "namespace: default") }
	b.apply(at(b.workload() + b.hpa(2)))
	b.metrics.Set(`sum(rate(http_requests_total{job="web"}[1m]))`, steady(475))

	out := b.kubectl(strings.Join(lines, ""))
	require.Contains(t, out, "predictiveautoscaler.forescale.dev/web")
	for _, column := range []string{"NAME", "TARGET", "MODE", "CURRENT", "FLOOR", "FORECAST", "REASON", "AGE"} {
		require.Contains(t, out, column)
	}
	b.eventually(patience, func() bool {
		d, err := b.Kube.AppsV1().Deployments("forescale").Get(t.Context(), "forescale", metav1.GetOptions{})
		require.NoError(t, err)
		return d.Status.ReadyReplicas == 2
	}, "two replicas are admitted under Pod Security restricted")

	// Their image is not run here: a replica outside the cluster stands in.
	b.kubectl("kubectl -n forescale delete deployment forescale")
	c := b.run("a", "--namespaces", "default", "--namespace", "forescale")
	b.eventually(patience, func() bool { return strings.Contains(b.kubectl("kubectl get pa"), "Shadow") }, "it looks on")
	b.eventually(patience, func() bool {
		return strings.Contains(b.kubectl("kubectl get pa web -o jsonpath='{.status.desiredReplicas}'"), "10")
	}, "475 at 50 a replica are 10 replicas")
	b.kubectl("kubectl patch pa web --type merge -p '{\"spec\":{\"mode\":\"Active\"}}'")
	b.eventually(patience, func() bool { return b.kubectl("kubectl get hpa web -o jsonpath='{.spec.minReplicas}'") == "10" }, "it acts")
	b.kubectl("kubectl delete pa web")
	require.Equal(t, "2", b.kubectl("kubectl get hpa web -o jsonpath='{.spec.minReplicas}'"), "deleted means given back")
	require.False(t, c.Exited())
	b.kubectl("kubectl delete hpa,deployment web")
}

// What a field means is said where it is asked for.
func TestKubectlExplains(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	for field, want := range map[string]string{
		"pa":                          "raises the floor of an autoscaler ahead of the load",
		"pa.spec.metric.query":        "PromQL that yields exactly one series",
		"pa.spec.scale.leadTime":      "how long a decision takes to become a ready replica",
		"pa.spec.forecast.risk":       "quantile of the forecast to provide for",
		"pa.spec.targetRef.kind":      "ScaledObject",
		"pa.status.desiredReplicas":   "what demand asks for before any rule",
		"pa.status.conditions.reason": "programmatic identifier",
	} {
		out := strings.Join(strings.Fields(b.kubectl("kubectl explain "+field)), " ")
		require.Contains(t, out, want, field)
	}
}
