//go:build unix

package forecasttest

import (
	"syscall"
	"testing"
	"time"
)

// CPU starts to count the processor time of the process; the function it returns
// ends that and reports it per iteration of b as cpu-ns/op. On a machine that
// other work shares, this is what the code costs, where ns/op tells of the
// others.
func CPU(b *testing.B) (report func()) {
	b.Helper()
	start := cpuTime(b)
	return func() {
		b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
