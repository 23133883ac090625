package stack

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"
)

// Apply applies each document of text from the server's side, with strict
// validation.
func (s *Stack) Apply(ctx context.Context, text string) error {
	return s.ApplyAs(ctx, text, "e2e")
}

// ApplyAs is Apply with another field manager.
func (s *Stack) ApplyAs(ctx context.Context, text, manager string) error {
	for doc := range strings.SplitSeq(text, "\n---") {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(doc), &u.Object); err != nil {
			return fmt.Errorf("%w in %s", err, doc)
		}
		if len(u.Object) == 0 {
			continue
		}
		if err := s.applyOne(ctx, u, manager); err != nil {
			return fmt.Errorf("apply %s %s: %w", u.GetKind(), u.GetName(), err)
		}
	}
	return nil
}

func (s *Stack) applyOne(ctx context.Context, u *unstructured.Unstructured, manager string) error {
	gvk := u.GroupVersionKind()
	var mapping *meta.RESTMapping
	err := Until(ctx, time.Minute, func(context.Context) (err error) { // a CRD takes a moment
		mapping, err = s.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			s.mapper.Reset()
		}
		return err
	})
	if err != nil {
		return err
	}
	body, err := u.MarshalJSON()
	if err != nil {
		return err
	}
	resource := s.Dynamic.Resource(mapping.Resource)
	force := true
	opts := metav1.PatchOptions{FieldManager: manager, Force: &force, FieldValidation: "Strict"}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		ns := u.GetNamespace()
		if ns == "" {
			ns = "default"
		}
		_, err = resource.Namespace(ns).Patch(ctx, u.GetName(), types.ApplyPatchType, body, opts)
		return err
	}
	_, err = resource.Patch(ctx, u.GetName(), types.ApplyPatchType, body, opts)
	return err
}
