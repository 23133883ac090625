package train

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm"
)

// A Report says how the training went and how good its network is on the ends
// of the series, which took no part in it.
type Report struct {
	Seed   uint64
	Step   time.Duration // 0 = the series have different ones
	Epochs []EpochLoss   // in order
	Best   int           // the epoch whose weights were kept, from 1
	Rungs  []RungScore   // in order
}

// An EpochLoss is the mean pinball loss over the rungs of one epoch, in units of
// the usual change at each rung.
type EpochLoss struct{ Train, Validation float64 }

// A RungScore is the accuracy at one horizon. The ratios are of mean absolute
// errors, geometric means over the series that have one; below 1 the network is
// better. NaN says that none has: that the rule made no error, as on a constant
// series, that there is no day before, or that no forecast was scored.
type RungScore struct {
	Horizon         int // steps
	Series, Origins int
	ToNaive         float64   // the network's error over that of "as now"
	ToSeasonal      float64   // over that of "as a day ago"
	Levels          []float64 // the quantiles of the network
	Coverage        []float64 // share of values at or under each, mean over the series; NaN if no forecast was scored

	toNaive, toSeasonal int // series that have a ratio
}

// WriteTable writes the scores as a table for people.
func (r Report) WriteTable(w io.Writer) error {
	if len(r.Rungs) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%10s %7s %9s %9s %12s", "horizon", "series", "origins", "÷ naive", "÷ seasonal")
	for _, p := range r.Rungs[0].Levels {
		fmt.Fprintf(&b, " %7s", fmt.Sprintf("≤q%v", p))
	}
	b.WriteByte('\n')
	for _, s := range r.Rungs {
		horizon := forecast.Span(time.Duration(s.Horizon) * r.Step)
		if r.Step == 0 {
			horizon = fmt.Sprintf("%d steps", s.Horizon)
		}
		fmt.Fprintf(&b, "%10s %7d %9d %9s %12s", horizon, s.Series, s.Origins, known(s.ToNaive), known(s.ToSeasonal))
		for _, c := range s.Coverage {
			fmt.Fprintf(&b, " %7s", known(c))
		}
		b.WriteByte('\n')
	}
	b.WriteString("÷ naive, ÷ seasonal: mean absolute error over that of \"as now\" and of \"as a day ago\"; below 1 the network is better\n")
	b.WriteString("≤q: share of the values at or under the quantile; the nearer to its level, the better\n")
	if strings.Contains(b.String(), unknown) {
		b.WriteString(unknown + ": the rule made no error, as on a constant series, there is no day before, or the last 15 % are too short to judge\n")
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("train: table: %w", err)
	}
	return nil
}

const unknown = "–"

// known writes a figure, or that there is none.
func known(v float64) string {
	if math.IsNaN(v) {
		return unknown
	}
	return fmt.Sprintf("%.3f", v)
}

// sums are the errors of one series at one rung.
type sums struct {
	n              int // origins
	network, naive float64
	under          []int

	matched, seasonal float64 // of the network and of "as a day ago", where the day before is known
}

// score runs best as an Expert over each series and sums its errors at the
// origins of the test part.
func score(ctx context.Context, best *lstm.Network, parts []part) ([]RungScore, error) {
	c := best.Config
	scores := make([]RungScore, len(c.Rungs))
	for i, h := range c.Rungs {
		scores[i] = RungScore{Horizon: h, Levels: c.Quantiles, Coverage: make([]float64, len(c.Quantiles))}
	}
	for _, p := range parts {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("train: %w", err)
		}
		all, err := errorsOf(best, p)
		if err != nil {
			return nil, err
		}
		for i := range all {
			scores[i].add(&all[i])
		}
	}
	for i := range scores {
		scores[i].finish()
	}
	return scores, nil
}

// add counts a series in; until finish the means are sums, those of ratios of
// logarithms.
func (r *RungScore) add(s *sums) {
	if s.n == 0 {
		return
	}
	r.Series++
	r.Origins += s.n
	for q, n := range s.under {
		r.Coverage[q] += float64(n) / float64(s.n)
	}
	if s.network > 0 && s.naive > 0 {
		r.toNaive++
		r.ToNaive += math.Log(s.network / s.naive)
	}
	if s.matched > 0 && s.seasonal > 0 {
		r.toSeasonal++
		r.ToSeasonal += math.Log(s.matched / s.seasonal)
	}
}

func (r *RungScore) finish() { // 0/0 = NaN: there was none
	r.ToNaive = math.Exp(r.ToNaive / float64(r.toNaive))
	r.ToSeasonal = math.Exp(r.ToSeasonal / float64(r.toSeasonal))
	for q := range r.Coverage {
		r.Coverage[q] /= float64(r.Series)
	}
}

// errorsOf returns the errors of n at each rung over the test part of p.
func errorsOf(n *lstm.Network, p part) ([]sums, error) {
	c := &n.Config
	all := make([]sums, len(c.Rungs))
	for i := range all {
		all[i].under = make([]int, len(c.Quantiles))
	}
	e, err := n.NewExpert(p.series.Start, p.series.Step)
	if err != nil {
		return nil, err
	}
	for origin, v := range p.series.Values {
		e.Update(v)
		if origin < p.stop || !(v >= 0) {
			continue
		}
		for i, h := range c.Rungs {
			all[i].tally(e, p.series, origin, h, c.Quantiles)
		}
	}
	return all, nil
}

// tally adds the forecast of e for h cells after origin, if what it is compared
// with is known.
func (s *sums) tally(e *lstm.Expert, series forecast.Series, origin, h int, levels []float64) {
	if origin+h >= series.Len() {
		return
	}
	y, now := series.Values[origin+h], series.Values[origin]
	if !(y >= 0) {
		return
	}
	err := math.Abs(y - e.At(h))
	s.n++
	s.network += err
	s.naive += math.Abs(y - now)
	quantiles := make([]float64, len(levels))
	for q, p := range levels {
		quantiles[q] = e.Quantile(h, p)
	}
	slices.Sort(quantiles) // outputs may cross, and those of a forecast are put in order
	for q, v := range quantiles {
		if y <= v {
			s.under[q]++
		}
	}
	perDay := int(math.Round(float64(day) / float64(series.Step)))
	ago := origin + h - perDay*((h+perDay-1)/perDay)
	if ago >= 0 && series.Values[ago] >= 0 {
		s.matched += err
		s.seasonal += math.Abs(y - series.Values[ago])
	}
}
