// Command forescale is a predictive autoscaler for Kubernetes.
//
// Each subcommand has files of its own; forescale --help lists them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // zones of seasons, in an image without a zone database

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/cmd/forescale/demo"
)

func main() {
	stops := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as under nohup
		stops = append(stops, syscall.SIGHUP) // a terminal that is closed leaves no temporary files either
	}
	ctx, stop := signal.NotifyContext(context.Background(), stops...)
	context.AfterFunc(ctx, stop) // a second signal ends what does not heed the first
	err := newRootCommand().ExecuteContext(ctx)
	if code := exitStatus(ctx, err, os.Stderr); code != 0 {
		os.Exit(code)
	}
}

// exitStatus returns the exit status of a command that ended with err, and writes why to w.
// A command that a signal interrupted has failed, so that a script does not go on: 130, as
// in a shell. Commands that run until a signal return no error then.
func exitStatus(ctx context.Context, err error, w io.Writer) int {
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil && (errors.Is(err, context.Canceled) || status.Code(err) == codes.Canceled):
		fmt.Fprintln(w, "forescale: interrupted")
		return 130
	}
	fmt.Fprintln(w, "forescale:", err)
	if strings.HasPrefix(err.Error(), "unknown command") { // cobra says no more than that
		fmt.Fprintln(w, "see forescale --help")
	}
	return 1
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "forescale",
		Short: "Predictive autoscaling for Kubernetes: scale before the load arrives",
		Long: `forescale forecasts the demand of a service one lead time ahead and has the
replicas ready when the load arrives: behind KEDA as an external scaler, or as
the floor of your own HPA. A backtest on your own metrics shows what that is worth
before it acts.

Missing data is never taken for zero demand, a forecast only adds to what reactive
scaling would do (unless you ask otherwise), and each decision says why.`,
		Version:       versionLine(),
		SilenceUsage:  true,
		SilenceErrors: true,
		// No Args: only so does cobra refuse an unknown command and name its like.
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.Flags().Bool("version", false, "print the version")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w%s\nsee %s --help", wrongValue(err), likeFlag(cmd, err), cmd.CommandPath())
	})
	group(root,
		[]*cobra.Command{newServeCommand(), newControllerCommand(), newExplainCommand(), newDoctorCommand()},
		[]*cobra.Command{newExportCommand(), newBacktestCommand(), newForecastCommand(), newAccuracyCommand(), newTrainCommand()},
		demo.NewCommand(), newVersionCommand())
	return root
}
