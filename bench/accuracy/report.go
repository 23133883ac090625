package accuracy

import (
	"cmp"
	"encoding/json"
	"io"
	"math"
	"slices"
	"strconv"
	"time"
)

// Schema names the layout of a [Report] as JSON.
const Schema = "forescale.dev/accuracy/v1"

// A Report holds the scores of one model on many series.
type Report struct {
	Schema  string    `json:"schema"`
	Model   string    `json:"model"`
	Series  []Series  `json:"series"` // in the order given
	Summary []Summary `json:"summary"`
}

// A Series holds the scores on one series.
type Series struct {
	Name  string  `json:"name"`
	Step  float64 `json:"step_s"` // seconds
	Rungs []Rung  `json:"rungs"`  // ascending in horizon; empty with Error
	Error string  `json:"error,omitempty"`
}

// A Rung holds the scores at one horizon, over all origins. A number that is not
// defined, as a ratio to zero, is null in JSON and NaN here.
type Rung struct {
	Horizon  float64 `json:"horizon_s"` // seconds
	N        int     `json:"n"`         // forecasts scored
	MAE      Number  `json:"mae"`       // of the median forecast, unit of the metric
	MAERatio Number  `json:"mae_ratio_naive"`
	MASE     Number  `json:"mase"`  // MAE over that of the day-ago rule on the warm-up
	SMAPE    Number  `json:"smape"` // percent, 0 to 200
	WIS      Number  `json:"wis"`   // over levels 0.05, 0.25, 0.5, 0.75, 0.95

	// By level, "0.9", "0.95" and "0.99". PinballRatio is the quantile loss of the
	// upper bound over that of the naive rule with a tracker. Coverage is the share of
	// truths at or under the bound, WorstDayCoverage that share on the worst UTC day of
	// which at least half was scored; NaN if there is none, or a step is half a day or more.
	PinballRatio     map[string]Number `json:"pinball_ratio"`
	Coverage         map[string]Number `json:"coverage"`
	WorstDayCoverage map[string]Number `json:"worst_day_coverage"`

	// PeakMAERatio is the error of the median of the maximum up to the horizon over
	// that of the rule "as high as in the last so many samples".
	PeakMAERatio Number `json:"peak_mae_ratio"`

	// PeakCoverage is the share of origins after which no sample up to the horizon
	// exceeded the bound of the maximum, by level.
	PeakCoverage map[string]Number `json:"peak_coverage"`
}

// A Summary gathers one horizon over the series with steps of five minutes or
// less that have it.
type Summary struct {
	Horizon    float64 `json:"horizon_s"`
	Series     int     `json:"series"`
	MAERatio   Number  `json:"mae_ratio_naive"` // geometric mean
	Worst      Number  `json:"worst_mae_ratio_naive"`
	WorstName  string  `json:"worst_series"`
	BeatsNaive int     `json:"beats_naive"`

	PinballRatio      map[string]Number `json:"pinball_ratio"`      // mean
	Coverage          map[string]Number `json:"coverage"`           // mean
	CoverageDeviation map[string]Number `json:"coverage_deviation"` // mean distance from the level
	WorstDayCoverage  map[string]Number `json:"worst_day_coverage"` // median over series
	PeakMAERatio      Number            `json:"peak_mae_ratio"`     // geometric mean of those that are positive
	PeakCoverage      map[string]Number `json:"peak_coverage"`      // mean over series that have any
}

// A Number is a float64 whose NaN and infinities are null in JSON.
type Number float64

// MarshalJSON writes n with six significant digits.
func (n Number) MarshalJSON() ([]byte, error) {
	if v := float64(n); math.IsNaN(v) || math.IsInf(v, 0) {
		return []byte("null"), nil
	}
	return []byte(strconv.FormatFloat(float64(n), 'g', 6, 64)), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (n *Number) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*n = Number(math.NaN())
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

// key spells a level as JSON has it.
func key(p float64) string { return strconv.FormatFloat(p, 'g', -1, 64) }

// rung turns gathered scores into a report; scale is the divisor of MASE.
func (r *rungScore) rung(step time.Duration, scale float64) Rung {
	n := float64(r.n)
	out := Rung{
		Horizon: (time.Duration(r.h) * step).Seconds(), N: r.n,
		MAE: Number(r.loss / n), MAERatio: quotient(r.beyondPrecision(), r.naive, r.n), MASE: Number(r.loss / n / scale),
		SMAPE: Number(r.smape / n), WIS: Number(r.wis / n),
		PinballRatio: map[string]Number{}, Coverage: map[string]Number{}, WorstDayCoverage: map[string]Number{},
		PeakMAERatio: quotient(r.peaks.loss, r.peaks.naive, r.peaks.n), PeakCoverage: r.peaks.coverage(),
	}
	for k, p := range boundLevels {
		out.PinballRatio[key(p)] = quotient(r.pinball[k], r.naivePinball[k], r.n)
		out.Coverage[key(p)] = Number(float64(r.covered[k]) / n)
		out.WorstDayCoverage[key(p)] = Number(r.worst[k])
	}
	return out
}

// beyondPrecision returns the sum of errors, 0 if it is no more than what single
// precision rounds: a constant is forecast exactly.
func (r *rungScore) beyondPrecision() float64 {
	if r.loss <= 1e-7*r.level {
		return 0
	}
	return r.loss
}

// quotient returns a/b, sums over n forecasts: 1 where both are 0, NaN where n is 0.
func quotient(a, b float64, n int) Number {
	switch {
	case n == 0:
		return Number(math.NaN())
	case a == b:
		return 1
	}
	return Number(a / b)
}

// summarize fills r.Summary.
func (r *Report) summarize() {
	byHorizon := map[float64][]int{}
	rungs := map[float64][]Rung{}
	for i, s := range r.Series {
		if s.Step > 300 {
			continue
		}
		for _, rung := range s.Rungs {
			if rung.N > 0 && !math.IsNaN(float64(rung.MAERatio)) && !math.IsInf(float64(rung.MAERatio), 0) {
				byHorizon[rung.Horizon] = append(byHorizon[rung.Horizon], i)
				rungs[rung.Horizon] = append(rungs[rung.Horizon], rung)
			}
		}
	}
	r.Summary = nil
	for h, of := range rungs {
		s := Summary{
			Horizon: h, Series: len(of), Worst: Number(math.Inf(-1)),
			PinballRatio: map[string]Number{}, Coverage: map[string]Number{},
			CoverageDeviation: map[string]Number{}, WorstDayCoverage: map[string]Number{}, PeakCoverage: map[string]Number{},
		}
		logs := 0.0
		for k, rung := range of {
			logs += math.Log(float64(rung.MAERatio)) / float64(len(of))
			if rung.MAERatio < 1 {
				s.BeatsNaive++
			}
			if rung.MAERatio > s.Worst {
				s.Worst, s.WorstName = rung.MAERatio, r.Series[byHorizon[h][k]].Name
			}
		}
		s.MAERatio, s.PeakMAERatio = Number(math.Exp(logs)), peakRatio(of)
		for _, p := range boundLevels {
			s.summarizeBound(of, p)
		}
		r.Summary = append(r.Summary, s)
	}
	slices.SortFunc(r.Summary, func(a, b Summary) int { return cmp.Compare(a.Horizon, b.Horizon) })
}

// peakRatio returns the geometric mean of the error ratios of the maxima, of those
// that are positive.
func peakRatio(of []Rung) Number {
	logs, n := 0.0, 0.0
	for _, rung := range of {
		if v := float64(rung.PeakMAERatio); v > 0 && !math.IsInf(v, 1) {
			logs, n = logs+math.Log(v), n+1
		}
	}
	return Number(math.Exp(logs / n))
}

func (s *Summary) summarizeBound(of []Rung, p float64) {
	name, n := key(p), Number(len(of))
	worst := make([]float64, 0, len(of))
	peaks, known := Number(0), Number(0)
	for _, rung := range of {
		s.PinballRatio[name] += rung.PinballRatio[name] / n
		s.Coverage[name] += rung.Coverage[name] / n
		s.CoverageDeviation[name] += Number(math.Abs(float64(rung.Coverage[name])-p)) / n
		if v := float64(rung.WorstDayCoverage[name]); !math.IsNaN(v) {
			worst = append(worst, v)
		}
		if v := rung.PeakCoverage[name]; !math.IsNaN(float64(v)) {
			peaks, known = peaks+v, known+1
		}
	}
	s.PeakCoverage[name] = peaks / known
	s.WorstDayCoverage[name] = Number(math.NaN())
	if len(worst) > 0 {
		slices.Sort(worst)
		s.WorstDayCoverage[name] = Number((worst[(len(worst)-1)/2] + worst[len(worst)/2]) / 2)
	}
}

// WriteJSON writes the report as indented JSON.
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(r)
}
