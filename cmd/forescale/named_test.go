package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fromStdin lets run read text as standard input.
func fromStdin(t *testing.T, text string, run func()) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stdin")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	before := os.Stdin
	os.Stdin = file
	defer func() { os.Stdin = before }()
	run()
}

// A backtest asks for its files twice, and standard input gives what it holds once.
func TestFlagsReadStandardInput(t *testing.T) {
	load := writeWave(t, t.TempDir(), "web.csv", 24*60, time.Minute)
	args := []string{load, "--seeds", "1", "--days", "3h", "--policies", "forescale-floor"}
	fromStdin(t, "scale: {targetPerReplica: \"77\"}\n", func() {
		out, _, err := runBacktest(t, append(args, "--spec", "-")...)
		require.NoError(t, err)
		require.Contains(t, out, "targetPerReplica: \"77\"")
	})
	fromStdin(t, "30\n31.5\n29\n", func() {
		out, _, err := runBacktest(t, append(args, "--startup", "-")...)
		require.NoError(t, err)
		require.Contains(t, out, "start-up 30 s, p90 31.5 s")
	})
	fromStdin(t, "{}", func() {
		_, err := runExplain("--replay", "-")
		require.ErrorContains(t, err, "--replay -: no record of a decision")
	})
}

func TestStandardInputIsOneFile(t *testing.T) {
	const want = "standard input is named more than once (-): want it for one file"
	_, _, err := runBacktest(t, "-", "--spec", "-")
	require.ErrorContains(t, err, want)
	_, _, err = runForecast(t, "-", "--network", "-")
	require.ErrorContains(t, err, want)
	_, _, err = runTrain(t, "--input", "-", "--input", "-", "--out", "m.safetensors")
	require.ErrorContains(t, err, want)
	_, _, err = runCommand(t, newAccuracyCommand(), "-", "-")
	require.ErrorContains(t, err, want)
	fromStdin(t, "prometheus: {url: \"http://prometheus:9090\"}", func() {
		_, _, err = runCommand(t, newServeCommand(), "--config", "-", "--network", "-")
		require.ErrorContains(t, err, want)
	})
}
