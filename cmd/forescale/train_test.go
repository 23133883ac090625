package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/lstm/train"
	"github.com/forescale/forescale/forecast/lstm/weights"
)

// writeWave writes a seeded daily wave with noise as a trace file.
func writeWave(t *testing.T, dir, name string, cells int, step time.Duration) string {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(cells), 3))
	var b bytes.Buffer
	b.WriteString("timestamp,value\n")
	for i := range cells {
		at := 1_700_000_000 + int64(i)*int64(step/time.Second)
		v := 100 * (1.5 + math.Sin(2*math.Pi*float64(at)/86400)) * (1 + 0.05*rng.NormFloat64())
		fmt.Fprintf(&b, "%d,%.3f\n", at, v)
	}
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, b.Bytes(), 0o600))
	return path
}

// runCommand runs a command with args and returns what it wrote and how it ended.
func runCommand(t *testing.T, cmd *cobra.Command, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	var out, notes bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&notes)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(append([]string{}, args...)) // not nil: cobra would take those of the test binary
	err = cmd.ExecuteContext(t.Context())
	return out.String(), notes.String(), err
}

func runTrain(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	return runCommand(t, newTrainCommand(), args...)
}

func TestTrainWritesAModel(t *testing.T) {
	dir := t.TempDir()
	a, b := writeWave(t, dir, "a.csv", 600, time.Hour), writeWave(t, dir, "b.csv", 800, time.Hour)
	args := []string{"--units", "4", "--head-units", "4", "--epochs", "1", "--steps-per-epoch", "5", "--input", a, b, "--out"}
	first, second := filepath.Join(dir, "1.safetensors"), filepath.Join(dir, "2.safetensors")
	out, notes, err := runTrain(t, append(args, first)...)
	require.NoError(t, err)
	require.Contains(t, out, "from 2 series of 1h, epoch 1 of 1")
	require.Contains(t, out, "÷ seasonal")
	require.Regexp(t, `\n +1h +2 `, out, "a horizon")
	require.NotContains(t, notes, "epoch", "no progress bar without a terminal")
	require.Contains(t, notes, "a.csv: the rows stand 13m20s after the borders", "what was moved is said")
	_, _, err = runTrain(t, append(args, second)...)
	require.NoError(t, err)

	one, err := os.ReadFile(first)
	require.NoError(t, err)
	two, err := os.ReadFile(second)
	require.NoError(t, err)
	require.Equal(t, one, two, "equal seeds give equal files")
	n, err := weights.Decode(one)
	require.NoError(t, err)
	require.Len(t, n.Layers, 1)
	require.Equal(t, 4, n.Layers[0].Hidden)
	files, err := filepath.Glob(filepath.Join(dir, ".train-*"))
	require.NoError(t, err)
	require.Empty(t, files, "no temporary file is left")
}

// Each row is a mistake and what its maker reads.
func TestTrainRefuses(t *testing.T) {
	dir := t.TempDir()
	good := writeWave(t, dir, "good.csv", 600, time.Hour)
	fine := writeWave(t, dir, "fine.csv", 600, 5*time.Minute)
	odd := writeWave(t, dir, "odd.csv", 600, 2*time.Minute)
	short := writeWave(t, dir, "short.csv", 20, time.Hour)
	bad := filepath.Join(dir, "bad.csv")
	require.NoError(t, os.WriteFile(bad, []byte("timestamp,value\n0,1\n3600,-2\n"), 0o600))
	idle := filepath.Join(dir, "idle.csv")
	require.NoError(t, os.WriteFile(idle, []byte("timestamp,value\n0,0\n3600,0\n7200,0\n"), 0o600))
	model := filepath.Join(dir, "m.safetensors")
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"no input":        {[]string{"--out", model}, []string{"--input is missing", "timestamp,value"}},
		"no out":          {[]string{"--input", good}, []string{`--out: "": want a file that ends in .safetensors`}},
		"no such file":    {[]string{"--out", model, "-i", dir + "/none.csv"}, []string{"none.csv", "no such file"}},
		"bad row":         {[]string{"--out", model, "-i", bad}, []string{"bad.csv", "line 3", "not negative"}},
		"all zero":        {[]string{"--out", model, "-i", idle}, []string{"no series has a value above 0"}},
		"two steps":       {[]string{"--out", model, "-i", good, fine}, []string{"fine.csv has the interval 5m, but ", "good.csv has 1h: give --step, a common multiple such as 1h"}},
		"neither divides": {[]string{"--out", model, "-i", fine, odd}, []string{"odd.csv has the interval 2m, ", "a common multiple such as 10m"}},
		"step too fine":   {[]string{"--out", model, "-i", good, "--step", "7m"}, []string{"good.csv", "step 7m is no multiple of the file's own, 1h"}},
		"too short":       {[]string{"--out", model, "-i", short}, []string{"history too short", "the longest series has 20 cells"}},
		"no such folder":  {[]string{"--out", dir + "/x/m.safetensors", "-i", good}, []string{"--out:", "no such file or directory"}},
		"units too many":  {[]string{"--out", model, "-i", good, "--units", "9999"}, []string{"units is 9999, want 1 to 512"}},
		"negative epochs": {[]string{"--out", model, "-i", good, "--epochs", "-1"}, []string{"epochs is -1"}},
	} {
		_, _, err := runTrain(t, c.args...)
		for _, want := range c.want {
			require.ErrorContains(t, err, want, name)
		}
		require.NoFileExists(t, model)
	}
}

// Two steps without a common multiple that a duration holds have none to propose; counting
// up to it took for ever, or past the largest duration.
func TestCommonMultiple(t *testing.T) {
	for _, c := range []struct{ a, b, want time.Duration }{
		{5 * time.Minute, 2 * time.Minute, 10 * time.Minute},
		{time.Hour, 5 * time.Minute, time.Hour},
		{time.Minute, time.Minute, time.Minute},
		{time.Second, time.Second + time.Nanosecond, 1_000_000_001 * time.Second},
	} {
		got, ok := commonMultiple(c.a, c.b)
		require.True(t, ok, "%v and %v", c.a, c.b)
		require.Equal(t, c.want, got, "%v and %v", c.a, c.b)
	}
	_, ok := commonMultiple(time.Hour, time.Hour+time.Nanosecond)
	require.False(t, ok)
}

func TestTrainCoarsens(t *testing.T) {
	dir := t.TempDir()
	fine := writeWave(t, dir, "fine.csv", 6*24*20, 10*time.Minute)
	hourly := writeWave(t, dir, "hourly.csv", 24*20, time.Hour)
	model := filepath.Join(dir, "m.safetensors")
	out, _, err := runTrain(t, "--units", "2", "--head-units", "2", "--epochs", "1", "--steps-per-epoch", "5", "--step", "1h", "-i", fine, "-i", hourly, "-o", model)
	require.NoError(t, err)
	require.Contains(t, out, "from 2 series of 1h")
}

// Two hours have no day before them, and ten steps ahead of their last 15 % little is
// left: what is known is said, and nothing else.
func TestTrainOnTwoHoursSaysWhatIsKnown(t *testing.T) {
	dir := t.TempDir()
	input := writeWave(t, dir, "short.csv", 120, time.Minute)
	out, _, err := runTrain(t, "--input", input, "--out", filepath.Join(dir, "m.safetensors"), "--epochs", "1", "--steps-per-epoch", "2", "--units", "4", "--head-units", "4")
	require.NoError(t, err)
	require.NotContains(t, out, "NaN")
	require.Regexp(t, `\n +1m +1 +17 +\d+\.\d+ +–  `, out, "against the last value, not against the day before")
	require.Regexp(t, `\n +1h +0 +0 +– +–  `, out)
	require.Contains(t, out, "\n–: ")
}

func TestBarLine(t *testing.T) {
	p := train.Progress{Epoch: 2, Epochs: 4, Done: 5, Total: 10, TrainLoss: 0.25, ValidationLoss: 0.3}
	require.Equal(t, "epoch 2/4 █████████░░░░░░░░░░░░░░░  38 %  loss 0.2500, validation 0.3000  50s left at most", barLine(p, 30*time.Second))
	p.Epoch, p.Done, p.ValidationLoss = 1, 0, math.NaN()
	require.Equal(t, "epoch 1/4 ░░░░░░░░░░░░░░░░░░░░░░░░   0 %  loss 0.2500", barLine(p, 0))
}
