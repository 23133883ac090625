package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Fault is one thing wrong with a specification.
type Fault struct { //nolint:errname // a fault of a document, one of several
	Path  string // of the field, such as scale.targetPerReplica; empty for the whole document
	Value string // as found; empty if the field was missing
	Want  string // what would be right
}

// Error returns the fault in one line, led by its path.
func (f Fault) Error() string {
	text := f.Want
	if f.Value != "" {
		text = fmt.Sprintf("%q: %s", f.Value, text)
	}
	if f.Path != "" {
		text = f.Path + ": " + text
	}
	return text
}

// Faults are all things wrong with a specification, in the order of its fields.
type Faults []Fault //nolint:errname // the faults of a document

// Error returns one fault a line.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.Error()
	}
	return strings.Join(lines, "\n")
}

// With returns fs and the faults in err whose path has none yet: a field that could not be
// read must not be reported as missing too. An error that is not a [Faults] becomes a fault of
// the whole document.
func (fs Faults) With(err error) Faults {
	if err == nil {
		return fs
	}
	var more Faults
	if !errors.As(err, &more) {
		more = Faults{{Want: err.Error()}}
	}
	for _, f := range more {
		if !slices.ContainsFunc(fs, func(g Fault) bool { return samePath(g.Path, f.Path) }) {
			fs = append(fs, f)
		}
	}
	return fs
}

// samePath reports whether two keys name one field, one of them perhaps in the
// spelling that KEDA fills from the environment.
func samePath(a, b string) bool {
	return strings.TrimSuffix(a, fromEnvSuffix) == strings.TrimSuffix(b, fromEnvSuffix)
}

// err returns fs as an error, nil if there is no fault.
func (fs Faults) err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs
}
