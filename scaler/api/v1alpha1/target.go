package v1alpha1

import "cmp"

// String returns the kind and the name, such as HorizontalPodAutoscaler/web; two
// references with the same text mean the same autoscaler of a namespace.
func (r TargetRef) String() string { return cmp.Or(r.Kind, KindHPA) + "/" + r.Name }

// Elder returns the name of the object among all that acts on the target of pa in
// its place: one in the same namespace with the same target that is not being
// deleted and was made before pa, or in the same second and has the lesser name.
// It returns "" where pa itself may act.
func (pa *PredictiveAutoscaler) Elder(all []PredictiveAutoscaler) string {
	for i := range all {
		o := &all[i]
		if o.Namespace != pa.Namespace || o.Name == pa.Name || !o.DeletionTimestamp.IsZero() || o.Spec.TargetRef.String() != pa.Spec.TargetRef.String() {
			continue
		}
		if o.CreationTimestamp.Before(&pa.CreationTimestamp) || o.CreationTimestamp.Equal(&pa.CreationTimestamp) && o.Name < pa.Name {
			return o.Name
		}
	}
	return ""
}
