package hpa

import (
	"encoding/json"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// withoutUs returns list without our entry, and whether there was one. The floor
// field goes back to the managers that the claim names; one that holds nothing
// else any more has no entry, and gets none.
func withoutUs(list []metav1.ManagedFieldsEntry, claim *Claim, kind Kind) (out []metav1.ManagedFieldsEntry, traced bool) {
	out = []metav1.ManagedFieldsEntry{}
	for _, e := range list {
		if e.Manager == Manager && e.Subresource == "" {
			traced = true
			continue
		}
		if claim != nil && e.Subresource == "" && slices.Contains(claim.Owners, Owner{e.Manager, string(e.Operation)}) {
			e.FieldsV1 = withField(e.FieldsV1, kind.Min)
		}
		out = append(out, e)
	}
	return out, traced
}

// withField returns fields with spec.name among them. Fields that cannot be read
// stay as they are.
func withField(fields *metav1.FieldsV1, name string) *metav1.FieldsV1 {
	all, spec := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	if fields != nil && json.Unmarshal(fields.GetRawBytes(), &all) != nil {
		return fields
	}
	if raw, found := all["f:spec"]; found && json.Unmarshal(raw, &spec) != nil {
		return fields
	}
	spec["f:"+name] = json.RawMessage("{}")
	raw, err := json.Marshal(spec)
	if err != nil {
		return fields
	}
	all["f:spec"] = raw
	text, err := json.Marshal(all)
	if err != nil {
		return fields
	}
	return metav1.NewFieldsV1(string(text))
}
