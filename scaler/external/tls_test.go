package external

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
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pb "github.com/kedacore/keda/v2/pkg/scalers/externalscaler"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/scaler/external/keyring"
)

// An authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	return authority{cert, key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
}

// issue returns a certificate for 127.0.0.1 and its key, as PEM.
func (a authority) issue(t *testing.T, serial int64) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, k.Public(), a.key)
	require.NoError(t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

// pool trusts the authority.
func (a authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

// A secret is a folder as Kubernetes mounts a Secret: the files are links into a
// folder that is swapped as a whole.
type secret struct {
	dir      string
	versions int
}

// put writes files as the next version.
func (s *secret) put(t *testing.T, files map[string][]byte) {
	t.Helper()
	s.versions++
	version := filepath.Join(s.dir, "..version"+string(rune('0'+s.versions)))
	require.NoError(t, os.Mkdir(version, 0o700))
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(version, name), text, 0o600))
		link := filepath.Join(s.dir, name)
		if _, err := os.Lstat(link); err != nil {
			require.NoError(t, os.Symlink(filepath.Join("..data", name), link))
		}
	}
	require.NoError(t, os.Symlink(filepath.Base(version), filepath.Join(s.dir, "..next")))
	require.NoError(t, os.Rename(filepath.Join(s.dir, "..next"), filepath.Join(s.dir, "..data")))
}

func (s *secret) files() *keyring.Files {
	return &keyring.Files{Cert: filepath.Join(s.dir, "tls.crt"), Key: filepath.Join(s.dir, "tls.key")}
}

// call connects anew and returns the serial number of the certificate that
// served the call.
func call(t *testing.T, lis net.Listener, config *tls.Config) (serial int64, err error) {
	t.Helper()
	config = config.Clone()
	config.VerifyConnection = func(c tls.ConnectionState) error {
		serial = c.PeerCertificates[0].SerialNumber.Int64()
		return nil
	}
	conn := dial(t, lis, grpc.WithTransportCredentials(credentials.NewTLS(config)))
	_, err = pb.NewExternalScalerClient(conn).GetMetricSpec(t.Context(), refTo(web()))
	return serial, err
}

func TestCertificatesAreRenewedWithoutARestart(t *testing.T) {
	ca, mount, log := newAuthority(t, "cluster"), &secret{dir: t.TempDir()}, &logbook{}
	put := func(serial int64) {
		cert, key := ca.issue(t, serial)
		mount.put(t, map[string][]byte{"tls.crt": cert, "tls.key": key})
	}
	put(101)
	lis := loopback(t)
	serve(t, newFakeStore(), Options{TLS: mount.files(), Log: slog.New(slog.NewTextHandler(log, nil))}, lis)
	client := &tls.Config{RootCAs: ca.pool(), MinVersion: tls.VersionTLS12}
	requireSerial := func(want int64) {
		t.Helper()
		got, err := call(t, lis, client)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	requireSerial(101)
	steady := pb.NewExternalScalerClient(dial(t, lis, grpc.WithTransportCredentials(credentials.NewTLS(client))))
	_, err := steady.GetMetricSpec(t.Context(), refTo(web()))
	require.NoError(t, err)

	put(102)
	requireSerial(102)
	requireSerial(102)
	_, err = steady.GetMetricSpec(t.Context(), refTo(web()))
	require.NoError(t, err, "open connections stay")

	// A key that does not fit, and files that are gone, leave the former pair in place.
	cert, _ := ca.issue(t, 103)
	_, key := ca.issue(t, 104)
	mount.put(t, map[string][]byte{"tls.crt": cert, "tls.key": key})
	requireSerial(102)
	requireSerial(102)
	require.NoError(t, os.Remove(filepath.Join(mount.dir, "tls.key")))
	requireSerial(102)
	put(105)
	requireSerial(105)

	lines := log.lines()
	require.Len(t, lines, 4, "%q", lines) // once per change, not at each handshake
	require.Contains(t, lines[0], "certificate renewed")
	require.Contains(t, lines[1], "private key does not match public key")
	require.Contains(t, lines[2], "no such file or directory")
	require.Contains(t, lines[3], "certificate renewed")
}

func TestClientsAreCheckedAgainstTheirAuthority(t *testing.T) {
	ca, clients, strangers := newAuthority(t, "cluster"), newAuthority(t, "keda"), newAuthority(t, "other")
	cert, key := ca.issue(t, 1)
	mount := &secret{dir: t.TempDir()}
	mount.put(t, map[string][]byte{"tls.crt": cert, "tls.key": key, "ca.crt": clients.pem})
	files := mount.files()
	files.ClientCA = filepath.Join(mount.dir, "ca.crt")
	lis, log := loopback(t), &logbook{}
	serve(t, newFakeStore(), Options{TLS: files, Log: slog.New(slog.NewTextHandler(log, nil))}, lis)
	as := func(a authority) *tls.Config {
		c, k := a.issue(t, 7)
		pair, err := tls.X509KeyPair(c, k)
		require.NoError(t, err)
		return &tls.Config{RootCAs: ca.pool(), Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	}
	keda, stranger := as(clients), as(strangers)

	_, err := call(t, lis, keda)
	require.NoError(t, err)
	old := keda.Clone()
	old.MaxVersion = tls.VersionTLS12 // the least that KEDA speaks
	_, err = call(t, lis, old)
	require.NoError(t, err)
	for name, config := range map[string]*tls.Config{
		"a stranger's certificate": stranger,
		"no certificate":           {RootCAs: ca.pool(), MinVersion: tls.VersionTLS12},
		"another authority":        {RootCAs: strangers.pool(), Certificates: keda.Certificates, MinVersion: tls.VersionTLS12},
		"TLS 1.1":                  {RootCAs: ca.pool(), Certificates: keda.Certificates, MinVersion: tls.VersionTLS11, MaxVersion: tls.VersionTLS11},
	} {
		_, err := call(t, lis, config)
		require.Equal(t, codes.Unavailable, status.Code(err), name)
	}
	_, err = pb.NewExternalScalerClient(dial(t, lis, grpc.WithTransportCredentials(insecure.NewCredentials()))).GetMetricSpec(t.Context(), refTo(web()))
	require.Equal(t, codes.Unavailable, status.Code(err), "plain text")
	for _, want := range []string{
		"client didn't provide a certificate", "put tlsClientCert and tlsClientKey, signed by",
		"as caCert", "client offered only unsupported versions", "set enableTLS: ",
	} {
		require.Eventually(t, func() bool { return strings.Contains(strings.Join(log.lines(), "\n"), want) }, 10*time.Second, time.Millisecond, want) // a client may know sooner
	}

	// The authority of the clients changes like any other file.
	mount.put(t, map[string][]byte{"tls.crt": cert, "tls.key": key, "ca.crt": strangers.pem})
	_, err = call(t, lis, stranger)
	require.NoError(t, err)
	_, err = call(t, lis, keda)
	require.Equal(t, codes.Unavailable, status.Code(err))
}

func TestUnusableTLSFilesAreErrorsAtTheStart(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, "cluster")
	cert, key := ca.issue(t, 1)
	write := func(name string, text []byte) string {
		name = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(name, text, 0o600))
		return name
	}
	crt, pk, junk := write("tls.crt", cert), write("tls.key", key), write("junk", []byte("junk"))
	for want, files := range map[string]keyring.Files{
		`want both files`:                {Cert: crt},
		"no such file or directory":      {Cert: crt, Key: filepath.Join(dir, "gone")},
		"failed to find any PEM data":    {Cert: junk, Key: pk},
		"no PEM certificate in the file": {Cert: crt, Key: pk, ClientCA: junk},
	} {
		_, err := New(newFakeStore(), Options{TLS: &files})
		require.ErrorContains(t, err, "external: tls: ")
		require.ErrorContains(t, err, want)
	}
}
