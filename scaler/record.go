package scaler

import (
	"encoding/json"
	"fmt"

	"github.com/forescale/forescale/scaler/api"
)

// A Record holds everything that one decision depended on, and what was decided.
// As JSON it can be stored, sent and replayed bit for bit.
type Record struct {
	Spec     api.ScaleSpec `json:"spec"`
	State    State         `json:"state"` // before the decision
	Input    Input         `json:"input"`
	Decision Decision      `json:"decision"`
}

// Replay takes the decision again. It returns an error with both counts if the new
// one is not the recorded one, which means that the rules of this program are not
// those of the program that wrote the record.
func (r Record) Replay() (Decision, State, error) {
	d, st := Decide(r.Spec, r.State, r.Input)
	if d != r.Decision {
		return d, st, fmt.Errorf("scaler: replay gives %d (%s), recorded %d (%s)",
			d.Replicas, d.Reason, r.Decision.Replicas, r.Decision.Reason)
	}
	return d, st, nil
}

type decisionJSON struct {
	Replicas int32  `json:"replicas"`
	Asked    int32  `json:"asked"`
	Reason   Reason `json:"reason"`
	Trail    []Step `json:"trail"`
}

// MarshalJSON implements json.Marshaler.
func (d Decision) MarshalJSON() ([]byte, error) {
	return json.Marshal(decisionJSON{d.Replicas, d.Asked, d.Reason, d.Trail()})
}

// UnmarshalJSON implements json.Unmarshaler.
func (d *Decision) UnmarshalJSON(text []byte) error {
	var j decisionJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	if len(j.Trail) > maxSteps {
		return fmt.Errorf("scaler: a trail of %d steps, want at most %d", len(j.Trail), maxSteps)
	}
	*d = Decision{Replicas: j.Replicas, Asked: j.Asked, Reason: j.Reason, n: len(j.Trail)}
	copy(d.steps[:], j.Trail)
	return nil
}
