package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/forescale/forescale/scaler/api"
)

const (
	inCluster = "cluster"
	onMetrics = "metrics"
)

// group sorts the commands by where they work, wraps the help of their flags, lets the shell
// complete values, and makes errors about arguments name the arguments that a command takes.
func group(root *cobra.Command, cluster, metrics []*cobra.Command, others ...*cobra.Command) {
	root.AddGroup(
		&cobra.Group{ID: onMetrics, Title: "On your own metrics:"},
		&cobra.Group{ID: inCluster, Title: "In a cluster:"},
	)
	for _, cmd := range metrics {
		cmd.GroupID = onMetrics
	}
	for _, cmd := range cluster {
		cmd.GroupID = inCluster
	}
	root.AddCommand(metrics...)
	root.AddCommand(cluster...)
	root.AddCommand(others...)
	for _, cmd := range root.Commands() {
		cmd.Args = withUsage(cmd.Args)
		offerChoices(cmd)
	}
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", fmt.Sprint(".FlagUsagesWrapped ", helpWidth())))
}

// withUsage returns a check of arguments whose error says what is wanted: cobra reports an
// argument too many of a subcommand as an unknown command.
func withUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		return nil
	}
	return func(cmd *cobra.Command, args []string) error {
		if check(cmd, args) == nil {
			return nil
		}
		return fmt.Errorf("arguments given: %d, want: %s\nsee %s --help", len(args), cmd.UseLine(), cmd.CommandPath())
	}
}

// helpWidth is the width of the help of flags: that of the terminal, within what is
// read with ease.
func helpWidth() int {
	const least, most = 80, 110
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return most
	}
	return min(max(width, least), most)
}

// typedFlag is a flag of which the help says what kind of value it takes.
type typedFlag struct {
	pflag.Value
	kind string
}

// Type implements pflag.Value.
func (f typedFlag) Type() string { return f.kind }

// durationVar defines a flag that reads a duration as the specification does, such as
// 90s or 14d. The help shows no default of 0, which stands for another or for none.
func durationVar(fs *pflag.FlagSet, p *api.Duration, name string, value api.Duration, usage string) {
	fs.TextVar(p, name, value, usage)
	f := fs.Lookup(name)
	f.Value = typedFlag{f.Value, "duration"}
	if value == 0 {
		f.DefValue = ""
	}
}
