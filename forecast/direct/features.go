package direct

import "math"

// Regressors is the number of regressors that [Memory.Row] writes for a series
// without other periods than day and week; each of those adds two.
const Regressors = len(shortLags) + 1 + 1 + 2*harmonics + 3 + 3 + 2 + 2 + 1

const harmonics = 2

// A Clock holds sine and cosine of the time of day, once and twice a day.
type Clock [2 * harmonics]float32

// NewClock returns the clock for a time of day given as a fraction of it.
func NewClock(fraction float64) Clock {
	s, c := math.Sincos(2 * math.Pi * fraction)
	return Clock{float32(s), float32(c), float32(2 * s * c), float32(c*c - s*s)}
}

// A Transform chooses the scale that a regression works on.
type Transform int

// The transforms: values as they are, and log(1 + 10z).
const (
	Raw Transform = iota
	Logs
)

// Transforms is the number of transforms.
const Transforms = 2

// Base returns the transformed value at ago samples before the newest one, from
// which targets and regressors are measured.
func (m *Memory) Base(ago int, t Transform) float64 {
	if t == Logs {
		return m.logs.at(m.n - 1 - ago)
	}
	return m.recent.at(m.n - 1 - ago)
}

// Row writes the regressors, len Lags.Regressors, of the origin ago samples before
// the newest one for a time h samples after that origin, whose seasonal values
// are s and whose time of day is clock. What is not known is zero.
func (m *Memory) Row(x []float32, t Transform, ago, h int, s *Season, clock *Clock) {
	recent, level := m.recent, m.level
	if t == Logs {
		recent, level = m.logs, m.levelLog
	}
	u := m.n - 1 - ago
	z := recent.at(u)
	n := 0
	put := func(v float64) {
		if v != v { // NaN
			v = 0
		}
		x[n] = float32(v)
		n++
	}
	for _, l := range shortLags {
		put(recent.at(u-l) - z)
	}
	put(level.at(u) - z)
	put(1)
	n += copy(x[n:], clock[:])
	change := func(v float64) float64 {
		if t == Logs && v == v { // not NaN
			v = Log(v)
		}
		return v - z
	}
	dayThen, weekThen := math.NaN(), math.NaN()
	if s.Day == s.Day { // not NaN
		dayThen = m.day.at(m.wall.at(u) - m.lags.Day)
	}
	if s.Week == s.Week { // not NaN
		weekThen = m.week.at(m.wall.at(u) - m.lags.Week)
	}
	day, week := change(s.Day), change(s.Week)
	put(day)
	put(day - change(dayThen))
	put(change(s.DaySmooth))
	put(week)
	put(week - change(weekThen))
	put(change(s.WeekSmooth))
	put(change(s.Profile))
	put(change(m.profileAt(u)))
	put(change(m.slow.at(u)))
	put(change(s.DayMax))
	put(highest(recent, u, h) - z)
	if len(x) > n {
		m.others(x[n:], u, h, change)
	}
}

// others writes two regressors for each period besides day and week: what came
// one period earlier, and how far the series then moved.
func (m *Memory) others(x []float32, u, h int, change func(float64) float64) {
	for k := 0; 2*k < len(x); k++ {
		shift := back(m.lags.Others[k], h)
		then := change(m.other.at(m.wall.at(u + h - shift)))
		moved := then - change(m.other.at(m.wall.at(u-shift)))
		x[2*k], x[2*k+1] = 0, 0
		if then == then { // not NaN
			x[2*k] = float32(then)
		}
		if moved == moved { // not NaN
			x[2*k+1] = float32(moved)
		}
	}
}

// highest returns the largest of the h values up to u.
func highest(recent ring, u, h int) float64 {
	top := recent.at(u)
	for l := 1; l < min(h, longest); l++ {
		top = max(top, recent.at(u-l))
	}
	return top
}
