package output_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/cmd/forescale/output"
)

// mount mounts for the time of the test, which is skipped where that is not allowed.
func mount(t *testing.T, source, target, kind string, flags uintptr, options string) {
	t.Helper()
	if err := syscall.Mount(source, target, kind, flags, options); err != nil {
		t.Skip("mounting takes privileges:", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(target, syscall.MNT_DETACH)) })
}

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

func requireFile(t *testing.T, path, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

// A file that is mounted into a container can be written, but no other can take its name.
func TestAFileThatIsMountedIsWritten(t *testing.T) {
	dir := t.TempDir()
	outside, inside := filepath.Join(dir, "outside.json"), filepath.Join(dir, "inside.json")
	for _, path := range []string{outside, inside} {
		require.NoError(t, os.WriteFile(path, []byte("what was there before"), 0o600))
	}
	mount(t, outside, inside, "", syscall.MS_BIND, "")
	require.NoError(t, output.Create(inside, text("after")))
	requireFile(t, outside, "after")
	require.Equal(t, []string{"inside.json", "outside.json"}, names(t, dir), "and nothing is left beside it")
}

func TestAFullDiskLeavesWhatStoodThere(t *testing.T) {
	for name, options := range map[string]string{"no space": "size=16k", "no room for another file": "size=16k,nr_inodes=2"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			mount(t, "tmpfs", dir, "tmpfs", 0, options)
			path := filepath.Join(dir, "a.json")
			require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
			err := output.Create(path, text(strings.Repeat("x", 1<<16)))
			require.ErrorIs(t, err, syscall.ENOSPC)
			require.ErrorContains(t, err, " "+path+": no space left on device")
			requireFile(t, path, "before")
			require.Equal(t, []string{"a.json"}, names(t, dir))
		})
	}
}
