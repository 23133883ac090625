package auto

import (
	"math"

	"github.com/forescale/forescale/forecast/combine"
	"github.com/forescale/forescale/forecast/direct"
)

// The experts, in the order of their weights. In the ladder of maxima the same places, up to
// recentPeak, hold each expert's forecast of the maximum until then; two of these places
// are taken by other experts.
const (
	lastValue = iota
	dayAgo
	weekAgo
	dayMoved
	weekMoved
	meanLevel
	linear
	logLinear
	steps
	factors
	smooth
	smoothLog
	network
	experts

	highestPath = meanLevel // maxima only: the highest point of the combined path until then
	recentPeak  = steps     // maxima only: the largest of the last h samples
)

// heads is the number of experts in each ladder.
var heads = [ladders]int{values: experts, peaks: recentPeak + 1} //nolint:gochecknoglobals // a constant table

// models is the number of experts that have a state of their own, from smooth on.
const models = 3

// expertNames name the experts and, after the last, the calendar.
var expertNames = [experts + 1]string{ //nolint:gochecknoglobals // a constant table
	"last value", "day-ago", "week-ago", "day-ago at present level", "week-ago at present level",
	"recent mean", "linear regression", "log regression",
	"steps of the mean day",
	"factors of the mean day", "Holt-Winters", "log Holt-Winters", "LSTM",
	"week-ago by kind of day",
}

// priors are the weights before anything is known.
var priors = combine.Prior{4, 1, 1, 1, 1, 1, 2, 2, 1, 1, 1, 1, 1} //nolint:gochecknoglobals // a constant table

// asleep is the forecast of an expert that has none.
var asleep = float32(math.NaN()) //nolint:gochecknoglobals // a constant

// present is what the rules know of now.
type present struct {
	last, level         float64
	dayLevel, weekLevel float64 // level one season ago
	profile, highest    float64 // mean day at this time; largest of the combined path so far
}

// present returns what the rules need to know of now.
func (s *filter) present() present {
	now := present{last: max(s.last, 0), level: s.mem.Level(), profile: s.mem.Profile()}
	now.dayLevel, now.weekLevel = s.mem.LevelThen()
	now.highest = now.last
	return now
}

// A query is what the experts are asked for, and what they need to know of it.
type query struct {
	h      int           // samples ahead
	season direct.Season // of that time
	top    float64       // largest of the last h samples
	from   between       // whose regressions answer
}

// advise writes the experts' forecasts of the value and of the maximum for rung k, in
// units, except highestPath, which follows from their combination.
func (s *filter) advise(k int, now *present, from *direct.Origin, around *around) {
	value, peak := s.advice(values, k), s.advice(peaks, k)
	q := query{h: s.rungs[k], season: around.seasons[k], top: around.tops[k], from: s.regressions[k]}
	s.rules(value, peak, now, &q)
	s.regress(value, peak, from, &q)
	for g := range s.models {
		value[smooth+g] = s.model(g, s.rungs[k])
	}
}

// model returns the forecast h samples ahead of the g-th expert with a state of its own, in
// units.
func (s *filter) model(g, h int) float32 {
	if e := s.models[g]; e != nil && s.unit > 0 {
		return s.bounded(e.At(h)/s.unit, direct.Raw)
	}
	return asleep
}

// rules writes the forecasts of the experts that have no parameters.
func (s *filter) rules(value, peak []float32, now *present, q *query) {
	season := &q.season
	value[lastValue], peak[lastValue] = float32(now.last), float32(now.last)
	value[dayAgo], peak[dayAgo] = float32(season.Day), float32(season.DayMax)
	value[weekAgo], peak[weekAgo] = float32(season.Week), float32(season.WeekMax)
	value[dayMoved] = moved(season.DaySmooth, now.level, now.dayLevel)
	peak[dayMoved] = moved(season.DayMax, now.level, now.dayLevel)
	value[weekMoved] = moved(season.WeekSmooth, now.level, now.weekLevel)
	peak[weekMoved] = moved(season.WeekMax, now.level, now.weekLevel)
	value[meanLevel] = float32(now.level)
	value[steps] = moved(season.Profile, now.last, now.profile)
	const soft = 0.02 // keeps the factor of a quiet hour within reason
	value[factors] = float32(now.last * max(0.2, min((season.Profile+soft)/(now.profile+soft), 5)))
	peak[recentPeak] = float32(q.top)
}

// moved shifts a past value by the change of the level since.
func moved(v, now, then float64) float32 { return float32(max(0, v+now-then)) }

func mix(weights, advice []float32) float64 {
	sum := 0.0
	for i, w := range weights {
		if w > 0 {
			sum += float64(w) * float64(advice[i])
		}
	}
	return sum
}

// leastRows is the number of rows from which on a regression takes part.
const leastRows = 40

// regress writes the forecasts of the regressions.
func (s *filter) regress(advice, top []float32, origin *direct.Origin, q *query) {
	clock, from := s.clock(q.h), q.from
	var room direct.RowSpace
	row := s.lags.RowIn(&room)
	s.mem.Row(&row, origin, q.h, &q.season, &clock)
	for t := range direct.Transforms {
		lo, hi, w := &s.regs[from.lo][t], &s.regs[from.hi][t], from.w
		value, peak := &advice[linear+t], &top[linear+t]
		*value, *peak = asleep, asleep
		if min(lo.Rows(), hi.Rows()) < leastRows {
			continue
		}
		tr := direct.Transform(t)
		base := origin.Value(tr)
		move := [direct.MaxTargets]float64{lo.Predict(0, row[t]), lo.Predict(1, row[t])}
		if w > 0 {
			for i := range move {
				move[i] += w * (hi.Predict(i, row[t]) - move[i])
			}
		}
		*value = s.bounded(base+move[0], tr)
		*peak = max(float32(0), s.bounded(base+move[1], tr))
	}
}

// bounded undoes the transform of x and keeps the result within the range of the values
// of the last days, widened by half of it on either side.
func (s *filter) bounded(x float64, t direct.Transform) float32 {
	room := (s.high - s.low) / 2
	top, bottom := s.high+room, max(0, s.low-room)
	if t == direct.Logs {
		x = direct.Exp(min(x, direct.Log(top)))
	}
	return float32(max(bottom, min(x, top)))
}
