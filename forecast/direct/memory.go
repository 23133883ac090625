package direct

import (
	"math"
	"time"

	"github.com/forescale/forescale/forecast/elementary"
)

// A Memory keeps what the regressions and the seasonal rules look back on: the
// newest samples, one day and one week, and the mean day. Values are divided by
// a unit, so that they are of the order of one.
//
// It is not safe for concurrent use.
type Memory struct {
	recent    ring   // z
	day, week *cells // one and the same where both have cells of one length
	mean      profile
	slow      ring
	slowMean  float64 // of about the last two hours of minutes
	other     *cells  // for the other periods; one of the two above where it is long enough
	dayView   view    // of day
	weekView  view    // of week
	lags      Lags
	wall      Wall
	asked     int // samples before the newest that the wall may be asked for
	n         int
	sum       float64 // of the last levelSpan samples
}

// Lags holds the lengths that a [Memory] works with, all in samples.
type Lags struct {
	Day, Week int // season lengths; 0 = the season is longer than can be kept, or shorter than a sample
	Smooth    int // seasonal values are smoothed over ±Smooth
	Cell      int // samples per cell of the week, 1 or more
	Reach     int // longest horizon
	Hour      int // samples an hour; 0 = less than sixty, or no whole number
	Eve       int // length of the day before a week ago, kept for Memory.Context; 0 = it is not

	Others [Others]int // further periods; 0 = none
}

// Others is the number of periods besides day and week that a series may have.
const Others = 2

// Regressors returns the number of regressors that [Memory.Row] writes.
func (l *Lags) Regressors() int {
	n := Regressors
	for _, p := range l.Others {
		if p > 0 {
			n += 2
		}
	}
	return n
}

const (
	levelSpan = 30  // samples in the mean that stands for the present level
	slowSpan  = 120 // time constant of the slower one
	longest   = 60  // longest short lag
	logGain   = 10  // log(1 + logGain·z): linear for small z, logarithmic for large
)

// shortLags are the lags within the hour, in samples.
var shortLags = [...]int{1, 2, 3, 5, 10, 15, 30, longest} //nolint:gochecknoglobals // a constant table

// givesWay is the place of the short lag that is replaced by the sample one hour before the
// time that is forecast, as long as that lies before the origin: many jobs start at one
// minute of every hour, and the value a day ago shows only one such hour.
const givesWay = 2

// mostOfHour is the longest step at which this pays: a job of a minute or two does not
// show in a cell of five.
const mostOfHour = time.Minute

// NewLags returns the lengths for a series of the given step whose longest
// horizon is reach samples. A minute is the finest cell that is kept for a day;
// weeks are kept in cells of weekCell.
func NewLags(step, weekCell time.Duration, reach int) Lags {
	const day = 24 * time.Hour
	l := Lags{Cell: max(1, int(weekCell/step)), Reach: reach}
	if step <= mostOfHour && time.Hour%step == 0 {
		l.Hour = int(time.Hour / step)
	}
	if step <= day/2 {
		l.Day = int((day + step/2) / step)
		l.Smooth = min(7, l.Day/96)
	}
	if step <= 7*day/2 {
		l.Week = int((7*day + step/2) / step)
	}
	if step >= coarse && l.Day >= fewest {
		l.Eve = l.Day
	}
	return l
}

// coarse is the least step at which one more day is kept. In steps of minutes that would
// take 3 KiB, and the kind of a day is learned there within its first hours.
const coarse = 10 * time.Minute

// fewest is the number of samples a day below which a day has no hours to tell apart.
const fewest = 12

// NewMemory returns an empty memory whose days and weeks are those of wall.
func NewMemory(l Lags, wall Wall) *Memory {
	span := longest + l.Reach + 2
	m := &Memory{day: &cells{}, week: &cells{}, slow: newRing(l.Reach + 2), recent: newRing(span), lags: l, wall: wall}
	dayCell := 1
	for l.Day/dayCell > 1440 {
		dayCell++
	}
	if l.Day > 0 {
		m.mean = newProfile(l.Day)
		m.day = newCells(l.Day, l.Reach+l.Smooth+1, dayCell)
	}
	if l.Week > 0 {
		m.week = newCells(l.Week, l.Eve+l.Reach+l.Smooth+1, l.Cell)
		if l.Day > 0 && m.week.per == m.day.per {
			m.day = m.week
		}
	}
	m.dayView, m.weekView = newView(m.day, l.Day, l), newView(m.week, l.Week, l)
	far := max(l.Others[0], l.Others[1])
	m.asked = longest + l.Reach + min(far, int(mostAsked/time.Duration(max(wall.step, 1))))
	switch {
	case far <= l.Day:
		m.other = m.day
	case far <= l.Week:
		m.other = m.week
	default:
		m.other = newCells(far, l.Reach+1, max(1, (far+maxOther-1)/maxOther))
	}
	return m
}

// mostAsked bounds how long the wall remembers a change of the clocks for the sake of the other
// periods. While it remembers one it cannot note the next, and in some zones that comes a month
// later.
const mostAsked = 14 * 24 * time.Hour

// maxOther bounds the cells kept for a period that is longer than a week.
const maxOther = 8192

// Lags returns the lengths the memory was made with, which must not be changed.
func (m *Memory) Lags() *Lags { return &m.lags }

// Log returns log(1 + 10z), the transform of the second set of regressions, for
// z ≥ 0 and not NaN; the error is below 10⁻¹¹.
func Log(z float64) float64 { return elementary.Log(1 + logGain*z) }

// Exp is the inverse of [Log].
func Exp(x float64) float64 { return (elementary.Exp(x) - 1) / logGain }

// Push appends z ≥ 0, which must be finite. The seasons remember typical in its place,
// which differs from z in an outage of the metric.
func (m *Memory) Push(z, typical float64) {
	if m.n == 0 { // what came before is taken to have been the same
		for i := range m.recent {
			m.recent.set(i, z)
		}
		m.sum = z * levelSpan
	}
	i := m.n
	m.sum += z - m.recent.at(i-levelSpan)
	m.recent.set(i, z)
	if i%4096 == 0 { // rounding must not add up
		m.sum = m.recent.sum(i, levelSpan)
	}
	if i == 0 {
		m.slowMean = z
	}
	m.slowMean += (z - m.slowMean) / slowSpan
	m.slow.set(i, m.slowMean)
	m.remember(i, typical)
	m.n++
}

// remember gives sample i to the seasons. An hour that the clocks skip is filled from the
// season before it; of an hour that comes twice the first is kept.
func (m *Memory) remember(i int, typical float64) {
	m.wall.pass(i - m.asked)
	at := m.wall.at(i)
	if m.lags.Day > 0 {
		m.day.reach(at, typical, m.lags.Day)
		for late := at - m.lags.Reach - m.mean.per; m.mean.n <= late; {
			m.mean.push(m.day.at(m.mean.n)) // late, so that no target is in its own profile
		}
	}
	if m.lags.Week > 0 && m.week != m.day {
		m.week.reach(at, typical, m.lags.Week)
	}
	steady := m.wall.steady(i-m.lags.Reach, i+m.lags.Reach)
	m.dayView.follow(m.day, at, steady)
	m.weekView.follow(m.week, at, steady)
	if m.other != m.week && m.other != m.day {
		m.other.reach(at, typical, m.lags.Others[0])
	}
}

// TimeOfDay returns the local time of day of the sample ahead of the newest, as
// a share of the day.
func (m *Memory) TimeOfDay(ahead int) float64 { return m.wall.fraction(m.n - 1 + ahead) }

// Level returns the mean of the last 30 samples.
func (m *Memory) Level() float64 { return m.LevelAt(0) }

// LevelAt returns what Level was ago samples before the newest, ago ≤ Reach.
func (m *Memory) LevelAt(ago int) float64 {
	sum := m.sum
	if ago > 0 {
		sum = m.recent.sum(m.n-1-ago, levelSpan)
	}
	return float64(float32(max(sum/levelSpan, 0)))
}

// LevelThen returns the mean level one day and one week before the newest sample,
// NaN where that is not known.
func (m *Memory) LevelThen() (day, week float64) {
	middle := m.wall.at(m.n - 1 - levelSpan/2)
	return m.dayView.mean(m.day, middle, levelSpan/2), m.weekView.mean(m.week, middle, levelSpan/2)
}

// Tops writes the largest of the last rungs[k] samples, ascending and at most
// Reach + 60.
func (m *Memory) Tops(dst []float64, rungs []int) {
	top, done := m.recent[(m.n-1)&(len(m.recent)-1)], 1
	for k, h := range rungs {
		top = max(top, m.recent.top(m.n-1-done, h-done))
		dst[k], done = float64(top), max(done, h)
	}
}

// TopOnward returns the largest of the newest h samples, h > near, given that of the
// newest near.
func (m *Memory) TopOnward(top float64, near, h int) float64 {
	return max(top, float64(m.recent.top(m.n-1-near, h-near)))
}

// Rescale changes the unit: values are multiplied by factor. The regressions on
// them must be reset.
func (m *Memory) Rescale(factor float64) {
	for i := range m.recent {
		m.recent[i] *= float32(factor)
	}
	for i, v := range m.mean.values {
		m.mean.values[i] = ToSmall(v.Float() * factor)
	}
	for i := range m.slow {
		m.slow[i] *= float32(factor)
	}
	m.slowMean *= factor
	m.sum *= factor
	m.mean.sum *= factor
	m.dayView.rescale(factor)
	m.weekView.rescale(factor)
	m.day.rescale(factor)
	if m.week != m.day {
		m.week.rescale(factor)
	}
	if m.other != m.week && m.other != m.day {
		m.other.rescale(factor)
	}
}

// Profile returns the mean of the last days at the time of day of the newest
// sample; NaN during the first day.
func (m *Memory) Profile() float64 { return m.ProfileAt(0) }

// ProfileAt returns what Profile was ago samples before the newest, ago ≤ Reach.
func (m *Memory) ProfileAt(ago int) float64 { return m.profileAt(m.n - 1 - ago) }

func (m *Memory) profileAt(i int) float64 {
	if m.lags.Day == 0 {
		return math.NaN()
	}
	return m.mean.at(m.wall.at(i))
}
