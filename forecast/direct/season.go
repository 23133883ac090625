package direct

import "math"

// A Season is what the past says about a time: the values one season before it.
// NaN = not known yet.
type Season struct {
	Day, Week             float64 // at that time, one season back
	DaySmooth, WeekSmooth float64 // around that time
	DayMax, WeekMax       float64 // largest from the origin to that time, one season back
	Profile               float64 // mean of the last days at that time
}

// Seasons writes what is known at the newest sample about the times rungs[k]
// samples later, ascending and at most Reach.
func (m *Memory) Seasons(dst []Season, rungs []int) {
	dayMax, weekMax := math.NaN(), math.NaN()
	from := m.n // first sample of the window
	for k, h := range rungs {
		i := m.n - 1 + h
		dst[k] = m.season(i, h)
		dayMax = m.top(&m.dayView, m.day, dayMax, from, i, h)
		weekMax = m.top(&m.weekView, m.week, weekMax, from, i, h)
		dst[k].DayMax, dst[k].WeekMax = dayMax, weekMax
		from = i + 1
	}
}

// Onward moves s on from the time near samples after the newest, for which Ahead or Onward
// has filled it, to the time h samples after, near < h ≤ Reach.
func (m *Memory) Onward(s *Season, near, h int) {
	dayMax, weekMax := s.DayMax, s.WeekMax
	from, to := m.n+near, m.n-1+h
	*s = m.season(to, h)
	s.DayMax = m.top(&m.dayView, m.day, dayMax, from, to, h)
	s.WeekMax = m.top(&m.weekView, m.week, weekMax, from, to, h)
}

// Ahead returns what is known at the newest sample about the time 1 ≤ h ≤ Reach
// samples later.
func (m *Memory) Ahead(h int) Season {
	s := Season{DayMax: math.NaN(), WeekMax: math.NaN()}
	m.Onward(&s, 0, h)
	return s
}

// Past writes what was known about the newest sample at the origins rungs[k]
// samples before it.
func (m *Memory) Past(dst []Season, rungs []int) {
	dayMax, weekMax := math.NaN(), math.NaN()
	to := m.n - 1
	for k, h := range rungs {
		if k == 0 || h > m.lags.Day { // up to a day, nothing depends on the origin
			dst[k] = m.season(m.n-1, h)
		} else {
			dst[k] = dst[0]
		}
		from := m.n - h
		dayMax = m.top(&m.dayView, m.day, dayMax, from, to, h)
		weekMax = m.top(&m.weekView, m.week, weekMax, from, to, h)
		dst[k].DayMax, dst[k].WeekMax = dayMax, weekMax
		to = from - 1
	}
}

// season returns the seasonal values for sample i as known h samples before it.
func (m *Memory) season(i, h int) Season {
	s := Season{Profile: math.NaN()}
	at := m.wall.at(i)
	s.Day, s.DaySmooth = m.before(&m.dayView, m.day, at, h)
	s.Week, s.WeekSmooth = m.before(&m.weekView, m.week, at, h)
	if m.lags.Day > 0 {
		s.Profile = m.mean.at(at)
	}
	return s
}

// before returns the value whole seasons before position at, and its smoothed
// one, as known h samples earlier; NaN without a season.
func (m *Memory) before(v *view, c *cells, at, h int) (value, smooth float64) {
	if v.valid {
		value = v.at(at)
		if math.IsNaN(value) || m.lags.Smooth == 0 {
			return value, value
		}
		return value, v.mean(c, at, m.lags.Smooth)
	}
	return c.before(at, h, v.season, m.lags.Smooth)
}

// top returns the larger of best and the values one season before samples from
// to to.
func (m *Memory) top(v *view, c *cells, best float64, from, to, h int) float64 {
	if v.valid {
		return v.top(best, m.wall.at(from), m.wall.at(to))
	}
	return c.top(&m.wall, best, from, to, v.season, h)
}

// back returns how far to look back from a time h ahead: whole seasons.
func back(season, h int) int { return (h + season - 1) / season * season }

// before returns the value whole seasons before sample i, and its smoothed one,
// NaN without a season.
func (c *cells) before(i, h, season, half int) (value, smooth float64) {
	if season <= 0 {
		return math.NaN(), math.NaN()
	}
	j := i - back(season, h)
	half = min(half, i-h-j) // not beyond the origin
	value = c.at(j)
	if math.IsNaN(value) {
		return value, value
	}
	return value, c.mean(j, half)
}

// top returns the larger of best and the values one season before samples from
// to to.
func (c *cells) top(w *Wall, best float64, from, to, season, h int) float64 {
	if season <= 0 {
		return best
	}
	shift := back(season, h)
	for i := from; i <= to; i += c.per {
		if v := c.at(w.at(i) - shift); v == v && !(best >= v) { // not NaN
			best = v
		}
	}
	return best
}
