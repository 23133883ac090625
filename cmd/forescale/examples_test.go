package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// shown returns the command lines of forescale in text, arguments apart, those of
// one that a backslash breaks joined.
func shown(text, subcommand string) [][]string {
	text = strings.ReplaceAll(text, "\\\n", " ")
	line := regexp.MustCompile(`(?m)^ +forescale ` + subcommand + ` (.*)$`)
	word := regexp.MustCompile(`'[^']*'|[^ ']+`)
	var out [][]string
	for _, m := range line.FindAllStringSubmatch(text, -1) {
		var args []string
		for _, w := range word.FindAllString(m[1], -1) {
			args = append(args, strings.Trim(w, "'"))
		}
		out = append(out, args)
	}
	return out
}

// What a newcomer copies runs: each backtest that the README and --help show is of
// known flags, and of a service that can keep its objective.
func TestTheBacktestsThatAreShownCanRun(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	lines := append(shown(string(readme), "backtest"), shown(newBacktestCommand().Example, "backtest")...)
	require.Greater(t, len(lines), 4)
	for _, args := range lines {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			for i, arg := range args {
				if arg == "FILES" || strings.HasSuffix(arg, ".csv") || strings.HasSuffix(arg, ".csv.gz") {
					args[i] = filepath.Join(t.TempDir(), "nowhere.csv")
				}
				if arg == "--traces" {
					args[i+1] = filepath.Join(t.TempDir(), "nowhere")
				}
			}
			_, _, err := runBacktest(t, args...)
			require.ErrorIs(t, err, os.ErrNotExist, "flags are looked at before files")
		})
	}
}

// The flags of the other commands that the README and --help show exist.
func TestTheFlagsThatAreShownExist(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	for _, cmd := range newRootCommand().Commands() {
		for _, args := range append(shown(string(readme), cmd.Name()), shown(cmd.Example+"\n"+cmd.Long, cmd.Name())...) {
			for _, arg := range args {
				if arg == "|" || arg == "#" { // another command, or a comment
					break
				}
				name, long := strings.CutPrefix(strings.SplitN(arg, "=", 2)[0], "--")
				if long {
					require.NotNil(t, cmd.Flags().Lookup(name), "%s %v", cmd.Name(), args)
				}
			}
		}
	}
}
