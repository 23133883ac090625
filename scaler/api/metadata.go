package api

import (
	"reflect"
	"strings"
)

// MetricNameKey is the metadata key that names a trigger's metric. It belongs to
// the trigger and not to the Spec.
const MetricNameKey = "metricName"

// fromEnvSuffix marks a key whose value KEDA resolved from the environment of
// the target's container.
const fromEnvSuffix = "FromEnv"

// foreignKey reports whether key of a trigger's metadata is no field of a Spec: one that KEDA
// itself reads, or metricName.
func foreignKey(key string) bool {
	switch key {
	case "scalerAddress", "enableTLS", "unsafeSsl", "caCert", "tlsClientCert", "tlsClientKey", MetricNameKey:
		return true
	}
	return false
}

// FromMetadata reads a Spec from the metadata of a KEDA trigger: each key is the
// JSON path of a field joined by dots, lists are counted from 0
// (forecast.events.0.name), and a key that ends in FromEnv counts as the key
// without it. Keys that KEDA itself reads, and metricName, are passed over.
//
// The error is a [Faults] with every fault, as for [Decode].
func FromMetadata(metadata map[string]string) (Spec, error) {
	var spec Spec
	d := decoder{text: true}
	root := object{}
	for _, key := range sortedKeys(metadata) {
		if foreignKey(key) {
			continue
		}
		name := strings.TrimSuffix(key, fromEnvSuffix)
		if name != key {
			if _, both := metadata[name]; both {
				d.fault(key, "", "given together with "+name+", want one of the two")
				continue
			}
		}
		d.place(root, name, metadata[key])
	}
	d.assign(reflect.ValueOf(&spec).Elem(), root, "")
	return spec, d.faults.err()
}

// place puts value into the tree at the dotted path.
func (d *decoder) place(root object, path, value string) {
	parts := strings.Split(path, ".")
	if len(parts) > maxDepth {
		d.fault(path, value, "unknown key")
		return
	}
	at := root
	for _, part := range parts[:len(parts)-1] {
		next, ok := at[part].(object)
		if !ok {
			if _, taken := at[part]; taken {
				d.fault(path, value, "a key above it holds a value, want either the one or the other")
				return
			}
			next = object{}
			at[part] = next
		}
		at = next
	}
	last := parts[len(parts)-1]
	if _, taken := at[last]; taken {
		d.fault(path, value, "given together with keys below it, want either the one or the other")
		return
	}
	at[last] = value
}
