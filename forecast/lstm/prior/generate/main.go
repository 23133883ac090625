// Command generate trains the network of package prior and writes its weights:
//
//	make prior
//
// It takes some minutes. Equal programs on equal processors write equal files.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/forescale/forescale/forecast/lstm/prior/load"
	"github.com/forescale/forescale/forecast/lstm/train"
	"github.com/forescale/forescale/forecast/lstm/weights"
)

const (
	loads = 160
	seed  = 1
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) //nolint:forbidigo // this is the caller
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("%d arguments, want the file to write", len(args))
	}
	o := train.Options{
		Rungs: train.DefaultRungs(time.Minute), AnyStep: true,
		Epochs: 10, Validation: 0.1, Test: 0.05, Seed: seed,
	}
	network, report, err := train.Run(ctx, load.Series(loads, seed), o, func(p train.Progress) {
		if p.Done%200 == 0 {
			fmt.Fprintf(os.Stderr, "epoch %d, %d of %d: loss %.4f, validation %.4f\n", p.Epoch, p.Done, p.Total, p.TrainLoss, p.ValidationLoss)
		}
	})
	if err != nil {
		return err
	}
	data, err := weights.Encode(network)
	if err != nil {
		return err
	}
	if err := os.WriteFile(args[0], data, 0o644); err != nil { //nolint:gosec // weights are for everyone
		return err
	}
	return report.WriteTable(os.Stdout)
}
