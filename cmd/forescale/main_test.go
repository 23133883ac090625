package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestArgumentsThatAreNotTaken(t *testing.T) {
	for args, want := range map[string]string{
		"backtest --seeds x":                  `--seeds: "x": want a whole number` + "\nsee forescale backtest --help",
		"backtest --seeds 1e3":                `--seeds: "1e3": want a whole number` + "\nsee forescale backtest --help",
		"train --seed -1":                     `--seed: "-1": want a whole number, 0 or more` + "\nsee forescale train --help",
		"backtest --max-replicas 10000000000": `--max-replicas: "10000000000": want a whole number that is not so large` + "\nsee forescale backtest --help",
		"backtest --budget little":            `--budget: "little": want a number` + "\nsee forescale backtest --help",
		"serve --pprof=please":                `--pprof: "please": want true or false` + "\nsee forescale serve --help",
		"controller --lease-duration 1y":      `--lease-duration: "1y": want a duration such as 90s, 5m or 14d` + "\nsee forescale controller --help",
		"doctor web api":                      "arguments given: 2, want: forescale doctor [object] [flags]\nsee forescale doctor --help",
		"serve web":                           "arguments given: 1, want: forescale serve [flags]\nsee forescale serve --help",
		"forecast":                            "arguments given: 0, want: forescale forecast FILE [flags]\nsee forescale forecast --help",
		"forecast web --no":                   "unknown flag: --no\nsee forescale forecast --help",
		"foretell":                            "unknown command \"foretell\" for \"forescale\"",
		"forecats":                            "unknown command \"forecats\" for \"forescale\"\n\nDid you mean this?\n\tforecast\n",
	} {
		t.Run(args, func(t *testing.T) {
			root := newRootCommand()
			root.SetArgs(strings.Fields(args))
			require.EqualError(t, root.ExecuteContext(t.Context()), want)
		})
	}
}

// The shell offers the values that a flag takes; of a list, those that may come next.
func TestCompletionOfValues(t *testing.T) {
	for args, want := range map[string]string{
		"forecast|--output|":                   "table\ncsv\njson\n",
		"accuracy|--model|holt":                "holt-winters\nholt-winters-multiplicative\nholt-winters-double\n",
		"backtest|--policies|hpa-rate-70,kp":   "hpa-rate-70,kpa\n",
		"controller|--log-level|w":             "warn\n",
		"serve|--log-format|":                  "text\njson\n",
		"backtest|--policies|forescale-floor-": "",
	} {
		root := newRootCommand()
		var out bytes.Buffer
		root.SetOut(&out)
		root.SetErr(io.Discard)
		root.SetArgs(append([]string{"__complete"}, strings.Split(args, "|")...))
		require.NoError(t, root.ExecuteContext(t.Context()), args)
		got, _, _ := strings.Cut(out.String(), ":")
		require.Equal(t, want, got, args)
	}
	for _, name := range everyPolicy()[2:] {
		require.True(t, known(name), name)
	}
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
		"a call interrupted":        {true, fmt.Errorf("forescale: %w", status.Error(codes.Canceled, "context canceled")), 130, "forescale: interrupted\n"},
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
