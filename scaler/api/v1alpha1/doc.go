// Package v1alpha1 holds the Kubernetes object PredictiveAutoscaler of the group
// forescale.dev.
//
// # The idea
//
// The object is [api.Spec], the one specification of a predictively scaled
// target, and the reference of what to act on: a HorizontalPodAutoscaler whose
// minReplicas becomes a leased floor, or a ScaledObject of KEDA whose
// minReplicaCount does. Nothing of the target is copied into the object; bounds,
// metrics and behavior stay where their owner keeps them.
//
// The schema is generated from the comments of the fields, which kubectl explain
// shows, and from the markers above them. What a schema cannot say (a season
// that is no multiple of the step) is said by the condition Ready.
//
// +kubebuilder:object:generate=true
// +groupName=forescale.dev
package v1alpha1

//go:generate go run sigs.k8s.io/controller-tools/cmd/controller-gen@v0.23.0 object paths=. crd:headerFile= paths=. output:crd:dir=../../../deploy/kustomize/base/crd
//go:generate cp ../../../deploy/kustomize/base/crd/forescale.dev_predictiveautoscalers.yaml ../../../deploy/helm/forescale/files/crd.yaml
