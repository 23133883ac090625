package v1alpha1

import (
	"encoding/json"
	"errors"

	"github.com/forescale/forescale/scaler/api"
)

// UnmarshalJSON reads a spec. It fails only for text that is not a JSON object. The schema
// of the CRD accepts some values that cannot be read, such as a lead time of 0s, and an error
// would end the list and the watch of all objects, in all namespaces, because of one. Such an
// object keeps what can be read, above all the target, and lists the rest in Unread.
func (in *Spec) UnmarshalJSON(data []byte) error {
	type plain Spec // without this method
	var whole plain
	if json.Unmarshal(data, &whole) == nil {
		*in = Spec(whole)
		return nil
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(data, &fields); err != nil {
		return err
	}
	*in = Spec{}
	var faults api.Faults
	for _, part := range []struct {
		key  string
		into any
	}{{"targetRef", &in.TargetRef}, {"podCPU", &in.PodCPU}} {
		if text, found := fields[part.key]; found {
			if err := json.Unmarshal(text, part.into); err != nil {
				faults = append(faults, api.Fault{Path: part.key, Want: err.Error()})
			}
			delete(fields, part.key)
		}
	}
	rest, err := json.Marshal(fields)
	if err != nil {
		return err
	}
	faults = faults.With(api.DecodeInto(&in.Spec, rest))
	in.Unread = faults.Error()
	if len(faults) == 0 {
		in.Unread = "the object cannot be read"
	}
	return nil
}

// Validate returns every fault of in, those that kept fields from being read first.
func (in *Spec) Validate() error {
	if in.Unread != "" {
		return errors.New(in.Unread)
	}
	return in.Spec.Validate()
}
