package prometheus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/config"
	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/prometheus"
)

const five = `{"status":"success","data":{"resultType":"scalar","result":[1,"5"]}}`

// instant asks server with the settings of Prometheus's http_config format.
func instant(t *testing.T, address, settings string) error {
	t.Helper()
	cfg, err := config.LoadHTTPConfig(settings)
	require.NoError(t, err)
	c, err := prometheus.New(prometheus.Options{URL: address, HTTP: cfg, Backoff: time.Millisecond})
	require.NoError(t, err)
	defer c.Close()
	s, err := c.Instant(t.Context(), "q", noon())
	if err == nil {
		require.InDelta(t, 5, s.Value, 0)
	}
	return err
}

func TestCredentials(t *testing.T) {
	tokenFile := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(tokenFile, []byte("from-file\n"), 0o600))
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if user+"/"+password != "id/word" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		answer(w, http.StatusOK, `{"access_token":"granted","token_type":"Bearer","expires_in":3600}`)
	}))
	defer tokens.Close()

	for name, tt := range map[string]struct{ settings, header, want string }{
		"basic auth":   {"basic_auth: {username: me, password: secret}", "Authorization", "Basic bWU6c2VjcmV0"},
		"bearer":       {"authorization: {credentials: secret}", "Authorization", "Bearer secret"},
		"bearer file":  {"authorization: {credentials_file: " + tokenFile + "}", "Authorization", "Bearer from-file"},
		"oauth2":       {"oauth2: {client_id: id, client_secret: word, token_url: " + tokens.URL + "}", "Authorization", "Bearer granted"},
		"tenant":       {"http_headers: {X-Scope-OrgID: {values: [shop]}}", "X-Scope-Orgid", "shop"},
		"who is asked": {"{}", "User-Agent", "forescale"},
	} {
		t.Run(name, func(t *testing.T) {
			var got string
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				got = r.Header.Get(tt.header)
				answer(w, http.StatusOK, five)
			}))
			defer server.Close()
			require.NoError(t, instant(t, server.URL, tt.settings))
			require.Equal(t, tt.want, got)
		})
	}
}

func TestTokenFileIsReadAgain(t *testing.T) {
	tokenFile := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(tokenFile, []byte("old"), 0o600))
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Header.Get("Authorization")
		answer(w, http.StatusOK, five)
	}))
	defer server.Close()
	cfg, err := config.LoadHTTPConfig("authorization: {credentials_file: " + tokenFile + "}")
	require.NoError(t, err)
	c, err := prometheus.New(prometheus.Options{URL: server.URL, HTTP: cfg})
	require.NoError(t, err)
	for _, token := range []string{"old", "new"} {
		require.NoError(t, os.WriteFile(tokenFile, []byte(token), 0o600))
		_, err = c.Instant(t.Context(), "q", noon())
		require.NoError(t, err)
		require.Equal(t, "Bearer "+token, got)
	}
}

func TestProxy(t *testing.T) {
	var asked string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.URL.Host
		answer(w, http.StatusOK, five)
	}))
	defer proxy.Close()
	require.NoError(t, instant(t, "http://prometheus.example:9090", "proxy_url: "+proxy.URL))
	require.Equal(t, "prometheus.example:9090", asked)
}

// keyPair writes a certificate for 127.0.0.1, signed by itself, and its key.
func keyPair(t *testing.T, name string) (certFile, keyFile string, pool *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	u, err := url.Parse("http://127.0.0.1")
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{u.Hostname(), "localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	dir := t.TempDir()
	certFile, keyFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(certFile, certPEM, 0o600))
	require.NoError(t, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	pool = x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(certPEM))
	return certFile, keyFile, pool
}

func TestMutualTLS(t *testing.T) {
	serverCert, serverKey, _ := keyPair(t, "prometheus")
	clientCert, clientKey, clients := keyPair(t, "forescale")
	pair, err := tls.LoadX509KeyPair(serverCert, serverKey)
	require.NoError(t, err)
	var peer string
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer = r.TLS.PeerCertificates[0].Subject.CommonName
		answer(w, http.StatusOK, five)
	}))
	server.Config.ErrorLog = nil
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()

	trust := "ca_file: " + serverCert + ", server_name: localhost"
	require.NoError(t, instant(t, server.URL, "tls_config: {"+trust+", cert_file: "+clientCert+", key_file: "+clientKey+"}"))
	require.Equal(t, "forescale", peer)

	var q *prometheus.QueryError
	err = instant(t, server.URL, "tls_config: {"+trust+"}")
	require.ErrorAs(t, err, &q)
	require.Equal(t, prometheus.TypeConnection, q.Type, "no client certificate: %v", err)

	err = instant(t, server.URL, "{}")
	require.ErrorAs(t, err, &q)
	require.ErrorContains(t, err, "certificate", "an authority nobody named")
	require.ErrorContains(t, err, "TLS")
}

// What stands in the way is one setting as a rule, and the error names it.
func TestTheRemedyOfAConnection(t *testing.T) {
	quiet := slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	serverCert, serverKey, clients := keyPair(t, "prometheus")
	pair, err := tls.LoadX509KeyPair(serverCert, serverKey)
	require.NoError(t, err)
	five := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, five) })
	plain, encrypted := httptest.NewServer(five), httptest.NewUnstartedServer(five)
	encrypted.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	encrypted.Config.ErrorLog = quiet
	encrypted.StartTLS()
	mutual := httptest.NewUnstartedServer(five)
	mutual.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, MinVersion: tls.VersionTLS12}
	mutual.Config.ErrorLog = quiet
	mutual.StartTLS()
	gone := httptest.NewServer(five)
	gone.Close()
	for _, s := range []*httptest.Server{plain, encrypted, mutual} {
		t.Cleanup(s.Close)
	}
	trust := "tls_config: {ca_file: " + serverCert
	for name, tt := range map[string]struct{ address, settings, want string }{
		"no such file":            {plain.URL, "authorization: {credentials_file: /missing}", "see that the file"},
		"no token server":         {plain.URL, "oauth2: {client_id: id, client_secret: word, token_url: " + gone.URL + "}", "token_url"},
		"no proxy":                {encrypted.URL, "proxy_url: " + gone.URL, "proxy_url"},
		"another name":            {encrypted.URL, trust + ", server_name: thanos}", "tls_config.server_name"},
		"unknown authority":       {encrypted.URL, "tls_config: {server_name: localhost}", "tls_config.ca_file"},
		"no certificate":          {mutual.URL, trust + ", server_name: localhost}", "tls_config.cert_file"},
		"TLS where there is none": {strings.Replace(plain.URL, "http:", "https:", 1), "{}", "use http://"},
		"none where there is TLS": {strings.Replace(encrypted.URL, "https:", "http:", 1), "{}", "use https://"},
		"nobody":                  {gone.URL, "{}", "check the address"},
	} {
		t.Run(name, func(t *testing.T) {
			err := instant(t, tt.address, tt.settings)
			var q *prometheus.QueryError
			require.ErrorAs(t, err, &q)
			require.Contains(t, q.Remedy, tt.want, "%v", err)
		})
	}
	_, err = prometheus.New(prometheus.Options{URL: plain.URL, HTTP: &config.HTTPClientConfig{TLSConfig: config.TLSConfig{CAFile: "/missing"}}})
	require.ErrorIs(t, err, prometheus.ErrSettings)
}
