package accuracy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/forecast/baseline"
)

// M4Options are the settings of [RunM4]. The zero value is ready to use.
type M4Options struct {
	Workers int // series at once; 0 = one per processor

	// Model is fitted and filtered on each series; nil means auto.Path. Where a
	// history is too short for it, the last value stands in.
	Model forecast.Model
}

// m4Levels are the quantiles written, one file each or two for the interval.
const m4Levels = 6

// m4Files returns the files of quantiles by column of the forecast.
func m4Files() (levels [m4Levels]float64, names [m4Levels]string) {
	return [m4Levels]float64{0.025, 0.05, 0.5, 0.9, 0.95, 0.975},
		[m4Levels]string{"lower95.csv", "q0.05.csv", "q0.5.csv", "q0.9.csv", "q0.95.csv", "upper95.csv"}
}

// RunM4 forecasts every series of the hourly collection in dir and writes
// point.csv, q0.05.csv, q0.5.csv, q0.9.csv, q0.95.csv, lower95.csv and upper95.csv
// into out, with rows of series_id,h1,h2,… in the order of the training file. The
// point forecast is the median; lower95 and upper95 bound the central interval of
// 95 %. Only Hourly-train.csv is forecast from; Hourly-test.csv, if there, gives
// the horizon and the scores of the report. Both may end in .gz and lie at any
// depth under dir.
//
// The collection has no time stamps: every series is taken to start at midnight
// of a Thursday, so that no day of the week means anything but its number.
//
// Progress goes to the writer, a line per hundred series. An error names the
// file and the row.
func RunM4(ctx context.Context, dir, out string, opts M4Options, progress io.Writer) (M4Report, error) {
	train, truth, err := readM4(dir)
	if err != nil {
		return M4Report{}, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil { // now, not after the forecasts
		return M4Report{}, fmt.Errorf("accuracy: %w", err)
	}
	horizon := m4Horizon(truth)
	forecasts := make([]*forecast.Forecast, len(train))
	group, ctx := errgroup.WithContext(ctx)
	if opts.Workers <= 0 {
		opts.Workers = runtime.GOMAXPROCS(0)
	}
	group.SetLimit(opts.Workers)
	for i, s := range train {
		if i%100 == 0 {
			fmt.Fprintf(progress, "%d of %d series\n", i, len(train))
		}
		group.Go(func() error {
			f, err := m4Forecast(ctx, opts.Model, s, horizon)
			if err != nil {
				return fmt.Errorf("accuracy: series %s: %w", s.id, err)
			}
			forecasts[i] = f
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return M4Report{}, err
	}
	fmt.Fprintf(progress, "%d of %d series\n", len(train), len(train))
	if err := writeM4(out, train, forecasts); err != nil {
		return M4Report{}, err
	}
	return m4Score(train, truth, forecasts), nil
}

// m4Forecast forecasts one series; one without a cell is an error.
func m4Forecast(ctx context.Context, m forecast.Model, s m4Series, horizon int) (*forecast.Forecast, error) {
	levels, _ := m4Files()
	history := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: time.Hour, Values: s.values}
	if m == nil {
		return auto.Path(ctx, history, horizon, levels[:], auto.Options{})
	}
	fitted, err := m.Fit(ctx, history)
	if errors.Is(err, forecast.ErrShortHistory) {
		fitted, err = baseline.Naive{}.Fit(ctx, history)
	}
	if err != nil {
		return nil, err
	}
	filter, err := fitted.Filter(history)
	if err != nil {
		return nil, err
	}
	f := forecast.New(horizon, levels[:]...)
	filter.Forecast(f)
	return f, nil
}

// writeM4 writes one file per quantile into out, which is there, and the median a second
// time as the point forecast.
func writeM4(out string, train []m4Series, forecasts []*forecast.Forecast) error {
	_, names := m4Files()
	for q, name := range names {
		if err := writeQuantile(filepath.Join(out, name), q, train, forecasts); err != nil {
			return err
		}
		if name == "q0.5.csv" {
			if err := writeQuantile(filepath.Join(out, "point.csv"), q, train, forecasts); err != nil {
				return err
			}
		}
	}
	return nil
}

func writeQuantile(path string, q int, train []m4Series, forecasts []*forecast.Forecast) error {
	var text []byte
	text = append(text, "series_id"...)
	if len(forecasts) > 0 {
		for h := range forecasts[0].Values {
			text = append(text, ",h"...)
			text = strconv.AppendInt(text, int64(h+1), 10)
		}
	}
	text = append(text, '\n')
	for i, f := range forecasts {
		text = append(text, field(train[i].id)...)
		for _, row := range f.Values {
			text = append(text, ',')
			text = strconv.AppendFloat(text, row[q], 'g', 10, 64)
		}
		text = append(text, '\n')
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("accuracy: %w", err)
	}
	return nil
}

// field returns text as a field of CSV.
func field(text string) string {
	if !strings.ContainsAny(text, ",\"\r\n") {
		return text
	}
	return `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
}
