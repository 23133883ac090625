// Package explain serves forescale's own gRPC API: which workloads a server keeps,
// and what stands behind the answer of each.
//
// # The idea
//
// An operator who sees a count wants to know what was observed, what was
// forecast and by which model, what was added for a burst, and which rule had the
// last word. All of that is in memory, in one place, under one lock; [Server]
// copies it out. The record of a decision can be replayed anywhere, because
// scaler.Decide is pure.
//
// It shares the port with KEDA's calls, and so their encryption and their clients'
// certificates: who may make KEDA scale may also know why.
package explain
