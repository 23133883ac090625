// Package differential holds no code of its own. Its tests compare the real
// controllers, the HorizontalPodAutoscaler of Kubernetes and the autoscaler of
// Knative, with the ports in ../hpa and ../kpa: all get the same random input in
// virtual time, and every decision must be equal.
//
// It is a module of its own because the controllers bring thousands of packages
// with them; the main module knows nothing of it. The main module's own tests
// replay decisions of the real controllers that the tests here have recorded:
//
//	go test ./...                   compare; a cold build takes minutes
//	go test -run Golden -update .   record ../hpa/testdata and ../kpa/testdata anew
//	go test -short ./...            a tenth of the cases
package differential
