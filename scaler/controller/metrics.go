package controller

import (
	"math"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/forescale/forescale/scaler/telemetry"
)

var _ telemetry.Acts = (*Controller)(nil)

// Objects calls f with how each object does that this replica acts on, in no order, as
// its status would say now; a standby calls it with none.
func (c *Controller) Objects(f func(telemetry.Object)) {
	if !c.leads.Load() {
		return
	}
	now := c.opts.Now()
	for _, t := range c.all() {
		t.mu.Lock()
		if t.object == nil || t.gone {
			t.mu.Unlock()
			continue
		}
		s := t.describe(now, c.opts.ReadOnly)
		t.mu.Unlock()
		o := telemetry.Object{Namespace: t.name.Namespace, Name: t.name.Name, Floor: s.Floor, Current: s.CurrentReplicas, Desired: s.DesiredReplicas}
		for _, cond := range s.Conditions {
			o.Conditions = append(o.Conditions, telemetry.Condition{Type: cond.Type, Reason: cond.Reason, Value: truth(cond.Status)})
		}
		f(o)
	}
}

// truth is 1 for True, 0 for False and NaN for Unknown.
func truth(s metav1.ConditionStatus) float64 {
	switch s {
	case metav1.ConditionTrue:
		return 1
	case metav1.ConditionFalse:
		return 0
	case metav1.ConditionUnknown:
	}
	return math.NaN()
}
