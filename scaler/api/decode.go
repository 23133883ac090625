package api

import (
	"bytes"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// maxDepth bounds the nesting of a decoded document, which is 5 in a valid one.
const maxDepth = 16

// Decode reads a Spec from JSON. The error is a [Faults] with every unknown or
// repeated key and every value of a wrong kind. Decode neither fills defaults
// nor validates: see [Spec.Default] and [Spec.Validate].
func Decode(data []byte) (Spec, error) {
	var spec Spec
	err := DecodeInto(&spec, data)
	return spec, err
}

// DecodeInto is [Decode] for another struct, whose fields have json tags. Fields that the
// document leaves out keep their values in dst.
func DecodeInto[T any](dst *T, data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	d := decoder{}
	tree, err := d.parse(dec, "", 0)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more text after the end of the document")
		}
	}
	if err != nil {
		return Faults{{Want: "want one JSON or YAML document: " + err.Error()}}
	}
	d.assign(reflect.ValueOf(dst).Elem(), tree, "")
	return d.faults.err()
}

// A node of a decoded document is an object, a list, a string, a json.Number, a bool, or nil for
// null.
type (
	object map[string]any
	list   []any
)

type decoder struct {
	text   bool // booleans and numbers come as text, as in the metadata of a trigger
	faults Faults
}

// parse reads one value. It exists because encoding/json keeps the last of two
// equal keys in silence.
func (d *decoder) parse(dec *json.Decoder, path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok {
	case json.Delim('{'):
		out := object{}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				return nil, err
			}
			name, _ := key.(string) // the decoder admits nothing else here
			value, err := d.parse(dec, join(path, name), depth+1)
			if err != nil {
				return nil, err
			}
			if _, dup := out[name]; dup {
				d.fault(join(path, name), "", "given twice")
			}
			out[name] = value
		}
		_, err = dec.Token()
		return out, err
	case json.Delim('['):
		out := list{}
		for dec.More() {
			value, err := d.parse(dec, join(path, strconv.Itoa(len(out))), depth+1)
			if err != nil {
				return nil, err
			}
			out = append(out, value)
		}
		_, err = dec.Token()
		return out, err
	}
	return tok, nil
}

// assign sets v from node.
func (d *decoder) assign(v reflect.Value, node any, path string) {
	if node == nil {
		return
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		d.assign(v.Elem(), node, path)
		return
	}
	if t, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		text, isText := scalar(node)
		if !isText {
			d.fault(path, "", "want text, found "+kind(node))
			return
		}
		if err := t.UnmarshalText([]byte(text)); err != nil {
			d.fault(path, quoteEmpty(text), err.Error())
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.assignStruct(v, node, path)
	case reflect.Slice:
		d.assignSlice(v, node, path)
	default:
		d.assignScalar(v, node, path)
	}
}

// absent reports whether v holds the zero that stands for a value that was not given. Writing
// that zero is a fault, because its author may mean something other than the default. Pointers
// tell the two apart.
func absent(v reflect.Value) bool {
	switch v.Interface().(type) {
	case Duration, Number:
		return v.IsZero()
	}
	return false
}

func (d *decoder) assignStruct(v reflect.Value, node any, path string) {
	obj, ok := node.(object)
	if !ok {
		d.fault(path, "", "want an object, found "+kind(node))
		return
	}
	names := fieldNames(v.Type())
	for _, key := range sortedKeys(obj) {
		i := slices.Index(names, key)
		if i < 0 {
			d.unknown(v.Type(), path, key, obj[key])
			continue
		}
		before, at := len(d.faults), join(path, key)
		d.assign(v.Field(i), obj[key], at)
		if text, given := scalar(obj[key]); given && absent(v.Field(i)) && len(d.faults) == before && at != "scale.activationThreshold" {
			d.fault(at, text, "want more than 0, or leave it out for its default")
		}
	}
}

func (d *decoder) assignSlice(v reflect.Value, node any, path string) {
	items, ok := node.(list)
	if obj, isObject := node.(object); isObject && d.text {
		if items, ok = indexed(obj); !ok {
			d.fault(path, "", "want a list, its keys counted from 0 without a gap, found "+strings.Join(sortedKeys(obj), " and "))
			return
		}
	}
	if !ok {
		d.fault(path, "", "want a list, found "+kind(node))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, item := range items {
		d.assign(v.Index(i), item, join(path, strconv.Itoa(i)))
	}
}

func (d *decoder) assignScalar(v reflect.Value, node any, path string) {
	text, _ := scalar(node)
	switch v.Kind() {
	case reflect.String:
		if s, ok := node.(string); ok {
			v.SetString(s)
			return
		}
		d.fault(path, text, "want text in quotes, found "+kind(node))
	case reflect.Bool:
		truth, ok := d.truth(node)
		if !ok {
			d.fault(path, text, "want true or false")
			return
		}
		v.SetBool(truth)
	case reflect.Int32, reflect.Int:
		n, ok := d.whole(node)
		if !ok {
			d.fault(path, text, "want a whole number such as 10")
			return
		}
		v.SetInt(n)
	case reflect.Float64:
		number, isNumber := node.(json.Number)
		x, err := number.Float64()
		if !isNumber || err != nil {
			d.fault(path, text, "want a number such as 2.5")
			return
		}
		v.SetFloat(x)
	default:
		d.fault(path, text, "cannot be set") // no field has another kind
	}
}

// truth reads a boolean, which metadata writes as text.
func (d *decoder) truth(node any) (value, ok bool) {
	if text, isText := node.(string); isText && d.text {
		return text == "true", text == "true" || text == "false"
	}
	value, ok = node.(bool)
	return value, ok
}

// whole reads a whole number of 32 bits, which metadata writes as text.
func (d *decoder) whole(node any) (int64, bool) {
	text, ok := scalar(node)
	if _, isNumber := node.(json.Number); !isNumber && !d.text {
		ok = false
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return n, ok && err == nil
}

// unknown reports a key that the struct t at path does not have. In metadata it reports
// each key below it, as its user wrote them.
func (d *decoder) unknown(t reflect.Type, path, key string, node any) {
	below, nested := node.(object)
	switch {
	case d.text && nested:
		for _, k := range sortedKeys(below) {
			d.unknown(t, path, join(key, k), below[k])
		}
	case d.text && path == "":
		value, _ := scalar(node)
		d.fault(key, value, "unknown key"+suggestPath(key, t))
	default:
		d.fault(join(path, key), "", "unknown key"+suggest(path, key, fieldNames(t)))
	}
}

func (d *decoder) fault(path, value, want string) {
	d.faults = append(d.faults, Fault{Path: path, Value: value, Want: want})
}

// scalar returns the text of a string or a number.
func scalar(node any) (string, bool) {
	switch n := node.(type) {
	case string:
		return n, true
	case json.Number:
		return n.String(), true
	}
	return "", false
}

func kind(node any) string {
	switch node.(type) {
	case object:
		return "an object"
	case list:
		return "a list"
	case string:
		return "text"
	case json.Number:
		return "a number"
	case bool:
		return "a boolean"
	}
	return "null"
}

// quoteEmpty returns text as the value of a [Fault], in which an empty one would mean that none
// was given.
func quoteEmpty(text string) string {
	if text == "" {
		return " "
	}
	return text
}

// indexed turns an object with the keys 0 to n−1 into a list.
func indexed(obj object) (list, bool) {
	out := make(list, len(obj))
	for key, value := range obj {
		i, err := strconv.Atoi(key)
		if err != nil || i < 0 || i >= len(out) || strconv.Itoa(i) != key {
			return nil, false
		}
		out[i] = value
	}
	return out, true
}

func fieldNames(t reflect.Type) []string {
	names := make([]string, t.NumField())
	for i := range names {
		names[i], _, _ = strings.Cut(t.Field(i).Tag.Get("json"), ",")
	}
	return names
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
