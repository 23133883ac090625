// Package forescalev1 holds the generated stubs of forescale's own gRPC API: what
// a running server knows of each workload, and why it answers as it does. The
// server is package explain; `forescale explain` is a client.
//
// The stubs that KEDA calls are not here: they are imported from KEDA.
//
// # Why not JSON over HTTP
//
// The gRPC port is open, encrypted and authenticated already, so operators need
// no second door; and the schema can be checked for breaking changes.
package forescalev1

//go:generate sh -c "cd .. && go run github.com/bufbuild/buf/cmd/buf@v1.75.0 generate"
