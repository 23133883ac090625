package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/collector/export"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/auto"
	"github.com/forescale/forescale/scaler/api"
)

// formats is what the commands that read a series say about their files.
const formats = `FILE may be compressed with gzip, - is standard input, and it is one of
  CSV          timestamp,value: unix seconds, milliseconds, RFC 3339 or dates, and
               the mean over the interval that starts there; a missing row is a gap,
               not a zero, and times without a zone are in UTC. Also
               timestamp,rate,latency,replicas, of which rate is read; or a time
               and one column of any name, as Grafana writes them
  JSON         the answer of Prometheus's /api/v1/query_range
  OpenMetrics  text with timestamps, as promtool tsdb dump-openmetrics writes it
  a directory  the data of a Prometheus, or a snapshot of it; nothing is written
For the last two, --query says in PromQL what to read. In a CSV file with more
columns it names the column.`

// queryUsage is the usage of --query beside them.
const queryUsage = "`PromQL` for OpenMetrics and directories (default: their only series), or the name of a column of CSV"

// readTrace reads the series of path in any format that package export knows, and
// says on notes what was dropped. step 0 is that of the file.
func readTrace(ctx context.Context, path, query string, step time.Duration, notes io.Writer) (trace.Trace, error) {
	d, err := export.Read(ctx, path, export.Options{Query: query, Step: step})
	if err != nil {
		return trace.Trace{}, err
	}
	writeNotes(notes, path, d.Notes)
	return traceOf(path, d), nil
}

// readCollection reads the files of the directory that --traces names, none if it names
// none, each by the query of --query. A file that cannot be read is left out, and noted: it
// must not cost the figures of the others. The error is that of the last file, if none can be
// read.
func readCollection(ctx context.Context, directory, query string, notes io.Writer) ([]trace.Trace, error) {
	if directory == "" {
		return nil, nil
	}
	infos, err := trace.List(directory)
	if err == nil && len(infos) == 0 {
		err = fmt.Errorf("%s has no .csv or .csv.gz file", filepath.Clean(directory))
	}
	if err != nil {
		return nil, fmt.Errorf("--traces: %w", err)
	}
	return withoutFaulty(infos, notes, func(info trace.Info) (trace.Trace, error) { return readListed(ctx, info, query, notes) })
}

// withoutFaulty returns what get makes of each of a collection. One for which it fails is
// left out, which a note says; the error is that of the last one where it fails for all.
func withoutFaulty[T any](collection []T, notes io.Writer, get func(T) (trace.Trace, error)) ([]trace.Trace, error) {
	var traces []trace.Trace
	var err error
	for _, c := range collection {
		t, failed := get(c)
		if failed != nil {
			err = failed
			fmt.Fprintf(notes, "note: left out: %v\n", failed)
			continue
		}
		traces = append(traces, t)
	}
	if len(traces) == 0 && err != nil {
		return nil, fmt.Errorf("--traces: %w", err)
	}
	return traces, nil
}

// readListed reads a trace of a directory as [readTrace] does. The mean of two values for
// one time counts: one row must not cost the figures of a collection.
func readListed(ctx context.Context, info trace.Info, query string, notes io.Writer) (trace.Trace, error) {
	d, err := export.Read(ctx, info.File, export.Options{Query: query, AverageRepeated: true})
	if err != nil {
		return trace.Trace{}, err
	}
	writeNotes(notes, info.Name, d.Notes)
	t := traceOf(info.File, d)
	t.Name, t.Kind, t.Unit = info.Name, info.Kind, info.Unit
	return t, nil
}

// modelByName returns the model that --model names.
func modelByName(name string, settings auto.Options) (forecast.Model, error) {
	if name == auto.LSTM && settings.Network == nil {
		return nil, fmt.Errorf("--model: %q: needs the weights of a network: give --network", name)
	}
	model, err := auto.ByName(name, settings)
	if err != nil {
		return nil, fmt.Errorf("--model: %w", err)
	}
	return model, nil
}

// writeNotes says what is odd about a file or a series of that name.
func writeNotes(w io.Writer, name string, notes []string) {
	for _, n := range notes {
		fmt.Fprintf(w, "note: %s: %s\n", name, n)
	}
}

// traceOf returns the load that was read from path.
func traceOf(path string, d export.Data) trace.Trace {
	return trace.Trace{Name: loadName(path), Kind: trace.Rate, Start: d.Rate.Start, Step: d.Rate.Step, Values: d.Rate.Values}
}

// loadName returns the name of the load in a file: that of the file without .gz and
// one more ending, stdin for standard input.
func loadName(path string) string {
	if path == stdin {
		return "stdin"
	}
	name := strings.TrimSuffix(filepath.Base(path), ".gz")
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// wrongValue rewrites the error about a flag whose value cannot be read as all others are
// written: flag, value and what would be right. It returns other errors as they are.
func wrongValue(err error) error {
	wrong, ok := errors.AsType[*pflag.InvalidValueError](err)
	if !ok {
		return err
	}
	want := wrong.Unwrap().Error()
	if number, ok := errors.AsType[*strconv.NumError](err); ok {
		want = map[string]string{
			"ParseInt": "want a whole number", "ParseUint": "want a whole number, 0 or more",
			"ParseFloat": "want a number", "ParseBool": "want true or false",
		}[number.Func]
		if errors.Is(number.Err, strconv.ErrRange) {
			want += " that is not so large"
		}
	}
	return fmt.Errorf("--%s: %q: %s", wrong.GetFlag().Name, wrong.GetValue(), want)
}

// likeFlag returns a hint at the flag that an unknown one most resembles, and
// nothing for other errors.
func likeFlag(cmd *cobra.Command, err error) string {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return ""
	}
	written := unknown.GetSpecifiedName()
	var names []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	best := api.Like(written, names, len(written)/3) // a third of the letters may be wrong
	if best == "" {
		return ""
	}
	return fmt.Sprintf(", did you mean --%s?", best)
}
