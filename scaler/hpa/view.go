package hpa

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

const (
	// Manager is the field manager of our writes.
	Manager = "forescale"

	// Annotation holds the [Claim] on an object whose floor we hold.
	Annotation = "forescale.dev/floor"
)

// A Claim is what the annotation says while a floor is held: what to give back
// and who holds it.
type Claim struct {
	On       string  `json:"on"`       // kind/name of the object that it stands on
	Original *int32  `json:"original"` // value to give back; null = the field was absent
	Floor    int32   `json:"floor"`    // value that we wrote: the floor, or what was given back
	Holder   string  `json:"holder"`   // identity of the process
	Lease    string  `json:"lease"`    // namespace/name of its Lease object: the claim expires with it
	For      string  `json:"for"`      // name of the PredictiveAutoscaler
	Owners   []Owner `json:"owners,omitempty"`
	Applied  *int32  `json:"applied,omitempty"` // View.Applied when the floor was raised; absent = there was none
}

// An Owner is a field manager that held the floor field before us.
type Owner struct {
	Manager   string `json:"manager"`
	Operation string `json:"operation"` // Apply or Update
}

// A View is what matters of an autoscaler at one resource version.
type View struct {
	Kind            Kind
	Name            types.NamespacedName
	UID             types.UID
	ResourceVersion string
	Generation      int64 // 0 on autoscalers before Kubernetes 1.37
	Observed        int64 // status.observedGeneration; 0 = not written, or not yet

	Min     *int32 // floor in force; nil = absent, which means 1 (0 on a ScaledObject)
	Max     int32  // 0 = absent
	Current int32  // status.currentReplicas
	Desired int32  // status.desiredReplicas

	Target  Target  // what is scaled
	Claim   *Claim  // nil = nobody holds the floor; the copy of another object's claim is none
	Managed string  // manager besides us that wrote the floor field last, empty if none
	Owners  []Owner // all managers besides us that hold it
	Ours    bool    // we hold it
	Applied *int32  // floor in the manifest that kubectl applied last, without server-side apply; nil = none
	Scaled  string  // name of the ScaledObject that owns the object, empty if none
	Zero    bool    // the target is scaled to zero
	Unable  Unable  // why the HPA controller cannot scale the target; zero if it can
	Paused  string  // annotation of a ScaledObject by which its user has told KEDA not to scale, or not to scale out; empty if none
}

// A Target is what an autoscaler scales.
type Target struct {
	GVK  schema.GroupVersionKind
	Name string
}

// An Unable says in the words of the HPA controller why it cannot scale a target, which may have
// been deleted or renamed under its HPA, or may be kept as it is by a policy. No floor has an effect
// then.
type Unable struct {
	Reason  string // FailedGetScale or FailedUpdateScale
	Message string
}

// Remedy says what to do about it.
func (u Unable) Remedy() string {
	if u.Reason == "FailedUpdateScale" {
		return "let what refuses to change the scale of the target, such as an admission policy, allow it"
	}
	return "make the target that the HPA names, or correct scaleTargetRef of the HPA"
}

func (v *View) on() string { return v.Kind.GVK.Kind + "/" + v.Name.Name }

// Floor returns the floor in force: Min, or its default.
func (v *View) Floor() int32 {
	switch {
	case v.Min != nil:
		return *v.Min
	case v.Kind.GVK.Kind == "ScaledObject":
		return 0
	}
	return 1
}

// Ceiling returns the greatest floor that the object accepts.
func (v *View) Ceiling() int32 {
	if v.Max == 0 {
		return 100 // KEDA's default; an HPA always has one
	}
	return v.Max
}

// Newer reports whether v is of a later resource version than w. Versions of one
// resource are comparable numbers; one that is not a number counts as newer.
func (v *View) Newer(w *View) bool {
	a, errA := strconv.ParseUint(v.ResourceVersion, 10, 64)
	b, errB := strconv.ParseUint(w.ResourceVersion, 10, 64)
	return errA != nil || errB != nil || a > b
}

// Confirmed reports whether the controller of the autoscaler has taken up the floor in
// force: by its observedGeneration if it writes one, else by a count in its status, desired
// or current, that is not below the floor. The current count serves for HPAs whose metric is
// missing, because these update no desired count. A ScaledObject tells neither, and is taken
// to be confirmed, because the HPA that KEDA makes of it is what acts.
func (v *View) Confirmed() bool {
	switch {
	case v.Kind.GVK.Kind == "ScaledObject":
		return true
	case v.Generation > 0 && v.Observed > 0:
		return v.Observed >= v.Generation
	}
	return max(v.Desired, v.Current) >= v.Floor()
}

// Read makes a view of an object of kind. It returns an error that names the
// field if that has an unexpected type. An annotation that cannot be read is an
// error too, because the value to give back is in it.
func Read(kind Kind, u *unstructured.Unstructured) (*View, error) {
	v := &View{
		Kind: kind, Name: types.NamespacedName{Namespace: u.GetNamespace(), Name: u.GetName()},
		UID: u.GetUID(), ResourceVersion: u.GetResourceVersion(), Generation: u.GetGeneration(),
		Max: number(u, "spec", kind.Max), Current: number(u, "status", "currentReplicas"), Desired: number(u, "status", "desiredReplicas"),
	}
	if n, found, err := unstructured.NestedInt64(u.Object, "spec", kind.Min); err != nil {
		return nil, fmt.Errorf("hpa: %s: %w", v.Name, err)
	} else if found {
		m := int32(n) //nolint:gosec // an int32 by the schema
		v.Min = &m
	}
	v.Observed, _, _ = unstructured.NestedInt64(u.Object, "status", "observedGeneration")
	ref, _, _ := unstructured.NestedStringMap(u.Object, "spec", "scaleTargetRef")
	if ref == nil {
		ref = refOf(u)
	}
	v.Target = Target{schema.FromAPIVersionAndKind(cmp.Or(ref["apiVersion"], "apps/v1"), cmp.Or(ref["kind"], "Deployment")), ref["name"]}
	for _, o := range u.GetOwnerReferences() {
		if o.Kind == "ScaledObject" {
			v.Scaled = o.Name
		}
	}
	_, why, _ := failing(u, "ScalingActive")
	v.Zero = why == "ScalingDisabled"
	if failed, why, message := failing(u, "AbleToScale"); failed {
		v.Unable = Unable{why, message}
	}
	if kind.GVK.Kind == "ScaledObject" {
		v.Paused = pausedBy(u.GetAnnotations())
	}
	if text, found := u.GetAnnotations()[Annotation]; found {
		v.Claim = &Claim{}
		if err := json.Unmarshal([]byte(text), v.Claim); err != nil {
			return nil, fmt.Errorf("hpa: %s: annotation %s: %w; remove it, and set %s to what its owner wants", v.Name, Annotation, err, kind.Min)
		}
		if v.Claim.On != v.on() {
			v.Claim = nil // a copy: KEDA gives its HPAs the annotations of their ScaledObject
		}
	}
	v.Managed, v.Owners, v.Ours = ownersOf(u.GetManagedFields(), kind.Min)
	v.Applied = appliedMin(u.GetAnnotations(), kind)
	return v, nil
}

// appliedMin returns the floor in the manifest that kubectl apply, or a tool that works as it
// does, has left in an annotation; nil if there is none.
func appliedMin(annotations map[string]string, kind Kind) *int32 {
	var manifest struct {
		Spec map[string]json.RawMessage `json:"spec"`
	}
	text := annotations[corev1.LastAppliedConfigAnnotation]
	if text == "" || json.Unmarshal([]byte(text), &manifest) != nil {
		return nil
	}
	var n *int32
	if json.Unmarshal(manifest.Spec[kind.Min], &n) != nil {
		return nil
	}
	return n
}

// stated reports whether somebody besides us wants the floor of claim, a claim of ours, and has
// said so while it was in force: by a server-side apply, which makes the field theirs as well,
// or by kubectl apply, which then changes no more than its annotation. A mere update to the
// same value leaves no trace.
func (v *View) stated(claim *Claim) bool {
	if slices.ContainsFunc(v.Owners, func(o Owner) bool { return o.Operation == string(metav1.ManagedFieldsOperationApply) }) {
		return true
	}
	return v.Applied != nil && *v.Applied == claim.Floor && !same(v.Applied, claim.Applied)
}

func number(u *unstructured.Unstructured, path ...string) int32 {
	n, _, _ := unstructured.NestedInt64(u.Object, path...)
	return int32(n) //nolint:gosec // an int32 by the schema
}

// refOf reads a scaleTargetRef that holds more than texts.
func refOf(u *unstructured.Unstructured) map[string]string {
	m, _, _ := unstructured.NestedMap(u.Object, "spec", "scaleTargetRef")
	out := map[string]string{}
	for k, val := range m {
		if s, ok := val.(string); ok {
			out[k] = s
		}
	}
	return out
}

// failing reports whether a condition that an autoscaler writes is False, with the reason and the
// message of it if so. By ScalingActive it says that it is switched off by a target at zero, by
// AbleToScale that it cannot read or write the scale of the target.
func failing(u *unstructured.Unstructured, kind string) (failed bool, reason, message string) {
	list, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range list {
		m, ok := c.(map[string]any)
		if ok && m["type"] == kind && m["status"] == "False" {
			reason, _ = m["reason"].(string)
			message, _ = m["message"].(string)
			return true, reason, message
		}
	}
	return false, "", ""
}

// pausedBy returns the annotation that pauses a ScaledObject, empty if none does. As in
// KEDA, a value that is no boolean pauses too, and a paused count always does. A pause of
// scaling in does not count here, because a floor only scales out.
func pausedBy(annotations map[string]string) string {
	const prefix = "autoscaling.keda.sh/paused"
	if _, found := annotations[prefix+"-replicas"]; found {
		return prefix + "-replicas"
	}
	for _, name := range []string{prefix, prefix + "-scale-out"} {
		text, found := annotations[name]
		if on, err := strconv.ParseBool(text); found && (on || err != nil) {
			return name
		}
	}
	return ""
}

// ownersOf returns the managers besides us that hold the field spec.name, the name of the one
// that wrote last, and whether we hold it.
func ownersOf(list []metav1.ManagedFieldsEntry, name string) (latest string, all []Owner, ours bool) {
	var last metav1.Time
	for _, e := range list {
		if e.Subresource != "" || !holds(e, name) {
			continue
		}
		if e.Manager == Manager {
			ours = true
			continue
		}
		all = append(all, Owner{e.Manager, string(e.Operation)})
		if e.Time == nil || !e.Time.Before(&last) {
			latest = e.Manager
		}
		if e.Time != nil && last.Before(e.Time) {
			last = *e.Time
		}
	}
	return latest, all, ours
}

func holds(e metav1.ManagedFieldsEntry, name string) bool {
	if e.FieldsV1 == nil {
		return false
	}
	var fields struct {
		Spec map[string]json.RawMessage `json:"f:spec"`
	}
	if json.Unmarshal(e.FieldsV1.GetRawBytes(), &fields) != nil {
		return false
	}
	_, found := fields.Spec["f:"+name]
	return found
}
