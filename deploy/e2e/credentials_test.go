package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// guarded is the source of metrics behind a proxy that wants a bearer token.
func (b *bench) guarded() (address string, token *atomic.Value) {
	to, err := url.Parse(b.metrics.URL)
	require.NoError(b.t, err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	token = &atomic.Value{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != fmt.Sprintf("Bearer %v", token.Load()) {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	b.t.Cleanup(server.Close)
	return server.URL, token
}

// project writes the keys of a Secret into a folder as a kubelet mounts them: a new
// version appears at once, behind a link.
func (b *bench) project(secret, dir string) {
	b.t.Helper()
	s, err := b.Kube.CoreV1().Secrets(b.ns).Get(b.t.Context(), secret, metav1.GetOptions{})
	require.NoError(b.t, err)
	version := "..v" + s.ResourceVersion
	require.NoError(b.t, os.MkdirAll(filepath.Join(dir, version), 0o700))
	for key, value := range s.Data {
		require.NoError(b.t, os.WriteFile(filepath.Join(dir, version, key), value, 0o600))
		if err := os.Symlink(filepath.Join("..data", key), filepath.Join(dir, key)); !errors.Is(err, os.ErrExist) {
			require.NoError(b.t, err)
		}
	}
	require.NoError(b.t, os.Symlink(version, filepath.Join(dir, "..new")))
	require.NoError(b.t, os.Rename(filepath.Join(dir, "..new"), filepath.Join(dir, "..data")))
}

// The credentials of Prometheus come from a Secret, as the overlay mounts it: wrong
// ones are named, and a Secret that is rotated counts without a restart.
func TestCredentialsFromASecret(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(95)
	address, token := b.guarded()
	token.Store("first-token")
	var path []string
	for _, name := range []string{"prometheus-auth", "prometheus-auth-keda"} { // the same for both ways in
		overlay := b.kubectl("kubectl kustomize deploy/kustomize/overlays/" + name)
		path = regexp.MustCompile(`--prometheus-http-config=(\S+)`).FindStringSubmatch(overlay)
		require.Len(t, path, 2)
		require.Contains(t, overlay, "mountPath: "+filepath.Dir(path[1])+"\n")
	}
	secret := func(token string) {
		b.apply(fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata: {name: prometheus-client, namespace: %s}
stringData: {http.yml: "authorization: {credentials_file: token}", token: %s}
`, b.ns, token))
	}
	mount := filepath.Join(t.TempDir(), "mount")
	secret("wrong-token")
	b.project("prometheus-client", mount)
	c := b.start("a", "--prometheus-url", address, "--prometheus-http-config", filepath.Join(mount, filepath.Base(path[1])))
	b.apply(b.autoscaler(""))
	b.reason("web", "Forecasting", "NoData")
	_, _, message := b.condition("web", "Forecasting")
	require.Contains(t, message, "check the credentials")
	require.EqualValues(t, 2, b.floor())

	secret("first-token")
	b.project("prometheus-client", mount)
	b.eventually(patience, func() bool { return b.floor() == 10 }, "the Secret was corrected")
	token.Store("second-token")
	b.reason("web", "Forecasting", "NoData")
	b.demand(125)
	require.EqualValues(t, 10, b.floor(), "the floor is held meanwhile")
	secret("second-token")
	b.project("prometheus-client", mount)
	b.eventually(patience, func() bool { return b.floor() >= 13 }, "the Secret was rotated")
	require.False(t, c.Exited())
	text, err := os.ReadFile(c.Log)
	require.NoError(t, err)
	require.NotContains(t, string(text), "-token", "no secret in the log")
}
