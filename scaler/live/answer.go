package live

import (
	"errors"
	"time"

	"github.com/forescale/forescale/scaler"
)

// ErrStarting is the Err of an [Answer] whose first query is still under way.
var ErrStarting = errors.New("its history is being read, ask again in a few seconds")

// A Key names one workload: a metric of a scaled object.
type Key struct {
	Namespace string // of the object
	Name      string // of the ScaledObject or PredictiveAutoscaler
	Metric    string // tells several metrics of one object apart
}

// String returns namespace/name/metric, for logs and errors.
func (k Key) String() string { return k.Namespace + "/" + k.Name + "/" + k.Metric }

// An Answer is what a workload says at one tick: all parts come from one
// decision, so that a value and its activity never contradict each other.
type Answer struct {
	Value     float64       // demand to provide for, ≥ 0 and finite, unit of the metric
	Target    float64       // demand that one replica serves, same unit; 0 = not known, and Err says why
	Active    bool          // false only if demand is known to be at or under the activation threshold
	At        time.Time     // of the tick
	Observed  float64       // newest demand sample; NaN = none within the TTL
	Predicted float64       // forecast part of Value; NaN = reactive only
	Rule      scaler.Reason // why Value differs from what the demand needs; empty = it does not
	Err       error         // non-nil: nothing may be served, with the cause and the remedy; of the other fields only Target is then valid
}
