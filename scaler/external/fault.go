package external

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/live"
)

// shownQuery is how much of a query an error quotes, in bytes.
const shownQuery = 200

// invalid returns the status for metadata with faults: one line for each, with
// the ScaledObject, the key, the value and the remedy.
func invalid(name objectName, metadata map[string]string, err error) error {
	var faults api.Faults
	if !errors.As(err, &faults) {
		return status.Errorf(codes.InvalidArgument, "%s: %v", name, err)
	}
	lines := make([]string, len(faults))
	for i, f := range faults {
		if f.Value == "" {
			f.Value = metadata[f.Path]
		}
		lines[i] = fmt.Sprintf("%s: metadata key %v", name, f)
	}
	return status.Error(codes.InvalidArgument, strings.ToValidUTF8(strings.Join(lines, "\n"), "?"))
}

// duplicate returns the status for triggers of one ScaledObject that share a
// metric name but differ in their metadata.
func duplicate(name objectName, v *variant, rivals []*variant) error {
	var keys []string
	for _, r := range rivals {
		keys = append(keys, differing(v.metadata, r.metadata)...)
	}
	slices.Sort(keys)
	return status.Errorf(codes.InvalidArgument,
		"%s: metadata key %s: %q: shared by %d triggers, which differ in %s: give each trigger a %s of its own",
		name, api.MetricNameKey, v.trigger.key.Metric, 1+len(rivals),
		strings.Join(slices.Compact(keys), ", "), api.MetricNameKey)
}

// unnamed returns the status for a call that does not say which ScaledObject it
// is about, nil if it does.
func unnamed(name objectName) error {
	switch {
	case name.name == "":
		return status.Errorf(codes.InvalidArgument, "ScaledObjectRef.name: missing, want the name of the ScaledObject (namespace %q)", name.namespace)
	case name.namespace == "":
		return status.Errorf(codes.InvalidArgument, "ScaledObjectRef.namespace: missing, want the namespace of ScaledObject %q", name.name)
	}
	return nil
}

// unknownMetric returns the status for a metric that the trigger does not serve.
func unknownMetric(key live.Key, asked string) error {
	return status.Errorf(codes.NotFound, "%s: metric %q is not served by this trigger, whose metric is %q: ask for that, or set the metadata key %s to %q",
		objectName{key.Namespace, key.Name}, asked, key.Metric, api.MetricNameKey, asked)
}

// unavailable returns the status of a trigger that has no answer: what KEDA must
// hear in place of an invented number.
func unavailable(v *variant, why error) error {
	query := v.spec.Metric.Query
	if len(query) > shownQuery {
		query = query[:shownQuery] + "…"
	}
	key := v.trigger.key
	text := fmt.Sprintf("%s: metric %q: no answer: %v; replicas are held meanwhile (or KEDA's fallback applies); metric.query is %q, check that it yields one fresh series",
		objectName{key.Namespace, key.Name}, key.Metric, why, query)
	return status.Error(codes.Unavailable, strings.ToValidUTF8(text, "?"))
}
