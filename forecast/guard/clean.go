package guard

import (
	"errors"
	"slices"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/regress"
)

// A Report counts what [Series] did, in cells, and in runs for Shifts.
type Report struct {
	Missing, Outliers, Outages, Shifts int
}

// Dirty returns the number of cells that were replaced although observed.
func (r Report) Dirty() int { return r.Outliers + r.Outages }

// Series returns history with gaps filled, and outliers and outages replaced by
// what the robust form of m expected there. Level shifts are left in place, and
// so is the first period. A history that is too short for m is returned as a
// copy, gaps and all. Any other error is that of [regress.Model.Walk].
func Series(history forecast.Series, m regress.Model) (forecast.Series, Report, error) {
	c := cleaner{guard: New(), history: history}
	cleaned, err := m.Walk(history, c.judge)
	out := forecast.Series{Start: history.Start, Step: history.Step, Values: cleaned}
	switch {
	case errors.Is(err, forecast.ErrShortHistory):
		out.Values = slices.Clone(history.Values)
		return out, Report{}, nil
	case err != nil:
		return forecast.Series{}, Report{}, err
	}
	for i, v := range history.Values { // what was believed stays as it is, to the last bit
		if v >= 0 && c.verdict(i) == Clean {
			out.Values[i] = v
		}
	}
	return out, c.report, nil
}

// A cleaner judges the cells of one history.
type cleaner struct {
	guard   *State
	history forecast.Series
	report  Report
	run     []withheld      // the current run of outliers
	bad     map[int]Verdict // of cells replaced
}

// withheld is a cell that the model did not see.
type withheld struct {
	cell    int
	value   float64 // standardised
	verdict Verdict
}

func (c *cleaner) verdict(i int) Verdict { return c.bad[i] }

func (c *cleaner) judge(past []float64, predicted, value float64) float64 {
	i := len(past)
	v, verdict := c.guard.judge(cell{predicted: predicted, value: value, zero: c.history.Values[i] == 0})
	if c.bad == nil {
		c.bad = make(map[int]Verdict)
	}
	switch verdict {
	case Clean:
	case Missing:
		c.report.Missing++
		c.bad[i] = verdict
	case Outlier, Outage:
		if c.guard.run == 1 || c.guard.run == -1 { // on the other side than the last
			c.run = c.run[:0]
		}
		c.run = append(c.run, withheld{cell: i, value: value, verdict: verdict})
		c.bad[i] = verdict
		c.count(verdict, 1)
	case Shift:
		c.report.Shifts++
		for _, w := range c.run {
			past[w.cell] = w.value
			delete(c.bad, w.cell)
			c.count(w.verdict, -1)
		}
		c.run = c.run[:0]
	}
	return v
}

func (c *cleaner) count(v Verdict, n int) {
	if v == Outage {
		c.report.Outages += n
		return
	}
	c.report.Outliers += n
}
