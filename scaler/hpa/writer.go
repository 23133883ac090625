package hpa

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// ErrChanged reports that the object has changed since it was judged. Callers read
// it again and judge anew.
var ErrChanged = errors.New("the object has changed since it was read")

// A Writer moves floors. It is safe for concurrent use.
type Writer struct {
	Client dynamic.Interface
	Mapper meta.RESTMapper // finds the resource of what is scaled
	Holder string          // identity of this process
	Lease  string          // namespace/name of its Lease object
}

// A Request is a floor to write: for whom, and what to give back one day.
type Request struct {
	Floor    int32
	Original *int32
	For      string // name of the PredictiveAutoscaler
	Patient  bool   // the autoscaler's own next sync, within 15 s, is soon enough for the count
}

// Raise writes the floor of request to the object that v shows, up or down, and
// returns the object after it and the claim written. On an autoscaler that does
// not act on a changed spec at once it then raises the count as well, unless request
// is patient; an error of that second write is returned with the view of the
// first, and costs no more than the time until the next sync.
//
// It returns an error that wraps [ErrChanged] if the object is not the one of v.
func (w *Writer) Raise(ctx context.Context, v *View, request Request) (*View, *Claim, error) {
	claim := &Claim{
		On: v.on(), Original: request.Original, Floor: request.Floor, Holder: w.Holder, Lease: w.Lease, For: request.For,
		Owners: v.Owners, Applied: v.Applied,
	}
	if v.Claim != nil && len(claim.Owners) == 0 {
		claim.Owners = v.Claim.Owners
	}
	after, err := w.apply(ctx, v, &request.Floor, claim)
	if err != nil {
		return nil, nil, err
	}
	atOnce := after.Generation > v.Generation && after.Kind.GVK.Group == "autoscaling"
	if floor := after.Floor(); floor > v.Floor() && !atOnce && !request.Patient { // an admission may have made it another one
		err = w.Scale(ctx, after, floor)
	}
	return after, claim, err
}

// apply is the one strategic write: the floor and the claim, nothing else.
func (w *Writer) apply(ctx context.Context, v *View, floor *int32, claim *Claim) (*View, error) {
	text, err := json.Marshal(claim)
	if err != nil {
		return nil, fmt.Errorf("hpa: %w", err)
	}
	spec := map[string]any{}
	if floor != nil {
		spec[v.Kind.Min] = *floor
	}
	body, err := json.Marshal(map[string]any{
		"apiVersion": v.Kind.GVK.GroupVersion().String(), "kind": v.Kind.GVK.Kind,
		"metadata": map[string]any{
			"name": v.Name.Name, "namespace": v.Name.Namespace,
			"uid": v.UID, "resourceVersion": v.ResourceVersion, // an object that is gone must not be made anew
			"annotations": map[string]string{Annotation: string(text)},
		},
		"spec": spec,
	})
	if err != nil {
		return nil, fmt.Errorf("hpa: %w", err)
	}
	force := true
	return w.patch(ctx, v, types.ApplyPatchType, body, metav1.PatchOptions{FieldManager: Manager, Force: &force})
}

func (w *Writer) patch(ctx context.Context, v *View, kind types.PatchType, body []byte, opts metav1.PatchOptions) (*View, error) {
	u, err := w.Client.Resource(v.Kind.GVR()).Namespace(v.Name.Namespace).Patch(ctx, v.Name.Name, kind, body, opts)
	switch {
	case apierrors.IsConflict(err), apierrors.IsNotFound(err), kind == types.JSONPatchType && testFailed(err):
		return nil, fmt.Errorf("hpa: %s %s: %w: %w", v.Kind.GVK.Kind, v.Name, ErrChanged, err)
	case err != nil:
		return nil, fmt.Errorf("hpa: write the floor of %s %s: %w", v.Kind.GVK.Kind, v.Name, err)
	}
	return Read(v.Kind, u)
}

// testFailed reports that a JSON patch did not fit, as where the version that it tests is
// gone. The API server gives that the status of an invalid object, but names no cause.
func testFailed(err error) bool {
	answer, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || !apierrors.IsInvalid(err) {
		return false
	}
	details := answer.ErrStatus.Details
	return details == nil || len(details.Causes) == 0
}

// Get reads an object as it is now. The error is that of the API server.
func (w *Writer) Get(ctx context.Context, kind Kind, name types.NamespacedName) (*View, error) {
	u, err := w.Client.Resource(kind.GVR()).Namespace(name.Namespace).Get(ctx, name.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return Read(kind, u)
}

// Release gives the floor back and takes every trace of us off the object: first
// the value, then the annotation and our part of managedFields. If it is stopped
// between the two, the claim stands beside a floor that is back already, which it names, and
// releasing again finishes the work. On an object without a trace it does
// nothing.
func (w *Writer) Release(ctx context.Context, v *View, original *int32) (*View, error) {
	after := v
	if !same(v.Min, original) {
		claim := Claim{On: v.on()}
		if v.Claim != nil {
			claim = *v.Claim
		}
		claim.Original, claim.Floor, claim.Holder, claim.Lease = original, base(v, original), w.Holder, w.Lease
		if len(claim.Owners) == 0 {
			claim.Owners = v.Owners
		}
		var err error
		if after, err = w.apply(ctx, v, original, &claim); err != nil {
			return nil, err
		}
	}
	u, err := w.Client.Resource(v.Kind.GVR()).Namespace(v.Name.Namespace).Get(ctx, v.Name.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err): // gone meanwhile, as where its namespace is deleted
		return nil, fmt.Errorf("hpa: %s: %w: %w", v.Name, ErrChanged, err)
	case err != nil:
		return nil, fmt.Errorf("hpa: read %s: %w", v.Name, err)
	}
	if u.GetUID() != v.UID || u.GetResourceVersion() != after.ResourceVersion && !sameFloor(v.Kind, u, original) {
		return nil, fmt.Errorf("hpa: %s: %w", v.Name, ErrChanged)
	}
	return w.clean(ctx, v.Kind, u)
}

func sameFloor(kind Kind, u *unstructured.Unstructured, original *int32) bool {
	v, err := Read(kind, u)
	return err == nil && same(v.Min, original)
}

// clean removes the claim and our entry of managedFields, and gives the field
// back to the manager that had it.
func (w *Writer) clean(ctx context.Context, kind Kind, u *unstructured.Unstructured) (*View, error) {
	v, err := Read(kind, u)
	if err != nil {
		return nil, err
	}
	fields, traced := withoutUs(u.GetManagedFields(), v.Claim, kind)
	if v.Claim == nil && !traced {
		return v, nil
	}
	ops := []map[string]any{
		{"op": "test", "path": "/metadata/resourceVersion", "value": u.GetResourceVersion()},
		{"op": "replace", "path": "/metadata/managedFields", "value": fields},
	}
	if v.Claim != nil {
		path := "/metadata/annotations/" + strings.ReplaceAll(Annotation, "/", "~1") // RFC 6901
		if len(u.GetAnnotations()) == 1 {
			path = "/metadata/annotations"
		}
		ops = append(ops, map[string]any{"op": "remove", "path": path})
	}
	body, err := json.Marshal(ops)
	if err != nil {
		return nil, fmt.Errorf("hpa: %w", err)
	}
	return w.patch(ctx, v, types.JSONPatchType, body, metav1.PatchOptions{FieldManager: Manager})
}

// Scale raises the count of what v scales to n, if it is below and not zero. The error is
// that of the API server, or wraps [ErrChanged] if somebody else wrote each time meanwhile.
func (w *Writer) Scale(ctx context.Context, v *View, n int32) error {
	mapping, err := w.Mapper.RESTMapping(v.Target.GVK.GroupKind(), v.Target.GVK.Version)
	if err != nil {
		return fmt.Errorf("hpa: target of %s: %w", v.Name, err)
	}
	client := w.Client.Resource(mapping.Resource).Namespace(v.Name.Namespace)
	for range 3 {
		u, err := client.Get(ctx, v.Target.Name, metav1.GetOptions{}, "scale")
		if err != nil {
			return fmt.Errorf("hpa: read the scale of %s %s: %w", v.Target.GVK.Kind, v.Target.Name, err)
		}
		if now := number(u, "spec", "replicas"); now == 0 || now >= n {
			return nil
		}
		body := fmt.Appendf(nil, `{"metadata":{"resourceVersion":%q},"spec":{"replicas":%d}}`, u.GetResourceVersion(), n)
		_, err = client.Patch(ctx, v.Target.Name, types.MergePatchType, body, metav1.PatchOptions{FieldManager: Manager}, "scale")
		switch {
		case err == nil:
			return nil
		case !apierrors.IsConflict(err):
			return fmt.Errorf("hpa: write the scale of %s %s: %w", v.Target.GVK.Kind, v.Target.Name, err)
		}
	}
	return fmt.Errorf("hpa: scale of %s %s: %w", v.Target.GVK.Kind, v.Target.Name, ErrChanged)
}

// Selector returns the label selector of the pods that v scales, and how many
// there should be. The error is that of the API server.
func (w *Writer) Selector(ctx context.Context, v *View) (selector string, replicas int32, err error) {
	mapping, err := w.Mapper.RESTMapping(v.Target.GVK.GroupKind(), v.Target.GVK.Version)
	if err != nil {
		return "", 0, fmt.Errorf("hpa: target of %s: %w", v.Name, err)
	}
	u, err := w.Client.Resource(mapping.Resource).Namespace(v.Name.Namespace).Get(ctx, v.Target.Name, metav1.GetOptions{}, "scale")
	if err != nil {
		return "", 0, fmt.Errorf("hpa: read the scale of %s %s: %w", v.Target.GVK.Kind, v.Target.Name, err)
	}
	selector, _, _ = unstructured.NestedString(u.Object, "status", "selector")
	return selector, number(u, "spec", "replicas"), nil
}
