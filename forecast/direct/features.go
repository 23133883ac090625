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

// An Origin is what the rows of one origin share whatever the horizon.
type Origin struct {
	ago   int                 // samples before the newest
	value [Transforms]float64 // from which targets and regressors are measured
	near  [Transforms][len(shortLags) + 2]float32
	known [4]float64             // one day and one week before, the profile and the slow mean, NaN = not known
	moved [Transforms][4]float64 // to these, 0 if not known
}

// Origin returns the origin that lies ago samples before the newest.
func (m *Memory) Origin(ago int) (o Origin) {
	u := m.n - 1 - ago
	z := m.recent.at(u)
	base := Log(z)
	o.ago, o.value = ago, [Transforms]float64{z, base}
	near := func(i int, v float64) {
		o.near[Raw][i], o.near[Logs][i] = float32(v-z), float32(Log(v)-base)
	}
	for i, l := range shortLags {
		near(i, m.recent.at(u-l))
	}
	n := len(shortLags)
	near(n, m.LevelAt(ago))
	o.near[Raw][n+1], o.near[Logs][n+1] = 1, 1
	at := m.wall.at(u)
	o.known = [...]float64{m.then(&m.dayView, m.day, at, ago), m.then(&m.weekView, m.week, at, ago), m.profileAt(u), m.slow.at(u)}
	for i, v := range o.known {
		if v == v { // not NaN
			o.moved[Raw][i], o.moved[Logs][i] = v-z, Log(v)-base
		}
	}
	return o
}

// Value returns the transformed value at the origin.
func (o *Origin) Value(t Transform) float64 { return o.value[t] }

// Value returns the transformed value of the newest sample.
func (m *Memory) Value(t Transform) float64 {
	if t == Logs {
		return Log(m.recent.at(m.n - 1))
	}
	return m.recent.at(m.n - 1)
}

// A Row holds the regressors of one origin and horizon for both transforms, each
// len Lags.Regressors.
type Row [Transforms][]float32

// NewRow returns a row for the regressors of a memory.
func (l *Lags) NewRow() Row { return l.RowIn(new(RowSpace)) }

// RowSpace is room for the longest row.
type RowSpace [Transforms * MaxRegressors]float32

// RowIn is NewRow in memory of the caller, such as on its stack.
func (l *Lags) RowIn(room *RowSpace) Row {
	n := l.Regressors()
	return Row{room[:n:n], room[n : 2*n]}
}

// Row writes the regressors of an origin for a time h samples after it, whose seasonal
// values are s and whose time of day is clock. What is not known is zero.
func (m *Memory) Row(dst *Row, o *Origin, h int, s *Season, clock *Clock) {
	u := m.n - 1 - o.ago
	z, base := o.value[Raw], o.value[Logs]
	n := 0
	for t, x := range dst {
		n = copy(x, o.near[t][:])
		n += copy(x[n:], clock[:])
	}
	raw, logs := dst[Raw], dst[Logs]
	if h < m.lags.Hour {
		v := m.recent.at(u - m.lags.Hour + h)
		raw[givesWay], logs[givesWay] = float32(v-z), float32(Log(v)-base)
	}
	known := [...]float64{s.Day, s.DaySmooth, s.Week, s.WeekSmooth, s.Profile, s.DayMax}
	var change [Transforms][len(known)]float64
	for i, v := range known {
		if v == v { // not NaN
			change[Raw][i], change[Logs][i] = v-z, Log(v)-base
		}
	}
	day, week := o.known[0], o.known[1]
	if s.Day != s.Day { // NaN
		day = s.Day
	}
	if s.Week != s.Week { // NaN
		week = s.Week
	}
	for t, x := range dst {
		c, from, x := &change[t], &o.moved[t], x[n:]
		x[0], x[1], x[2] = float32(c[0]), moved(c[0], from[0], day), float32(c[1])
		x[3], x[4], x[5] = float32(c[2]), moved(c[2], from[1], week), float32(c[3])
		x[6], x[7], x[8], x[9] = float32(c[4]), float32(from[2]), float32(from[3]), float32(c[5])
	}
	n += len(known) + len(o.known)
	top := max(z, float64(m.recent.top(u-1, min(h, longest)-1)))
	raw[n], logs[n] = float32(top-z), float32(Log(top)-base)
	if len(raw) > n+1 {
		m.others(raw[n+1:], logs[n+1:], u, h, z, base)
	}
}

// then returns the value one season before position at, that of the sample ago
// before the newest; NaN without a season.
func (m *Memory) then(v *view, c *cells, at, ago int) float64 {
	if v.season <= 0 {
		return math.NaN()
	}
	if v.valid && ago <= m.lags.Reach {
		return v.at(at)
	}
	return c.at(at - v.season)
}

// moved returns how far the series moved, 0 if where it came from is not known.
func moved(to, from, known float64) float32 {
	if math.IsNaN(known) {
		return 0
	}
	return float32(to - from)
}

// others writes two regressors for each period besides day and week: what came
// one period earlier, and how far the series then moved.
func (m *Memory) others(raw, logs []float32, u, h int, z, base float64) {
	for k := 0; 2*k < len(raw); k++ {
		shift := back(m.lags.Others[k], h)
		to, from := m.other.at(m.wall.at(u+h-shift)), m.other.at(m.wall.at(u-shift))
		raw[2*k], raw[2*k+1], logs[2*k], logs[2*k+1] = 0, 0, 0, 0
		if math.IsNaN(to) {
			continue
		}
		raw[2*k], logs[2*k] = float32(to-z), float32(Log(to)-base)
		if from == from { // not NaN
			raw[2*k+1], logs[2*k+1] = float32(to-from), float32(Log(to)-Log(from))
		}
	}
}
