package telemetry

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
)

// An Object is the state of one PredictiveAutoscaler.
type Object struct {
	Namespace, Name string

	Floor      int32 // in force on the target
	Current    int32 // replicas of the target
	Desired    int32 // that demand asks for, before any rule; negative = not known
	Conditions []Condition
}

// A Condition is one condition of an [Object].
type Condition struct {
	Type, Reason string
	Value        float64 // 1 = True, 0 = False, NaN = Unknown
}

// Acts lists the objects that this replica acts on.
type Acts interface {
	Leads() bool            // false on a standby
	Objects(f func(Object)) // none on a standby
}

// Objects exports the state of the objects of a controller, labelled by namespace and name:
//
//	forescale_leads                    1 on the replica that acts, 0 on a standby, without labels
//	forescale_object_floor_replicas    floor in force
//	forescale_object_current_replicas  replicas of the target
//	forescale_object_desired_replicas  replicas that demand asks for, before any rule
//	forescale_object_condition         1 while the condition is True, 0 while it is False, by condition and reason
//
// Only the replica that acts knows all of this, and exports it. Values that are not
// known are left out. It is safe for concurrent use.
type Objects struct {
	acts Acts

	leads, floor, current, desired, condition *prometheus.Desc
}

var _ prometheus.Collector = (*Objects)(nil)

// NewObjects registers the metrics of acts on reg. It returns the error of reg if they
// are registered already.
func NewObjects(reg prometheus.Registerer, acts Acts) (*Objects, error) {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("forescale_"+name, help, labels, nil)
	}
	o := &Objects{
		acts:      acts,
		leads:     desc("leads", "Whether this replica is the elected one, which acts."),
		floor:     desc("object_floor_replicas", "Floor in force on the target.", "namespace", "name"),
		current:   desc("object_current_replicas", "Replicas of the target.", "namespace", "name"),
		desired:   desc("object_desired_replicas", "Replicas that demand asks for, before any rule.", "namespace", "name"),
		condition: desc("object_condition", "Whether a condition of the object is true.", "namespace", "name", "condition", "reason"),
	}
	return o, reg.Register(o)
}

// Describe implements prometheus.Collector.
func (o *Objects) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{o.leads, o.floor, o.current, o.desired, o.condition} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (o *Objects) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	gauge(o.leads, truth(o.acts.Leads()))
	o.acts.Objects(func(x Object) {
		gauge(o.floor, float64(x.Floor), x.Namespace, x.Name)
		gauge(o.current, float64(x.Current), x.Namespace, x.Name)
		if x.Desired >= 0 {
			gauge(o.desired, float64(x.Desired), x.Namespace, x.Name)
		}
		for _, c := range x.Conditions {
			if !math.IsNaN(c.Value) {
				gauge(o.condition, c.Value, x.Namespace, x.Name, c.Type, c.Reason)
			}
		}
	})
}
