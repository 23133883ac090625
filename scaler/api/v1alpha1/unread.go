package v1alpha1

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"github.com/forescale/forescale/scaler/api"
)

// UnmarshalJSON reads a spec. It fails only for text that is not a JSON object. The schema
// of the CRD accepts some values that cannot be read, such as a lead time of 0s, and an error
// would end the list and the watch of all objects, in all namespaces, because of one. Such an
// object keeps what can be read, above all the target, and lists the rest in Unread. A CRD
// that is newer than this program accepts fields that it does not know, and lists in Unknown.
func (in *Spec) UnmarshalJSON(data []byte) error {
	type plain Spec // without this method
	var whole plain
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if strict.Decode(&whole) == nil {
		*in = Spec(whole)
		return nil
	}
	parts, faults, err := inParts(data)
	if err != nil {
		return err
	}
	whole = plain{}
	if json.Unmarshal(data, &whole) == nil {
		*in = Spec(whole)
		in.Unknown = faults.Error()
		return nil
	}
	*in = *parts
	in.Unread = faults.Error()
	if len(faults) == 0 {
		in.Unread = "the object cannot be read"
	}
	return nil
}

// inParts reads what can be read of a spec, and returns every fault of the rest. It fails for
// text that is not a JSON object.
func inParts(data []byte) (*Spec, api.Faults, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return nil, nil, err
	}
	var (
		out    Spec
		faults api.Faults
	)
	for _, part := range []struct {
		key  string
		into any
	}{{"targetRef", &out.TargetRef}, {"podCPU", &out.PodCPU}} {
		if text, found := fields[part.key]; found {
			if err := json.Unmarshal(text, part.into); err != nil {
				faults = append(faults, api.Fault{Path: part.key, Want: err.Error()})
			} else if part.key == "targetRef" {
				faults = faults.With(unknownInTarget(text))
			}
			delete(fields, part.key)
		}
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return nil, nil, err
	}
	return &out, faults.With(api.DecodeInto(&out.Spec, rest)), nil
}

// unknownInTarget returns the fields of a targetRef that are not known.
func unknownInTarget(text json.RawMessage) error {
	var spec struct {
		TargetRef TargetRef `json:"targetRef"`
	}
	return api.DecodeInto(&spec, slices.Concat([]byte(`{"targetRef":`), text, []byte(`}`)))
}

// Validate returns every fault of in, those that kept fields from being read first.
func (in *Spec) Validate() error {
	if in.Unread != "" {
		return errors.New(in.Unread)
	}
	return in.Spec.Validate()
}
