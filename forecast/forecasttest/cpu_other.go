//go:build !unix

package forecasttest

import "testing"

// CPU reports nothing: the processor time of a process is not known here.
func CPU(*testing.B) (report func()) { return func() {} }
