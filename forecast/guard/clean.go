package guard

import (
	"errors"
	"slices"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/regress"
)

// Series returns history with gaps filled, and outliers and outages replaced by
// what the robust form of m expected there. dirty is how many cells were replaced
// although observed. Level shifts are left in place, and so is the first period. A
// history that is too short for m is returned as a copy, gaps and all. Any other
// error is that of [regress.Model.Walk].
func Series(history forecast.Series, m regress.Model) (clean forecast.Series, dirty int, err error) {
	c := cleaner{guard: New(), history: history, bad: map[int]Verdict{}}
	cleaned, err := m.Walk(history, c.judge)
	clean = forecast.Series{Start: history.Start, Step: history.Step, Values: cleaned}
	switch {
	case errors.Is(err, forecast.ErrShortHistory):
		clean.Values = slices.Clone(history.Values)
		return clean, 0, nil
	case err != nil:
		return forecast.Series{}, 0, err
	}
	for i, v := range history.Values { // what was believed stays as it is, to the last bit
		if v >= 0 && c.bad[i] == Clean {
			clean.Values[i] = v
		}
	}
	for _, verdict := range c.bad {
		if verdict != Missing {
			dirty++
		}
	}
	return clean, dirty, nil
}

// A cleaner judges the cells of one history.
type cleaner struct {
	guard   *State
	history forecast.Series
	run     []withheld      // the current run of outliers
	bad     map[int]Verdict // of cells replaced
}

// withheld is a cell that the model did not see.
type withheld struct {
	cell  int
	value float64 // standardised
}

func (c *cleaner) judge(past []float64, predicted, value float64) float64 {
	i := len(past)
	v, verdict := c.guard.judge(cell{predicted: predicted, value: value, zero: c.history.Values[i] == 0})
	switch verdict {
	case Clean:
	case Missing:
		c.bad[i] = verdict
	case Outlier, Outage:
		if c.guard.run == 1 || c.guard.run == -1 { // on the other side than the last
			c.run = c.run[:0]
		}
		c.run = append(c.run, withheld{cell: i, value: value})
		c.bad[i] = verdict
	case Shift:
		for _, w := range c.run {
			past[w.cell] = w.value
			delete(c.bad, w.cell)
		}
		c.run = c.run[:0]
	}
	return v
}
