package main

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestTheMemoryOfTheContainer(t *testing.T) {
	const v2, v1 = "sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"
	for name, c := range map[string]struct {
		file, text string
		want       int64
	}{
		"a limit":            {v2, "1073741824\n", 1 << 30},
		"none":               {v2, "max\n", 0},
		"version 1":          {v1, "1073741824\n", 1 << 30},
		"version 1, none":    {v1, "9223372036854771712\n", 0}, // the largest number of whole pages
		"no container":       {"etc/hostname", "node", 0},
		"something not read": {v2, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, containerMemory(fstest.MapFS{c.file: {Data: []byte(c.text)}}))
		})
	}
}
