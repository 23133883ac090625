package api

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
)

// ToMetadata returns spec as the metadata of a KEDA trigger, the inverse of
// [FromMetadata]: fields that hold their zero value are left out.
func ToMetadata(spec Spec) map[string]string {
	out := map[string]string{}
	flatten(out, reflect.ValueOf(spec), "")
	return out
}

// flatten writes the fields of v that are not zero under their dotted paths.
func flatten(out map[string]string, v reflect.Value, path string) {
	if v.Kind() == reflect.Pointer {
		if !v.IsNil() {
			flatten(out, v.Elem(), path) // a pointer to zero is a value that was given
		}
		return
	}
	if t, ok := reflect.TypeAssert[encoding.TextMarshaler](v); ok {
		if text, err := t.MarshalText(); err == nil {
			out[path] = string(text)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i, name := range fieldNames(v.Type()) {
			if !v.Field(i).IsZero() {
				flatten(out, v.Field(i), join(path, name))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			flatten(out, v.Index(i), join(path, strconv.Itoa(i)))
		}
	default:
		out[path] = fmt.Sprint(v.Interface())
	}
}

// Keys returns every dotted key of a Spec, in the order of its fields, with 0 for
// the index of a list: the keys that a reference of the metadata lists.
func Keys() []string {
	var keys []string
	collectKeys(&keys, reflect.TypeFor[Spec](), "")
	return keys
}

func collectKeys(keys *[]string, t reflect.Type, path string) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		*keys = append(*keys, path)
	case t.Kind() == reflect.Struct:
		for i, name := range fieldNames(t) {
			collectKeys(keys, t.Field(i).Type, join(path, name))
		}
	case t.Kind() == reflect.Slice:
		collectKeys(keys, t.Elem(), join(path, "0"))
	default:
		*keys = append(*keys, path)
	}
}
