package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/forescale/forescale/collector/export"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/combine"
	"github.com/forescale/forescale/scaler/api"
)

// pathModel is the forecast of a whole path at once, which is no model that runs.
const pathModel = "path"

type forecastOptions struct {
	query   string
	model   string
	network string
	seasons api.Seasons
	zone    string
	step    api.Duration
	horizon api.Duration
	every   api.Duration
	levels  []string
	format  string
	plot    string
	explain bool

	quantile []float64    // levels, read
	settings auto.Options // of every model by name
}

func newForecastCommand() *cobra.Command {
	o := forecastOptions{}
	cmd := &cobra.Command{
		Use:   "forecast FILE",
		Short: "Forecast a series from a file",
		Long: `forecast reads a series and prints quantiles of the cells that follow it.

` + formats + `

Up to an hour, or twelve cells, ahead the model forecasts as it does in a running
autoscaler. Farther ahead, auto blends into path, which forecasts all cells at once.

CSV and JSON have a row for each cell. Beside the quantiles of the cell itself (q0.5 and
so on, values in JSON) they have those of the highest cell up to it (peak0.5, peaks).`,
		Example: `  forescale forecast requests.csv --horizon 2h
  forescale forecast requests.csv --horizon 1d --plot forecast.svg
  forescale forecast requests.csv --output json --levels 0.5,0.9,0.99
  forescale forecast prometheus/data --query 'sum(rate(http_requests_total[1m]))'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := errors.Join(o.check(), checkStdin(args[0], o.network)); err != nil {
				return err
			}
			return o.run(cmd.Context(), args[0], cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&o.query, "query", "", queryUsage)
	fs.StringVar(&o.model, "model", auto.Auto, "forecasting method: "+strings.Join(append(auto.Names(), pathModel), ", "))
	fs.StringVar(&o.network, "network", "", "weights `file` (.safetensors) of a network, as forescale train writes it, to join the experts")
	fs.TextVar(&o.seasons, "seasons", api.Seasons(nil), "`periods` such as 1d,7d, auto to find them, or none")
	fs.StringVar(&o.zone, "time-zone", "UTC", "IANA zone whose wall clock the seasons follow")
	durationVar(fs, &o.step, "step", api.Duration(0), "cell of the grid; for CSV and JSON a multiple of the file's interval (default that interval, or a minute)")
	durationVar(fs, &o.horizon, "horizon", api.Duration(time.Hour), "how far to forecast")
	durationVar(fs, &o.every, "every", api.Duration(0), "time between two lines of the table (default such that there are about 24)")
	fs.StringSliceVar(&o.levels, "levels", []string{"0.05", "0.5", "0.9", "0.95", "0.99"}, "quantile levels")
	fs.StringVarP(&o.format, "output", "o", "table", "table, csv or json")
	fs.StringVar(&o.plot, "plot", "", "write a picture to this .svg or .png `file`")
	fs.BoolVar(&o.explain, "explain", false, "print the weight of each expert")
	return cmd
}

func (o *forecastOptions) check() error {
	if o.format != "table" && o.format != "csv" && o.format != "json" {
		return fmt.Errorf("--output: %q: want table, csv or json", o.format)
	}
	if p := o.plot; p != "" && !strings.HasSuffix(p, ".svg") && !strings.HasSuffix(p, ".png") {
		return fmt.Errorf("--plot: %q: want a file that ends in .svg or .png", p)
	}
	o.quantile = nil
	for _, text := range o.levels {
		p, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			return fmt.Errorf("--levels: %q: want numbers above 0 and below 1, such as 0.5,0.95", text)
		}
		o.quantile = append(o.quantile, p)
	}
	if err := forecast.CheckLevels(o.quantile); err != nil {
		return fmt.Errorf("--levels: %w", err)
	}
	if o.horizon <= 0 {
		return fmt.Errorf("--horizon: %q: want a duration above 0 such as 2h", o.horizon)
	}
	return nil
}

// checkLines returns an error if the table would have no line, or lines at other
// distances than asked for.
func (o *forecastOptions) checkLines(step time.Duration) error {
	switch {
	case o.every > o.horizon:
		return fmt.Errorf("--every: %q: want at most the horizon, %s", o.every, o.horizon)
	case o.every.Std()%step != 0:
		return fmt.Errorf("--every: %q: want a multiple of the cell, %s", o.every, api.Duration(step))
	}
	return nil
}

// checkSeasons says on notes which of the seasons history cannot show.
func (o *forecastOptions) checkSeasons(notes io.Writer, history forecast.Series) {
	if o.seasons.None() {
		return
	}
	span := history.End().Sub(history.Start)
	for _, period := range o.seasons {
		switch {
		case period.Std() > span:
			fmt.Fprintf(notes, "warning: --seasons: %s is longer than the history, %s: nothing is known of it\n", period, api.Duration(span))
		case period.Std() < 2*history.Step:
			fmt.Fprintf(notes, "warning: --seasons: %s is shorter than two cells of %s: nothing of it shows\n", period, api.Duration(history.Step))
		}
	}
}

func (o *forecastOptions) run(ctx context.Context, path string, out, notes io.Writer) error {
	model, err := o.makeModel()
	if err != nil {
		return err
	}
	d, err := export.Read(ctx, path, export.Options{Query: o.query, Step: o.step.Std()})
	if err != nil {
		return err
	}
	writeNotes(notes, path, d.Notes)
	history := d.Rate
	if err := o.checkLines(history.Step); err != nil {
		return err
	}
	cells := int((o.horizon.Std() + history.Step - 1) / history.Step)
	const most = 100_000
	if cells > most {
		return fmt.Errorf("--horizon: %s is %d cells of %s, want at most %d", o.horizon, cells, api.Duration(history.Step), most)
	}
	o.checkSeasons(notes, history)
	f, filter, err := o.forecast(ctx, model, history, cells, newBar(notes))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for _, w := range f.Warnings {
		fmt.Fprintln(notes, "warning:", w)
	}
	if o.explain {
		o.writeExperts(notes, filter, f.Step, cells)
	}
	var undrawn error
	if o.plot != "" {
		if err := plotForecast(o.plot, history, f); err != nil {
			undrawn = fmt.Errorf("--plot: %w", err)
		}
	}
	return errors.Join(undrawn, o.write(out, f)) // the figures even without the picture
}

// write writes the forecast in the format that was asked for.
func (o *forecastOptions) write(out io.Writer, f *forecast.Forecast) error {
	switch o.format {
	case "csv":
		return writeForecastCSV(out, f)
	case "json":
		return writeForecastJSON(out, f)
	}
	return o.writeTable(out, f)
}

// far reports whether the pool does not reach as far as cells of step.
func (o *forecastOptions) far(step time.Duration, cells int) bool {
	ladder := combine.Ladder(step)
	return o.model == auto.Auto && cells > ladder[len(ladder)-1] && !o.seasons.None()
}

// forecast returns the forecast of a model, nil for a path, and the filter that made it
// unless it is a path.
func (o *forecastOptions) forecast(ctx context.Context, model forecast.Model, history forecast.Series, cells int, progress *bar) (*forecast.Forecast, forecast.Filter, error) {
	if model == nil {
		f, err := auto.Path(ctx, history, cells, o.quantile, o.settings)
		return f, nil, err
	}
	fitted, err := model.Fit(ctx, history)
	if err != nil {
		return nil, nil, err
	}
	filter, err := filterOf(ctx, fitted, history, progress)
	if err != nil {
		return nil, nil, err
	}
	if o.far(history.Step, cells) {
		f, err := auto.Far(ctx, filter, history, cells, o.quantile, o.settings)
		return f, filter, err
	}
	f := forecast.New(cells, o.quantile...)
	filter.Forecast(f)
	return f, filter, nil
}

// filterOf is fitted.Filter of a history that may be long: ctx ends it, and progress
// shows how far it is.
func filterOf(ctx context.Context, fitted forecast.Fitted, history forecast.Series, progress *bar) (forecast.Filter, error) {
	const piece = 1 << 14 // cells: half a second of work
	n := history.Len()
	filter, err := fitted.Filter(history.Slice(0, min(piece, n)))
	if err != nil {
		return nil, err
	}
	defer progress.clear()
	for i := piece; i < n; i++ {
		if i%piece == 0 {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			share := float64(i) / float64(n)
			progress.show(func(elapsed time.Duration) string {
				return fmt.Sprintf("%s %d cells, %s left", blocks(share), n, left(share, elapsed))
			})
		}
		filter.Update(history.Values[i])
	}
	return filter, nil
}

// makeModel turns the flags into the model, nil for a path, and into settings.
func (o *forecastOptions) makeModel() (forecast.Model, error) {
	if names := append(auto.Names(), pathModel); !slices.Contains(names, o.model) {
		return nil, fmt.Errorf("--model: %q: want one of %s", o.model, strings.Join(names, ", "))
	}
	if o.model == pathModel && o.seasons.None() {
		return nil, fmt.Errorf("--seasons: %q: a path always looks for a day and a week; want auto, periods, or another --model", o.seasons)
	}
	zone, err := time.LoadLocation(o.zone)
	if err != nil {
		return nil, fmt.Errorf("--time-zone: %w", err)
	}
	network, err := readNetwork(o.network, readNamed)
	if err != nil {
		return nil, err
	}
	o.settings = auto.Options{Location: zone, NoSeasons: o.seasons.None(), Network: network}
	if !o.seasons.None() {
		for _, d := range o.seasons {
			o.settings.Seasons = append(o.settings.Seasons, d.Std())
		}
	}
	if o.model == pathModel {
		return nil, nil //nolint:nilnil // a path is no model that runs
	}
	return modelByName(o.model, o.settings)
}

// writeExperts prints which experts carry the forecast, if the model is a pool, as far as the
// pool makes it. A path has no filter.
func (o *forecastOptions) writeExperts(w io.Writer, filter forecast.Filter, step time.Duration, cells int) {
	const path = "a path at once, the weighted median of many forecasters by their errors at earlier origins"
	switch {
	case filter == nil:
		fmt.Fprintln(w, path)
	case o.far(step, cells):
		ladder := combine.Ladder(step)
		writePool(w, filter, step, ladder[len(ladder)-1])
		fmt.Fprintln(w, "farther: "+path)
	default:
		writePool(w, filter, step, cells)
	}
}

func writePool(w io.Writer, filter forecast.Filter, step time.Duration, cells int) {
	pool, ok := filter.(interface{ Explain(h int) []auto.Share })
	if !ok {
		fmt.Fprintln(w, "a single model: nothing to weigh")
		return
	}
	for _, h := range []int{1, 5, 15, 60} {
		if h > cells {
			break
		}
		var parts []string
		for _, s := range pool.Explain(h) {
			if s.Weight < 0.005 && len(parts) > 0 { // 0 %
				break
			}
			parts = append(parts, fmt.Sprintf("%.0f %% %s", 100*s.Weight, s.Expert))
		}
		fmt.Fprintf(w, "at +%s: %s\n", api.Duration(time.Duration(h)*step), strings.Join(parts, ", "))
	}
}

func (o *forecastOptions) writeTable(out io.Writer, f *forecast.Forecast) error {
	const lines = 24
	stride := max(1, int(o.every.Std()/f.Step))
	if o.every == 0 {
		stride = max(1, (f.Horizon()+lines-1)/lines)
	}
	cell, layout := cellsFor(f.Values), time.DateTime
	if f.Step%time.Second != 0 {
		layout += ".000"
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "time (UTC)\t")
	for _, p := range f.Levels {
		fmt.Fprintf(w, "p%s\t", strconv.FormatFloat(100*p, 'f', -1, 64))
	}
	fmt.Fprintln(w)
	for h := stride - 1; h < f.Horizon(); h += stride {
		fmt.Fprintf(w, "%s\t", f.Start.Add(time.Duration(h)*f.Step).UTC().Format(layout))
		for _, v := range f.Values[h] {
			fmt.Fprintf(w, "%s\t", cell(v))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// cellsFor returns how a table shows values: with so many decimals that their points
// stand below each other and the largest has five digits, or, where that would be long,
// each with an exponent of its own.
func cellsFor(values [][]float64) func(v float64) string {
	const digits, least, most = 5, 1e-4, 1e15
	top := 0.0
	for _, row := range values {
		for _, v := range row {
			top = max(top, v)
		}
	}
	if top > 0 && top < least || top >= most {
		return func(v float64) string { return strconv.FormatFloat(v, 'g', digits, 64) }
	}
	decimals := 0
	if top > 0 {
		decimals = max(digits-1-int(math.Floor(math.Log10(top))), 0)
	}
	return func(v float64) string { return strconv.FormatFloat(v, 'f', decimals, 64) }
}

// unixSeconds returns t to the millisecond: cells may be shorter than a second.
func unixSeconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1e3 }

func writeForecastCSV(out io.Writer, f *forecast.Forecast) error {
	w := csv.NewWriter(out)
	head := []string{"timestamp"}
	for _, kind := range []string{"q", "peak"} {
		for _, p := range f.Levels {
			head = append(head, kind+strconv.FormatFloat(p, 'f', -1, 64))
		}
	}
	_ = w.Write(head) // kept by the writer, returned by Error
	for h, row := range f.Values {
		record := []string{strconv.FormatFloat(unixSeconds(f.Start.Add(time.Duration(h)*f.Step)), 'f', -1, 64)}
		for _, values := range [][]float64{row, f.Peaks[h]} {
			for _, v := range values {
				record = append(record, strconv.FormatFloat(v, 'g', -1, 64))
			}
		}
		_ = w.Write(record)
	}
	w.Flush()
	return w.Error()
}

func writeForecastJSON(out io.Writer, f *forecast.Forecast) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", " ")
	return enc.Encode(struct {
		Schema string      `json:"schema"`
		Start  time.Time   `json:"start"`
		StepS  float64     `json:"step_s"`
		Levels []float64   `json:"levels"`
		Values [][]float64 `json:"values"`
		Peaks  [][]float64 `json:"peaks"`
	}{"forescale.dev/forecast/v1", f.Start.UTC(), f.Step.Seconds(), f.Levels, f.Values, f.Peaks})
}
