// Command forescale is a predictive autoscaler for Kubernetes.
//
// Each subcommand has a file of its own; forescale --help lists them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // zones of seasons, in an image without a zone database

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRootCommand().ExecuteContext(ctx)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "forescale:", err)
		os.Exit(1)
	}
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "forescale",
		Short: "Predictive autoscaling for Kubernetes: scale before the load arrives",
		Long: `forescale forecasts the demand of a service one lead time ahead and has the
replicas ready when the load arrives: behind KEDA as an external scaler, or as
the floor of your own HPA. It proves itself first, by a backtest on your own
metrics.

Silence is never taken for idleness, a forecast only ever adds to what reactive
scaling would do (unless you ask otherwise), and each decision says why.`,
		SilenceUsage:  true,
		SilenceErrors: true,
		// No Args: only so does cobra refuse an unknown command and name its like.
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w%s\nsee %s --help", err, likeFlag(cmd, err), cmd.CommandPath())
	})
	root.AddCommand(
		newServeCommand(),
		newControllerCommand(),
		newDemoCommand(),
		newBacktestCommand(),
		newForecastCommand(),
		newExportCommand(),
		newAccuracyCommand(),
		newExplainCommand(),
		newDoctorCommand(),
		newTrainCommand(),
		newVersionCommand(),
	)
	return root
}
