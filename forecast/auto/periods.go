package auto

import (
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/combine"
	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/season"
)

// seasons sets which periods the memory keeps: those that the options name, or day
// and week and any other periods of the history that lower the backtest error.
func (f *fitted) seasons(history forecast.Series) {
	given := f.opts.Seasons
	switch {
	case f.opts.NoSeasons:
		f.lags.Day, f.lags.Week, f.lags.Eve = 0, 0, 0
	case len(given) > 0:
		if !slices.Contains(given, season.Day) {
			f.lags.Day, f.lags.Eve = 0, 0
		}
		if !slices.Contains(given, season.Week) {
			f.lags.Week, f.lags.Eve = 0, 0
		}
		for _, p := range given {
			if p != season.Day && p != season.Week {
				f.lags = with(f.lags, int((p+f.step/2)/f.step))
			}
		}
	default:
		f.search(history)
	}
}

// with returns l with one more period, or as it is if there is no room or the
// period is shorter than two samples.
func with(l direct.Lags, period int) direct.Lags {
	for k, p := range l.Others {
		if p == 0 && period > 1 {
			l.Others[k] = period
			break
		}
	}
	return l
}

// enough is the largest ratio of the backtest errors, with a period over without it, at
// which the period is kept. Errors below leastScale are rounding, in which even a clean wave
// would show periods.
const enough = 0.98

// search keeps those of the periods found in history that lower the error of a regression
// in the middle of the ladder, judged on the second half of history.
func (f *fitted) search(history forecast.Series) {
	if f.unit == 0 {
		return
	}
	found := season.Find(history)
	if len(found) == 0 {
		return
	}
	least := max(f.backtest(history, f.lags), leastScale)
	for _, p := range found {
		lags := with(f.lags, int(p/f.step))
		if loss := max(f.backtest(history, lags), leastScale); loss < enough*least {
			f.lags, least = lags, loss
		}
	}
}

// backtest returns the mean absolute error, in units, of the regression on values
// in the middle of the ladder, learned along history as the filter does.
func (f *fitted) backtest(history forecast.Series, lags direct.Lags) float64 {
	rungs := combine.Ladder(f.step)
	h := rungs[len(rungs)/2]
	mem := direct.NewMemory(lags, direct.NewWall(history.Start, f.step, f.opts.Location))
	r := direct.NewRegression(lags.Regressors(), 1)
	tune := direct.Tuning{
		Forget: 1 - 1/max(float64(lags.Day), leastMemory),
		Ridge:  ridge * float64(h), Huber: 1,
	}
	row, past := lags.NewRow(), make([]direct.Season, 1)
	last, sum, n := 0.0, 0.0, 0
	for i, v := range history.Values {
		observed := isObserved(v)
		if observed {
			last = v / f.unit
		}
		mem.Push(last, last)
		if !observed || i < h {
			continue
		}
		clock := direct.NewClock(mem.TimeOfDay(0))
		mem.Past(past, []int{h})
		origin := mem.Origin(h)
		mem.Row(&row, &origin, h, &past[0], &clock)
		goal := mem.Value(direct.Raw) - origin.Value(direct.Raw)
		if i >= history.Len()/2 {
			sum += min(math.Abs(goal-r.Predict(0, row[direct.Raw])), most)
			n++
		}
		r.Learn(row[direct.Raw], [direct.MaxTargets]float64{goal}, tune)
		if i%solveEvery == 0 {
			r.Solve(tune)
		}
	}
	return sum / max(1, float64(n))
}

// most bounds, in units, what one error adds to a backtest.
const most = 100

// Seasons returns the periods that the filter keeps, ascending.
func (f *fitted) Seasons() []time.Duration {
	var all []time.Duration
	for _, n := range append([]int{f.lags.Day, f.lags.Week}, f.lags.Others[:]...) {
		if n > 0 {
			all = append(all, time.Duration(n)*f.step)
		}
	}
	slices.Sort(all)
	return all
}
