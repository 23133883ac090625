package api

import (
	"fmt"
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

// err returns fs as an error, nil if there is no fault.
func (fs Faults) err() error {
	if len(fs) == 0 {
		return nil
	}
	return fs
}
