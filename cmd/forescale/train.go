package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/forescale/forescale/cmd/forescale/output"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/train"
	"github.com/forescale/forescale/forecast/lstm/weights"
	"github.com/forescale/forescale/scaler/api"
)

type trainOptions struct {
	inputs  []string
	out     string
	query   string
	step    api.Duration
	options train.Options
}

func newTrainCommand() *cobra.Command {
	o := trainOptions{}
	cmd := &cobra.Command{
		Use:   "train --input FILE [FILE...] --out MODEL",
		Short: "Train the LSTM expert on your own series",
		Long: `train fits the LSTM expert on one or many series and writes its weights.

` + formats + `
All series share one step; --step averages finer ones.

The network learns from the first 70 % of each series, and the next 15 % say when to
stop. The last 15 %, which take no part in either, are scored in the table at the end:
errors against "as now" and "as a day ago", and how often the load stayed under each
quantile.

Equal files, options and seeds give the same weights, bit for bit, on processors
of one kind.`,
		Example: `  forescale train --input requests.csv --out model.safetensors
  forescale train --input traces/*.csv.gz --step 5m --out model.safetensors`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.inputs = append(o.inputs, args...)
			return o.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fs := cmd.Flags()
	fs.StringArrayVarP(&o.inputs, "input", "i", nil, "series to learn from; repeat it, or list more `files` after it")
	fs.StringVarP(&o.out, "out", "o", "", "write the weights to this .safetensors `file`")
	durationVar(fs, &o.step, "step", api.Duration(0), "cell of the grid; for CSV and JSON a multiple of the file's interval (default that interval, or a minute)")
	fs.StringVar(&o.query, "query", "", queryUsage)
	fs.IntVar(&o.options.Units, "units", 0, "units of the LSTM layer (default 32)")
	fs.IntVar(&o.options.HeadUnits, "head-units", 0, "tanh units of the head (default 32)")
	fs.IntVar(&o.options.Epochs, "epochs", 0, "maximum number of passes over the series (default 16)")
	fs.IntVar(&o.options.MinSteps, "steps-per-epoch", 0, "minimum number of steps of Adam per epoch: few or short series are walked more than once (default 200)")
	fs.Float64Var(&o.options.LearningRate, "learning-rate", 0, "highest rate of the one-cycle schedule (default 0.003)")
	fs.Uint64Var(&o.options.Seed, "seed", 1, "seed of all that is random")
	return cmd
}

func (o *trainOptions) run(ctx context.Context, out, notes io.Writer) error {
	if len(o.inputs) == 0 {
		return errors.New("--input is missing: want at least one file, such as CSV with the header timestamp,value")
	}
	if !strings.HasSuffix(o.out, ".safetensors") {
		return fmt.Errorf("--out: %q: want a file that ends in .safetensors", o.out)
	}
	if err := checkStdin(o.inputs...); err != nil {
		return fmt.Errorf("--input: %w", err)
	}
	series, err := o.read(ctx, notes)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(series, isAbove0) {
		return errors.New("--input: no series has a value above 0, of which nothing is learned")
	}
	file, err := output.Open(o.out) // fails now, not after the training
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer file.Drop()

	progress := newBar(notes)
	network, report, err := train.Run(ctx, series, o.options, func(p train.Progress) {
		progress.show(func(elapsed time.Duration) string { return barLine(p, elapsed) })
	})
	progress.clear()
	if err != nil {
		return err
	}
	data, err := weights.Encode(network)
	if err != nil {
		return err
	}
	err = file.Complete(func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return o.summary(out, network, report, len(series))
}

func isAbove0(s forecast.Series) bool {
	return slices.ContainsFunc(s.Values, func(v float64) bool { return v > 0 })
}

// read returns the files as series of one step on the epoch grid.
func (o *trainOptions) read(ctx context.Context, notes io.Writer) ([]forecast.Series, error) {
	var all []forecast.Series
	for _, path := range o.inputs {
		t, err := readTrace(ctx, path, o.query, o.step.Std(), notes)
		if err != nil {
			return nil, err
		}
		if len(all) > 0 && t.Step != all[0].Step {
			remedy := "give --step, a common multiple"
			if step, ok := commonMultiple(t.Step, all[0].Step); ok {
				remedy += " such as " + api.Duration(step).String()
			}
			return nil, fmt.Errorf("%s has the interval %s, but %s has %s: %s",
				path, api.Duration(t.Step), o.inputs[0], api.Duration(all[0].Step), remedy)
		}
		all = append(all, forecast.Series{Start: t.Start, Step: t.Step, Values: t.Values})
	}
	return all, nil
}

// commonMultiple returns the least common multiple of two positive durations, and whether
// there is one below the longest duration.
func commonMultiple(a, b time.Duration) (time.Duration, bool) {
	x, y := a, b
	for y != 0 {
		x, y = y, x%y
	}
	if times := int64(a / x); times <= math.MaxInt64/int64(b) {
		return time.Duration(times) * b, true
	}
	return 0, false
}

func (o *trainOptions) summary(out io.Writer, n *lstm.Network, r train.Report, series int) error {
	losses := r.Epochs[r.Best-1]
	_, err := fmt.Fprintf(out, "%s: %d weights from %d series of %s, epoch %d of %d, validation loss %.4f (training %.4f)\n\n",
		o.out, n.Weights(), series, api.Duration(r.Step), r.Best, len(r.Epochs), losses.Validation, losses.Train)
	if err != nil {
		return err
	}
	return r.WriteTable(out)
}

// barLine is what the bar says after elapsed.
func barLine(p train.Progress, elapsed time.Duration) string {
	done := (float64(p.Epoch-1) + float64(p.Done)/float64(p.Total)) / float64(p.Epochs)
	line := fmt.Sprintf("epoch %d/%d %s %3.0f %%  loss %.4f", p.Epoch, p.Epochs, blocks(done), 100*done, p.TrainLoss)
	if !math.IsNaN(p.ValidationLoss) {
		line += fmt.Sprintf(", validation %.4f", p.ValidationLoss)
	}
	if done > 0.01 {
		line += fmt.Sprintf("  %v left at most", left(done, elapsed))
	}
	return line
}
