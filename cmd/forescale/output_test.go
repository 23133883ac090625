package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
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

// What cannot be written is told before the work, and a run that fails leaves no file.
func TestBacktestOpensItsOutputsFirst(t *testing.T) {
	dir := t.TempDir()
	_, _, err := runBacktest(t, "nowhere.csv", "--json", filepath.Join(dir, "no", "b.json"))
	require.ErrorContains(t, err, "nowhere.csv")
	load := writeWave(t, dir, "web.csv", 600, 60e9)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cmd := newBacktestCommand()
	cmd.SetArgs([]string{load, "--json", filepath.Join(dir, "no", "b.json")})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	require.ErrorContains(t, cmd.ExecuteContext(ctx), "--json: open "+filepath.Join(dir, "no", "b.json"))
	cmd = newBacktestCommand()
	cmd.SetArgs([]string{load, "--json", filepath.Join(dir, "b.json"), "--report", filepath.Join(dir, "b.html")})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	require.ErrorIs(t, cmd.ExecuteContext(ctx), context.Canceled)
	require.Equal(t, []string{"web.csv"}, names(t, dir))
}

func TestExitStatus(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		over bool // a signal came
		err  error
		code int
		text string
	}{
		"done":                      {false, nil, 0, ""},
		"a server that was stopped": {true, nil, 0, ""},
		"failed":                    {false, errors.New("no load"), 1, "forescale: no load\n"},
		"interrupted":               {true, fmt.Errorf("replay: %w", context.Canceled), 130, "forescale: interrupted\n"},
		"failed while stopping":     {true, errors.New("no space"), 1, "forescale: no space\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			ctx := t.Context()
			if c.over {
				ctx = ended
			}
			require.Equal(t, c.code, exitStatus(ctx, c.err, &out))
			require.Equal(t, c.text, out.String())
		})
	}
}
