package external

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/forescale/forescale/scaler/api"
)

// maxNameBytes bounds metricName: with KEDA's prefix it stays a file name and a
// label that every tool can show.
const maxNameBytes = 240

// defaultMetricName returns the name of a trigger's metric whose metadata has no
// metricName: forescale and a short digest of the query. Triggers that ask
// different queries thus have different names, and a name outlives changes of
// everything but the query.
func defaultMetricName(query string) string {
	digest := sha256.Sum256([]byte(query))
	return "forescale-" + hex.EncodeToString(digest[:4])
}

// Decode reads a trigger's metadata: the metric name and the specification with
// its defaults. The error is an [api.Faults] with every fault.
func Decode(metadata map[string]string) (name string, spec api.Spec, err error) {
	var faults api.Faults
	name, given := metadata[api.MetricNameKey]
	if want := nameFault(name); given && want != "" {
		faults = append(faults, api.Fault{Path: api.MetricNameKey, Value: name, Want: want})
	}
	spec, err = api.FromMetadata(metadata)
	faults = faults.With(err).With(spec.Validate())
	if len(faults) > 0 {
		return "", api.Spec{}, faults
	}
	if !given {
		name = defaultMetricName(spec.Metric.Query)
	}
	return name, spec.Default(), nil
}

// nameFault returns what would be right if name cannot be a metric's name: it
// becomes a segment of a URL path in the external metrics API.
func nameFault(name string) string {
	switch {
	case name == "":
		return "empty, want a name such as requests, or leave the key out"
	case name == "." || name == "..":
		return "want a name that is not a folder of a path, such as requests"
	case len(name) > maxNameBytes:
		return "want at most 240 bytes"
	}
	for _, r := range name {
		if r == '/' || r == '%' || r <= ' ' || r > '~' {
			return "want visible ASCII without / and %, such as requests: it becomes part of a URL"
		}
	}
	return ""
}

// differing returns the keys in which a and b differ, sorted.
func differing(a, b map[string]string) []string {
	keys := map[string]bool{}
	for _, m := range []map[string]string{a, b} {
		for k := range m {
			va, inA := a[k]
			vb, inB := b[k]
			if va != vb || inA != inB {
				keys[k] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(keys))
}
