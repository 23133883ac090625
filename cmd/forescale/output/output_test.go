package output_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/cmd/forescale/output"
)

// The files of dir, hidden ones too.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

func TestAFileAppearsWhenItIsComplete(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "b.json")
	require.NoError(t, os.WriteFile(path, []byte("before"), 0o600))
	require.NoError(t, os.Chmod(path, 0o666), "more than a umask would leave")
	half := func(w io.Writer) error {
		_, _ = io.WriteString(w, "half of it")
		return errors.New("no space left on device")
	}
	require.ErrorContains(t, output.Create(path, half), "no space left")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "before", string(text))
	require.Equal(t, []string{"b.json"}, names(t, dir), "and nothing beside it")

	link := filepath.Join(dir, "link.json")
	require.NoError(t, os.Symlink("b.json", link))
	require.NoError(t, output.Create(link, func(w io.Writer) error { _, err := io.WriteString(w, "after"); return err }))
	text, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "after", string(text))
	info, err := os.Lstat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o666), info.Mode(), "the mode stays")
	require.Equal(t, []string{"b.json", "link.json"}, names(t, dir))

	file, err := output.Open(filepath.Join(dir, "c.json"))
	require.NoError(t, err)
	file.Drop()
	require.Equal(t, []string{"b.json", "link.json"}, names(t, dir))
	require.NoError(t, output.Create(os.DevNull, func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err }), "a device is written to, not replaced")
	info, err = os.Stat(os.DevNull)
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&os.ModeDevice)
}

// What is printed and what is written to the file that it is printed to stand below each other,
// and below what stood there, as in forescale accuracy --json /dev/stdout >> log.
func TestStandardOutputIsNotReplaced(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("before\n"), 0o600))
	log, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	require.NoError(t, err)
	defer log.Close()
	standard := os.Stdout
	os.Stdout = log
	defer func() { os.Stdout = standard }()
	require.NoError(t, output.Create(path, func(w io.Writer) error { _, err := io.WriteString(w, "figures\n"); return err }))
	_, err = io.WriteString(os.Stdout, "table\n")
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "before\nfigures\ntable\n", string(text))
}

// A file that no other can stand beside until it is complete, here for its long name, keeps its
// content as long as nothing is written.
func TestAnInterruptionLeavesWhatIsWrittenDirectly(t *testing.T) {
	path := filepath.Join(t.TempDir(), strings.Repeat("x", 250))
	require.NoError(t, os.WriteFile(path, []byte("what was there before"), 0o600))
	file, err := output.Open(path)
	require.NoError(t, err)
	file.Drop()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "what was there before", string(text))
	require.NoError(t, output.Create(path, func(w io.Writer) error { _, err := io.WriteString(w, "after"); return err }))
	text, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "after", string(text))
}

func TestADashIsNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := output.Open("-")
	require.ErrorContains(t, err, "standard output is /dev/stdout")
	require.NoFileExists(t, "-")
}
