package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	authv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The manifests are accepted with strict validation, and what they permit is
// enough: a controller that runs as their account does its whole work.
func TestManifestsAndTheirAccount(t *testing.T) {
	b := shared.bench(t)
	bin, err := exec.Command(filepath.Join("tools", "build.sh"), "--path").Output()
	require.NoError(t, err)
	const mayReadCPU = "kubectl auth can-i list pods.metrics.k8s.io --as=system:serviceaccount:forescale:forescale || true"
	for _, dir := range []string{"base", "overlays/read-only", "overlays/prometheus-auth", "overlays/pod-cpu", "keda", "overlays/prometheus-auth-keda"} {
		if dir == "overlays/pod-cpu" {
			require.Contains(t, b.kubectl(mayReadCPU), "no", "a right that is not needed is not given")
		}
		cmd := exec.Command(filepath.Join(string(bin[:len(bin)-1]), "kubectl"), "kustomize", filepath.Join("..", "kustomize", dir))
		text, err := cmd.Output()
		require.NoError(t, err, dir)
		b.apply(string(text))
	}
	require.Contains(t, b.kubectl(mayReadCPU), "yes")
	for _, name := range []string{"forescale", "forescale-keda"} { // whose image is not run here
		require.NoError(t, b.Kube.AppsV1().Deployments("forescale").Delete(t.Context(), name, metav1.DeleteOptions{}))
	}
	token, err := b.Kube.CoreV1().ServiceAccounts("forescale").CreateToken(t.Context(), "forescale",
		&authv1.TokenRequest{Spec: authv1.TokenRequestSpec{Audiences: []string{"https://kubernetes.default.svc"}}}, metav1.CreateOptions{})
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	require.NoError(t, os.WriteFile(file, fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: e2e
contexts: [{name: e2e, context: {cluster: e2e, user: e2e}}]
clusters: [{name: e2e, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: e2e, user: {token: %q}}]
`, b.Server, filepath.Join(b.dir, "ca.crt"), token.Status.Token), 0o600))

	b.demand(95)
	c := b.run("a", "--kubeconfig", file, "--namespace", "forescale")
	b.apply(b.autoscaler(""))
	b.eventually(patience, func() bool { return b.floor() == 10 && b.replicas() == 10 }, "it may do what it must")
	b.eventually(patience, func() bool { s, _, _ := b.condition("web", "Acting"); return s == "True" }, "and report")
	b.remove("web")
	b.eventually(patience, func() bool { return b.floor() == 2 }, "and give back")
	b.clean()
	log, err := os.ReadFile(c.Log)
	require.NoError(t, err)
	require.NotContains(t, string(log), "forbidden")
	require.NotContains(t, string(log), token.Status.Token, "no secret in the log")
	list, err := b.Kube.EventsV1().Events(b.ns).List(t.Context(), metav1.ListOptions{FieldSelector: "reason=FloorRaised"})
	require.NoError(t, err)
	require.NotEmpty(t, list.Items, "a raise is an event")
}
