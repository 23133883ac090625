// Package keyring serves TLS with certificates from files that may change.
//
// The files are looked at on each handshake and read again when one has changed,
// so that a renewed certificate serves without a restart, also where Kubernetes
// swaps the folder of a Secret. Handshakes are rare and the look costs
// microseconds.
//
// # Why not watch the files
//
// A watch needs a goroutine with an owner, sees a swapped folder on some systems
// only, and knows nothing between two events. Looking at each handshake is exact.
package keyring

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// Files names the PEM files of a TLS server.
type Files struct {
	Cert string // the server's certificate chain
	Key  string // its private key

	// ClientCA holds the authorities whose clients may call (mTLS). Empty: clients
	// need no certificate.
	ClientCA string
}

// A keyring yields the TLS configuration of the present files. It is safe for
// concurrent use.
type keyring struct {
	files Files
	log   *slog.Logger

	mu      sync.Mutex // guards the fields below; handshakes are rare and files small
	seen    []os.FileInfo
	config  *tls.Config
	failure string // the last failure to reload, logged once
}

// Config returns a configuration that serves with the present content of files,
// for HTTP/2. Files that come to be missing, or not to fit together, leave their
// former content in place; log, which must not be nil, says so once. It returns an
// error if the files do not make up a server at the start.
func Config(files Files, log *slog.Logger) (*tls.Config, error) {
	k, err := newKeyring(files, log)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: k.configFor}, nil
}

func newKeyring(files Files, log *slog.Logger) (*keyring, error) {
	if files.Cert == "" || files.Key == "" {
		return nil, fmt.Errorf("tls: certificate %q and key %q: want both files", files.Cert, files.Key)
	}
	k := &keyring{files: files, log: log}
	var err error
	if k.seen, err = k.stat(); err != nil {
		return nil, err
	}
	if k.config, err = files.load(); err != nil {
		return nil, err
	}
	return k, nil
}

// configFor is the GetConfigForClient of a TLS configuration.
func (k *keyring) configFor(*tls.ClientHelloInfo) (*tls.Config, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	seen, err := k.stat() // before reading: a change in between shows next time
	if err == nil && same(seen, k.seen) {
		return k.config, nil
	}
	var config *tls.Config
	if err == nil {
		config, err = k.files.load()
	}
	if err != nil {
		if text := err.Error(); text != k.failure {
			k.failure = text
			k.log.Error("certificate files not reloaded, keeping the former ones", "error", err)
		}
		return k.config, nil
	}
	k.seen, k.config, k.failure = seen, config, ""
	k.log.Info("certificate renewed", "file", k.files.Cert)
	return config, nil
}

// stat describes the files, through links.
func (k *keyring) stat() ([]os.FileInfo, error) {
	var infos []os.FileInfo
	for _, name := range []string{k.files.Cert, k.files.Key, k.files.ClientCA} {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		infos = append(infos, info)
	}
	return infos, nil
}

// same reports whether two descriptions are of unchanged files.
func same(a, b []os.FileInfo) bool {
	for i := range a {
		if !os.SameFile(a[i], b[i]) || !a[i].ModTime().Equal(b[i].ModTime()) || a[i].Size() != b[i].Size() {
			return false
		}
	}
	return true
}

// load reads the files.
func (f Files) load() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
	if err != nil {
		return nil, fmt.Errorf("tls: certificate %s with key %s: %w", f.Cert, f.Key, err)
	}
	config := &tls.Config{
		MinVersion:   tls.VersionTLS12, // the least that KEDA speaks
		NextProtos:   []string{"h2"},
		Certificates: []tls.Certificate{pair},
	}
	if f.ClientCA == "" {
		return config, nil
	}
	text, err := os.ReadFile(f.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("tls: client authorities: %w", err)
	}
	config.ClientCAs = x509.NewCertPool()
	if !config.ClientCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("tls: client authorities %s: %w", f.ClientCA, errNoCertificate)
	}
	config.ClientAuth = tls.RequireAndVerifyClientCert
	return config, nil
}

var errNoCertificate = errors.New("no PEM certificate in the file")
