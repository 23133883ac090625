package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/forescale/forescale/bench/accuracy"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/cmd/forescale/output"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
)

type accuracyOptions struct {
	traces, m4, out, json string
	model, zone, network  string
	query                 string
	workers               int
}

func newAccuracyCommand() *cobra.Command {
	o := accuracyOptions{}
	cmd := &cobra.Command{
		Use:   "accuracy [FILE...]",
		Short: "Measure how good the forecasts are, on any series",
		Long: `accuracy lets a model run over recorded series as it would run live: fitted on
the first days (eight of ten or more; for a model that needs more, up to half of
the series), and from then on each sample is the origin of a forecast. It prints,
per horizon, the error against the naive rule "as now", and how well the upper
bounds cover; each series by name, where it loses as well as where it wins.
In the tables

  ÷ naive   is the mean absolute error over that of "as now": below 1 is better
  MASE      is that error over the one of "as a day ago" on the first days
  sMAPE     is the symmetric relative error, in percent, 200 at most
  WIS       is the weighted interval score: how far off the quantiles are, in the
            unit of the series
  loss 95   is the pinball loss of the upper bound of 95 % over that of the naive rule
  covered   is the share of samples at or under that bound, in percent
  day       is that share on the worst day of which at least half is scored; – if a
            step is half a day or more
  off by    is the distance of covered from 90, 95 and 99, on average over the series
  maxima    are the highest samples up to the horizon instead of the one at it, and
            their naive rule is "as high as lately"

` + formats + `
--traces DIR takes all .csv and .csv.gz files of a directory. Steps under a second are
averaged to a second, and under a minute to a minute where a series is two days or longer.

--m4 DIR forecasts a collection laid out as the hourly data of the M4 competition
(Hourly-train.csv and Hourly-test.csv, also .gz, at any depth), prints their scores by
its definitions (OWA is the mean of sMAPE and MASE over those of the reference Naive 2 on
the same series; MSIS is for the intervals what MASE is for the medians), and writes the
forecasts to --out: point.csv, q0.05.csv, q0.5.csv, q0.9.csv, q0.95.csv, lower95.csv and
upper95.csv, with rows of series_id,h1,h2,…`,
		Example: `  forescale accuracy requests.csv
  forescale accuracy --traces traces/ --json accuracy.json
  forescale accuracy --m4 m4-hourly/ --out m4-forecasts/
  forescale accuracy --m4 m4-hourly/ --out core/ --model holt-winters-double`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), args, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&o.query, "query", "", queryUsage)
	fs.StringVar(&o.traces, "traces", "", "`directory` of csv or csv.gz files, with or without a manifest.yaml")
	fs.StringVar(&o.m4, "m4", "", "`directory` with Hourly-train.csv and Hourly-test.csv")
	fs.StringVar(&o.out, "out", "", "`directory` for the forecasts of --m4")
	fs.StringVar(&o.json, "json", "", "also write the figures to this `file`")
	fs.StringVar(&o.model, "model", auto.Auto, "forecasting method: "+strings.Join(auto.Names(), ", "))
	fs.StringVar(&o.network, "network", "", "weights `file` (.safetensors) of a network, as forescale train writes it, to join the experts")
	fs.StringVar(&o.zone, "time-zone", "UTC", "IANA zone whose wall clock the seasons follow")
	fs.IntVar(&o.workers, "workers", 0, "series in parallel (0: one per processor)")
	return cmd
}

func (o *accuracyOptions) check(files []string) error {
	switch {
	case o.m4 != "":
		return o.checkM4(files)
	case o.out != "":
		return errors.New("--out goes with --m4")
	case o.traces == "" && len(files) == 0:
		return errors.New("no series given: name files, or a directory by --traces or --m4")
	}
	return nil
}

func (o *accuracyOptions) checkM4(files []string) error {
	switch {
	case len(files) > 0 || o.traces+o.json+o.query != "":
		return errors.New("--m4 goes with --out alone: it writes forecasts, the other figures are for series files")
	case o.model == auto.Auto && (o.network != "" || o.zone != "UTC"):
		return errors.New("--m4: --network and --time-zone go with another --model: auto forecasts the collection as a path, without either")
	case o.out == "":
		return errors.New("--m4 needs --out, the directory for the forecasts")
	}
	return nil
}

func (o *accuracyOptions) run(ctx context.Context, files []string, out, notes io.Writer) error {
	workers := faultsOf([]rule{{o.workers >= 0, "workers", strconv.Itoa(o.workers), "want at least 1, or 0 for one per processor"}})
	if err := errors.Join(o.check(files), workers, checkStdin(append(files, o.network)...)); err != nil {
		return err
	}
	zone, err := time.LoadLocation(o.zone)
	if err != nil {
		return fmt.Errorf("--time-zone: %w", err)
	}
	network, err := readNetwork(o.network, readNamed)
	if err != nil {
		return err
	}
	model, err := modelByName(o.model, auto.Options{Location: zone, Network: network})
	if err != nil {
		return err
	}
	if o.m4 != "" {
		if o.model == auto.Auto {
			model = nil // the whole path at once
		}
		return o.runM4(ctx, model, out, notes)
	}
	series, err := o.read(ctx, files, notes)
	if err != nil {
		return err
	}
	return o.roll(ctx, series, model, out, notes)
}

// roll lets the model run over the series.
func (o *accuracyOptions) roll(ctx context.Context, series []trace.Trace, model forecast.Model, out, notes io.Writer) error {
	var file *output.File
	if o.json != "" {
		var err error
		if file, err = output.Open(o.json); err != nil { // now, not after the forecasts
			return fmt.Errorf("--json: %w", err)
		}
		defer file.Drop()
	}
	report, err := accuracy.Run(ctx, series, accuracy.Options{Name: o.model, Model: model, Workers: o.workers}, progressTo(notes))
	if err != nil {
		return err
	}
	var unwritten error
	if o.json != "" {
		if err := file.Complete(report.WriteJSON); err != nil {
			unwritten = fmt.Errorf("--json: %w", err)
		}
	}
	if err := errors.Join(unwritten, report.WriteTable(out)); err != nil { // the table even without the file
		return err
	}
	if !slices.ContainsFunc(report.Series, func(s accuracy.Series) bool { return s.Error == "" }) {
		return errors.New("none of the series could be scored")
	}
	return nil
}

// read returns the files, and those of --traces, on the grid of the epoch.
func (o *accuracyOptions) read(ctx context.Context, files []string, notes io.Writer) ([]trace.Trace, error) {
	var all []trace.Trace
	for _, path := range files {
		t, err := readTrace(ctx, path, o.query, 0, notes)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	listed, err := readCollection(ctx, o.traces, o.query, notes)
	return append(all, listed...), err
}

// runM4 forecasts a collection and prints the scores, if its truth is there.
func (o *accuracyOptions) runM4(ctx context.Context, model forecast.Model, out, notes io.Writer) error {
	report, err := accuracy.RunM4(ctx, o.m4, o.out, accuracy.M4Options{Workers: o.workers, Model: model}, progressTo(notes))
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "%d series, %d steps: forecasts in %s\n", report.Series, report.Horizon, o.out)
	if report.Negative > 0 {
		fmt.Fprintf(&text, "%d values below zero count as missing: demand is not negative\n", report.Negative)
	}
	if report.Scored > 0 {
		if report.Scored < report.Series {
			fmt.Fprintf(&text, "scores of %d of them: the others have no truth of %d steps, or never differ from a day before\n", report.Scored, report.Horizon)
		}
		fmt.Fprintf(&text, "sMAPE %.3f  MASE %.3f  MSIS %.3f, %.1f %% within the 95 %% intervals\n",
			report.SMAPE, report.MASE, report.MSIS, 100*report.Covered)
	}
	if owa := report.OWA(); owa < math.Inf(1) { // else the reference makes no error
		fmt.Fprintf(&text, "OWA %.3f\n", owa)
	}
	_, err = io.WriteString(out, text.String())
	return err
}

// progressTo returns notes if it is a terminal: progress is for eyes.
func progressTo(notes io.Writer) io.Writer {
	if f, ok := notes.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return notes
	}
	return io.Discard
}
