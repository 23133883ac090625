package main

import (
	"io/fs"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// limitMemory tells the garbage collector of the memory limit of the container, unless
// $GOMEMLIMIT does. Without one the heap may grow to twice of what lives on it before it is
// collected: while the models of many objects are fitted at once, as after a start, the kernel
// could end a process that needs half of its limit.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if limit := containerMemory(os.DirFS("/")); limit > 0 {
		debug.SetMemoryLimit(limit / 10 * 9) // the rest is for what the collector does not count
	}
}

// containerMemory returns the memory limit in bytes of the container whose root is root, 0 if
// there is none or it cannot be told.
func containerMemory(root fs.FS) int64 {
	for _, file := range []string{"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"} { // of version 2 and 1
		text, err := fs.ReadFile(root, file)
		if err != nil {
			continue
		}
		limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil || limit > math.MaxInt64/2 { // "max", or what version 1 has for it
			return 0
		}
		return limit
	}
	return 0
}
