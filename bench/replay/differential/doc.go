// Package differential holds no code of its own. Its tests drive the real
// controllers, the HorizontalPodAutoscaler of Kubernetes and the autoscaler of
// Knative, and the ports in ../hpa and ../kpa through the same random input in
// virtual time, and demand that every decision is equal.
//
// It is a module of its own because the controllers bring thousands of packages
// with them; the main module knows nothing of it. The main module's own tests
// replay decisions of the real controllers that the tests here have recorded:
//
//	go test ./...                   compare; a cold build takes minutes
//	go test -run Golden -update .   record ../hpa/testdata and ../kpa/testdata anew
//	go test -short ./...            a tenth of the cases
package differential
