package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/forescale/forescale/scaler/api"
)

// A PredictiveAutoscaler raises the floor of an autoscaler ahead of the load. It
// never lowers the floor below what the autoscaler's owner set, and gives it back
// when it is paused or deleted.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:shortName=pa,categories=all
// +kubebuilder:printcolumn:name="Target",type=string,JSONPath=`.spec.targetRef.name`
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`
// +kubebuilder:printcolumn:name="Current",type=integer,JSONPath=`.status.currentReplicas`
// +kubebuilder:printcolumn:name="Floor",type=integer,JSONPath=`.status.floor`
// +kubebuilder:printcolumn:name="Forecast",type=integer,JSONPath=`.status.desiredReplicas`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.reason`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type PredictiveAutoscaler struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// Spec says what to forecast and what to act on.
	Spec Spec `json:"spec"`

	// Status is what was decided last, and why. It is written when it changes.
	Status Status `json:"status,omitempty"`
}

// A PredictiveAutoscalerList holds several PredictiveAutoscalers.
//
// +kubebuilder:object:root=true
type PredictiveAutoscalerList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []PredictiveAutoscaler `json:"items"`
}

// Spec is [api.Spec] with the target to act on.
//
// +kubebuilder:object:generate=false
// +kubebuilder:validation:XValidation:rule="has(self.scale.targetPerReplica) || has(self.scale.latencyObjective)",message="scale.targetPerReplica: missing, want the demand that one replica serves, or a latencyObjective",fieldPath=".scale"
// +kubebuilder:validation:XValidation:rule="!has(self.forecast) || !has(self.forecast.average) || !self.forecast.average || has(self.scale.service)",message="forecast.average: needs scale.service",fieldPath=".forecast.average"
// +kubebuilder:validation:XValidation:rule="!has(self.scale.service) || has(self.scale.latencyObjective)",message="scale.service: needs scale.latencyObjective: it says what the replicas have to keep",fieldPath=".scale.service"
// +kubebuilder:validation:XValidation:rule="!has(self.scale.service) || !has(self.scale.targetPerReplica)",message="scale.service: given together with scale.targetPerReplica: they state the same, want one",fieldPath=".scale.service"
// +kubebuilder:validation:XValidation:rule="!has(self.scale.minReplicas) || !has(self.scale.maxReplicas) || self.scale.maxReplicas == 0 || self.scale.minReplicas <= self.scale.maxReplicas",message="scale.minReplicas is above scale.maxReplicas",fieldPath=".scale.minReplicas"
// +kubebuilder:validation:XValidation:rule="!has(self.scale.targetPerReplica) || !self.scale.targetPerReplica.matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') || double(self.scale.targetPerReplica) > 0.0",message="scale.targetPerReplica: want a number above 0, such as \"50\"",fieldPath=".scale.targetPerReplica"
// +kubebuilder:validation:XValidation:rule="!has(self.forecast) || !has(self.forecast.risk) || !self.forecast.risk.matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') || (double(self.forecast.risk) > 0.0 && double(self.forecast.risk) < 1.0)",message="forecast.risk: want a number above 0 and below 1, such as \"0.95\"",fieldPath=".forecast.risk"
// +kubebuilder:validation:XValidation:rule="!has(self.forecast) || [has(self.forecast.buffer), has(self.forecast.risk), has(self.forecast.missingReplicaCost), has(self.forecast.violationTarget), has(self.forecast.average) && self.forecast.average].filter(x, x).size() <= 1",message="forecast: want at most one of buffer, risk, missingReplicaCost, violationTarget and average: they state the same margin",fieldPath=".forecast"
// +kubebuilder:validation:XValidation:rule="!has(self.forecast) || !has(self.forecast.violationTarget) || has(self.scale.latencyObjective)",message="forecast.violationTarget: needs scale.latencyObjective",fieldPath=".forecast.violationTarget"
type Spec struct {
	// TargetRef names what to act on, in the namespace of this object. It cannot
	// be changed: make another object.
	//
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="targetRef cannot be changed, delete this object and make another"
	TargetRef TargetRef `json:"targetRef"`

	// PodCPU reads the CPU use of the target's pods from the resource metrics API,
	// and learns from it the rate at which the processors of a replica are full. A
	// replica is then not taken to serve more than that, whatever
	// scale.targetPerReplica says. It decides nothing else, and is never required.
	// It needs a metrics server, CPU limits on the pods, and the right to read their
	// metrics. Default false.
	PodCPU bool `json:"podCPU,omitempty"`

	api.Spec `json:",inline"`

	// Unread lists the fields that the API server accepted and this program could not
	// read, one fault a line; empty if there are none. It is no part of the object.
	Unread string `json:"-"`

	// Unknown lists the fields that the API server accepted and this program, older than
	// the CRD, does not know, one a line; empty if there are none. It is no part of the
	// object.
	Unknown string `json:"-"`
}

// Kinds of targets.
const (
	KindHPA          = "HorizontalPodAutoscaler"
	KindScaledObject = "ScaledObject"
)

// A TargetRef names the autoscaler whose floor is raised.
type TargetRef struct {
	// Kind is HorizontalPodAutoscaler (its minReplicas is raised) or ScaledObject
	// of KEDA (its minReplicaCount is). An HPA that KEDA made must be reached
	// through its ScaledObject.
	//
	// +kubebuilder:validation:Enum=HorizontalPodAutoscaler;ScaledObject
	// +kubebuilder:default=HorizontalPodAutoscaler
	Kind string `json:"kind,omitempty"`

	// Name of the autoscaler.
	//
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// Types of conditions.
const (
	Ready       = "Ready"       // the object and its target are in order
	Forecasting = "Forecasting" // a model is fitted and data come
	Trusted     = "Trusted"     // the forecast may act
	Acting      = "Acting"      // the floor is ours to move
	Contested   = "Contested"   // somebody else puts our floor back
)

// TargetPaused is the reason of an object that does not act because its target has been
// paused by its user.
const TargetPaused = "TargetPaused"

// Status is what was decided last, and why.
type Status struct {
	// ObservedGeneration is the generation of the spec that this status is about.
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// CurrentReplicas is the number of replicas that the target's autoscaler sees; of
	// a ScaledObject, which does not tell, the pods that are ready.
	CurrentReplicas int32 `json:"currentReplicas"`

	// Floor is the floor in force: minReplicas of the target. This copy is updated
	// when the floor has moved by two replicas and by a fifth, else with a delay of a
	// third of the time since the object was made or changed, at most an hour. The
	// target itself shows the floor at once.
	Floor int32 `json:"floor"`

	// OriginalMinReplicas is the floor to give back: what the target's owner set.
	OriginalMinReplicas *int32 `json:"originalMinReplicas,omitempty"`

	// DesiredReplicas is what demand asks for before any rule, -1 when demand is
	// unknown.
	DesiredReplicas int32 `json:"desiredReplicas"`

	// Reason is the last rule that changed the count, or why nothing is decided, which
	// is the reason of condition Ready if that is False.
	Reason string `json:"reason,omitempty"`

	// Trail lists the rules that changed the count, in order.
	//
	// +listType=atomic
	Trail []TrailStep `json:"trail,omitempty"`

	// Observed is the newest demand, in the unit of the metric.
	Observed string `json:"observed,omitempty"`

	// Predicted is the demand forecast within the lead time, in the unit of the
	// metric.
	Predicted string `json:"predicted,omitempty"`

	// LeadTime is how long a decision takes to become a ready replica.
	LeadTime string `json:"leadTime,omitempty"`

	// Model is the forecasting method in use.
	Model string `json:"model,omitempty"`

	// LastScaleTime is when the floor was last changed.
	LastScaleTime *metav1.Time `json:"lastScaleTime,omitempty"`

	// Conditions are Ready, Forecasting, Trusted, Acting and Contested.
	//
	// +listType=map
	// +listMapKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// A TrailStep is one rule and the count that it left.
type TrailStep struct {
	// Rule is its reason word.
	Rule string `json:"rule"`

	// Replicas after it.
	Replicas int32 `json:"replicas"`
}
