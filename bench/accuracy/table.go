package accuracy

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/forescale/forescale/scaler/api"
)

// bounds is the head of three columns, one by level.
func bounds(title string) string { return title + " 90\t95\t99\t" }

// WriteTable writes the report for people, in tables that fit a terminal: the point
// forecasts and the bounds of each series by horizon, and the same over all series with
// steps of five minutes or less.
func (r Report) WriteTable(w io.Writer) error {
	names := 0
	for _, s := range r.Series {
		names = max(names, utf8.RuneCountInString(s.Name))
	}
	err := r.perSeries(w, names, "ahead\tn\tMAE\t÷ naive\tMASE\tsMAPE\tWIS\t", func(g *Rung) string {
		return fmt.Sprintf("%s\t%d\t%s\t%s\t%s\t%s\t%s\t", ahead(g.Horizon), g.N,
			cell("%.4g", g.MAE), cell("%.3f", g.MAERatio), cell("%.3f", g.MASE), cell("%.1f", g.SMAPE), cell("%.4g", g.WIS))
	})
	if err != nil {
		return err
	}
	for _, s := range r.Series {
		if s.Error != "" {
			fmt.Fprintf(w, "%s: %s\n", s.Name, s.Error)
		}
	}
	if !r.scored() {
		return nil
	}
	fmt.Fprintln(w, "\nupper bounds: pinball loss over that of the naive rule, % covered, and % covered on the worst day")
	err = r.perSeries(w, names, "ahead\t"+bounds("loss")+bounds("covered")+bounds("day"), func(g *Rung) string {
		return ahead(g.Horizon) + "\t" + levelCells(g.PinballRatio, 1, 3) + levelCells(g.Coverage, 100, 2) + levelCells(g.WorstDayCoverage, 100, 1)
	})
	if err != nil || len(r.Summary) == 0 {
		return err
	}
	return r.summaries(w)
}

// scored reports whether there is a series with figures.
func (r Report) scored() bool {
	return slices.ContainsFunc(r.Series, func(s Series) bool { return len(s.Rungs) > 0 })
}

// perSeries writes a line for each series and horizon, after a head, or nothing if none was
// scored; names is the width of the longest name.
func (r Report) perSeries(w io.Writer, names int, head string, cells func(*Rung) string) error {
	if !r.scored() {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, strings.Repeat(" ", names)+"\t"+head)
	for _, s := range r.Series {
		for i := range s.Rungs {
			fmt.Fprintf(t, "%s%s\t%s\n", s.Name, strings.Repeat(" ", names-utf8.RuneCountInString(s.Name)), cells(&s.Rungs[i]))
		}
	}
	return t.Flush()
}

// summaries writes what holds over the series: points, bounds, and the hardest of them.
func (r Report) summaries(w io.Writer) error {
	fmt.Fprintf(w, "\n%s over the series with steps of five minutes or less\n", r.Model)
	for _, of := range []struct {
		head  string
		cells func(s *Summary) string
	}{
		{"series\t÷ naive\tbeats it\tworst\tmaxima ÷ naive\tworst at\t", func(s *Summary) string {
			return fmt.Sprintf("%d\t%s\t%d\t%s\t%s\t%s\t", s.Series, cell("%.4f", s.MAERatio), s.BeatsNaive, cell("%.3f", s.Worst), cell("%.3f", s.PeakMAERatio), s.WorstName)
		}},
		{bounds("loss") + bounds("covered") + bounds("off by"), func(s *Summary) string {
			return levelCells(s.PinballRatio, 1, 3) + levelCells(s.Coverage, 100, 2) + levelCells(s.CoverageDeviation, 100, 2)
		}},
		{bounds("worst day") + bounds("maxima covered"), func(s *Summary) string {
			return levelCells(s.WorstDayCoverage, 100, 1) + levelCells(s.PeakCoverage, 100, 2)
		}},
	} {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintln(t, "ahead\t"+of.head)
		for i := range r.Summary {
			fmt.Fprintln(t, ahead(r.Summary[i].Horizon)+"\t"+of.cells(&r.Summary[i]))
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// cell writes a number, or a dash if there is none: for a ratio to a naive rule that is never
// wrong, as on a load that never moves, and for a mean over nothing.
func cell(format string, v Number) string {
	if f := float64(v); !math.IsNaN(f) && !math.IsInf(f, 0) {
		return fmt.Sprintf(format, f)
	}
	return "–"
}

// ahead writes a horizon of so many seconds.
func ahead(seconds float64) string {
	return api.Duration(seconds * float64(time.Second)).String()
}

// levelCells returns the table cells of a value by level.
func levelCells(m map[string]Number, factor float64, digits int) string {
	var b strings.Builder
	for _, p := range boundLevels {
		b.WriteString(cell(fmt.Sprintf("%%.%df", digits), Number(factor)*m[key(p)]) + "\t")
	}
	return b.String()
}
