package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A disk that is full takes no file, but what was computed is still printed.
func TestWhatCannotBeWrittenIsPrinted(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("no device that is always full:", err)
	}
	dir := t.TempDir()
	onto := func(name string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.Symlink(full, path))
		return path
	}
	load := writeWave(t, dir, "web.csv", 3*24, time.Hour)
	minutes := writeWave(t, dir, "minutes.csv", 600, time.Minute)
	svg, figures, page := onto("a.svg"), onto("a.json"), onto("a.html")

	out, _, err := runForecast(t, load, "--model", "naive", "--plot", svg)
	require.ErrorContains(t, err, "--plot: ")
	require.ErrorContains(t, err, "no space left on device")
	require.Contains(t, out, "p50")

	out, _, err = runAccuracy(t, load, "--model", "naive", "--json", figures)
	require.ErrorContains(t, err, "--json: ")
	require.Contains(t, out, "÷ naive")

	out, _, err = runBacktest(t, minutes, "--policies", "hpa-rate-70", "--seeds", "1", "--resamples", "1000", "--json", figures, "--report", page)
	require.ErrorContains(t, err, "--json: ")
	require.ErrorContains(t, err, "--report: ")
	require.Contains(t, out, "hpa-rate-70")
}
