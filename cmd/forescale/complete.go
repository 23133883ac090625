package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/forescale/forescale/forecast/auto"
)

// choices are the values of the flags that take no others, by command and flag.
func choices() map[string]map[string][]string {
	logs := map[string][]string{"log-level": {"debug", "info", "warn", "error"}, "log-format": {"text", "json"}}
	return map[string]map[string][]string{
		"forecast": {"model": append(auto.Names(), pathModel), "output": {"table", "csv", "json"}},
		"accuracy": {"model": auto.Names()},
		"backtest": {
			"policies":   everyPolicy(),
			"balancing":  {"central", "per-pod"},
			"mode":       {"fluid", "requests"},
			"discipline": {"central", "random", "two-choices", "sharing"},
		},
		"serve": logs, "controller": logs,
	}
}

// offerChoices lets the shell complete the choices of cmd; of a list its last part.
func offerChoices(cmd *cobra.Command) {
	for flag, values := range choices()[cmd.Name()] {
		err := cmd.RegisterFlagCompletionFunc(flag, func(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
			before := typed[:strings.LastIndex(typed, ",")+1]
			var offered []cobra.Completion
			for _, value := range values {
				if strings.HasPrefix(before+value, typed) {
					offered = append(offered, before+value)
				}
			}
			return offered, cobra.ShellCompDirectiveNoFileComp
		})
		if err != nil {
			panic(err) // cmd has no such flag
		}
	}
}
