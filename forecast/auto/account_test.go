package auto

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// An account is how many bytes the pieces of memory that a value consists of take,
// rounded up as the allocator does, by the fields that lead to them.
type account struct {
	bytes map[string]int
	seen  map[uintptr]bool
}

func newAccount() *account { return &account{bytes: map[string]int{}, seen: map[uintptr]bool{}} }

// accountOf is the account of the running state of f, with its sum. What all series share is
// left out.
func accountOf(f *filter) (*account, int) {
	all, bytes := newAccount(), 0
	all.add("plan", reflect.ValueOf(f.plan))
	clear(all.bytes)
	all.add("", reflect.ValueOf(f))
	for _, n := range all.bytes {
		bytes += n
	}
	return all, bytes
}

// add enters all that v leads to and that is not in the account yet. A slice of a piece
// that is shared counts for itself.
func (a *account) add(path string, v reflect.Value) {
	switch v.Kind() { //nolint:exhaustive // nothing else in the state leads anywhere
	case reflect.Interface:
		a.add(path, v.Elem())
	case reflect.Pointer:
		if a.enter(path, v, 1) {
			a.add(path, v.Elem())
		}
	case reflect.Slice:
		if a.enter(path, v, v.Cap()) {
			for i := range v.Len() {
				a.add(path, v.Index(i))
			}
		}
	case reflect.Array:
		for i := range v.Len() {
			a.add(path, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			a.add(path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	}
}

// enter reports whether n elements that v points to are new.
func (a *account) enter(path string, v reflect.Value, n int) bool {
	if v.IsNil() || n == 0 || a.seen[v.Pointer()] {
		return false
	}
	a.seen[v.Pointer()] = true
	a.bytes[path] += cap(append([]byte(nil), make([]byte, n*int(v.Type().Elem().Size()))...))
	return true
}

// String lists the parts, largest first.
func (a *account) String() string {
	lines := make([]string, 0, len(a.bytes))
	for path, n := range a.bytes {
		lines = append(lines, fmt.Sprintf("%6d %s", n, path))
	}
	slices.Sort(lines)
	slices.Reverse(lines)
	return strings.Join(lines, "\n")
}
