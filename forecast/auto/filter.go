package auto

import (
	"math"
	"math/bits"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/combine"
	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/guard"
	"github.com/forescale/forescale/forecast/interval"
)

// filter is the running state of the pool. Inside, values are in units.
type filter struct {
	*plan

	fitted  *fitted   // to begin anew with; nil once it has begun for good where shifts are not followed
	start   time.Time // of the first observed cell; that of all cells while there is none
	silent  int       // cells before the first observed one; 0 once there is one
	settled bool      // it begins no more once a cell is observed, be it zero
	step    time.Duration
	lags    *direct.Lags
	n       int // cells since start, the first observed one included
	seen    int // of them observed
	gap     int // cells since the last observed one
	unit    float64
	since   int // cells before the unit was changed, the forecasts from which are not judged
	doubted int // index of the last sample that was far out of proportion; 0 = none

	mem      *direct.Memory
	models   [models]expert
	cold     int                                    // cells after which the network leaves; 0 = never
	warnings []error                                // handed out by Forecast
	guard    *guard.State                           // of what the seasons remember
	regs     [][direct.Transforms]direct.Regression // by own rung
	ladders  [ladders][]rung
	waiting  []origin           // for truths, queue by queue
	slips    uint16             // whether those of a rung slip, a bit each
	moments  []moment           // by sample, a ring, len a power of two
	claims   *claims            // nil in steps of minutes
	answers  [ladders][]answer  // at the newest sample, by rung
	said     [ladders][]float32 // the experts' forecasts at the newest sample, rung by rung
	bridge   []direct.Small     // points of the last observed origin, by span, which stand in during a gap
	past     past               // of the last pastSpan; empty at steps below an hour

	last      float64 // newest sample, not cleaned
	low, high float64 // range of the last days
	limit     float64 // the most that the newest sample counts for in the range and in the seasons
	quick     float64 // recent mean absolute one-step error
	usual     float64 // the same in the long run
}

// around is what memory knows of the times of all rungs.
type around struct {
	seasons [mostRungs]direct.Season
	tops    [mostRungs]float64 // largest of the last rungs[k] samples
}

// mostRungs is no less than any [combine.Ladder] has; a test says so.
const mostRungs = 16

var _ forecast.Filter = (*filter)(nil)

const (
	regretDays   = 0.5  // memory of who is better
	leastRegret  = 400  // samples of it at least
	leadDays     = 0.03 // memory of who leads
	leastLead    = 30   // samples of it at least
	ridge        = 0.003
	leastMemory  = 600  // rows that a regression remembers at least
	mostGrowth   = 10   // times the highest value of the last days: the most that one sample counts for
	leastScale   = 1e-4 // no error is taken to be smaller, in units
	solveEvery   = 30   // samples between two solutions of one regression
	refreshEvery = 8    // samples between two refreshes of one band
)

// rowDays is the memory of the regressions: short on values, which move with the
// level, longer on their logarithms.
var rowDays = [direct.Transforms]float64{1, 4} //nolint:gochecknoglobals // a constant table

func newFilter(f *fitted, start time.Time) *filter {
	p := f.plan
	s := &filter{
		plan: p, fitted: f, start: start, step: f.step, unit: f.unit,
		guard:   guard.New(),
		mem:     direct.NewMemory(f.lags, direct.NewWall(start, f.step, f.opts.Location)),
		bridge:  make([]direct.Small, len(p.spans)),
		ladders: newLadders(p),
		waiting: make([]origin, p.origins),
		slips:   f.slips,
		moments: make([]moment, 1<<bits.Len(uint(f.lags.Reach-1))),
		claims:  newClaims(f.lags, p),
	}
	s.lags = s.mem.Lags()
	s.warnings = f.startModels(&s.models, start)
	if f.opts.Network == nil {
		s.cold = int(coldSpan / f.step)
	}
	said := make([]float32, len(p.rungs)*(heads[values]+heads[peaks]))
	for l := range s.ladders {
		n := len(p.rungs) * heads[l]
		s.said[l], said = said[:n:n], said[n:]
		s.answers[l] = make([]answer, len(p.rungs))
	}
	s.regs = make([][direct.Transforms]direct.Regression, len(s.own))
	for k := range s.regs {
		n := direct.Numbers(f.lags.Regressors(), targets(s.own[k]))
		both := make([]float32, direct.Transforms*n)
		for t := range s.regs[k] {
			s.regs[k][t], both = direct.View(both[:n:n], f.lags.Regressors(), targets(s.own[k])), both[n:]
		}
	}
	return s
}

// Update takes the value of the next cell; see forecast.Filter.
func (s *filter) Update(v float64) {
	if s.doubts(v) {
		v = math.NaN()
	}
	if !s.begins(v) {
		return
	}
	s.take(v)
	s.remember(v)
}

// take passes v, the value of the next cell of a series that has begun, to every part.
func (s *filter) take(v float64) {
	observed := isObserved(v)
	if observed && v > 0 {
		s.fitUnit(v)
	}
	z := v
	if observed {
		if s.unit > 0 {
			z = v / s.unit
		}
		s.gap = 0
		s.watch(z)
		s.last = z
	} else {
		z = s.bridged()
		s.gap++
	}
	s.mem.Push(z, s.typical(z))
	for _, e := range s.models {
		if e != nil {
			e.Update(v)
		}
	}
	s.n++
	if s.n == s.cold {
		s.models[network-smooth] = nil
	}
	var around around
	s.mem.Tops(around.tops[:len(s.rungs)], s.rungs)
	if observed {
		s.learn(z, &around)
		s.seen++
	}
	s.solve()
	s.predict(&around)
}

// bridged returns what stands in for a missing sample: the forecast made before the gap
// began. Interpolated between the rungs alone, it would be half of a job that shows at neither.
// With gaps of 6 to 12 hours every other day put into recorded hours, the error is 0.2 to
// 0.5 % smaller by this.
func (s *filter) bridged() float64 {
	if s.gap == 0 {
		p := sweep{rung: -1}
		for k, h := range s.spans {
			s.bridge[k] = direct.ToSmall(p.points(s, h)[values])
		}
	}
	return interpolate(s.spans, s.bridge, s.gap+1)
}

// watch follows the range of the values and the size of one-step errors.
func (s *filter) watch(z float64) {
	if s.seen == 0 {
		s.low, s.high, s.last = z, z, z
	}
	fade := 1 / (7 * float64(max(s.lags.Day, 24)))
	s.low = min(z, s.low+fade*(z-s.low))
	s.limit = math.Inf(1)
	if s.high > 0 {
		s.limit = mostGrowth * s.high
	}
	top := min(z, s.limit)
	s.high = max(top, s.high-fade*(s.high-top))
	e := math.Abs(z - s.answers[values][0].point)
	warm := 1 / float64(s.seen+1)
	s.quick += max(warm, 0.1) * (e - s.quick)
	s.usual += max(warm, s.timing[0].Slow) * (e - s.usual)
}

func (s *filter) volatility() float64 {
	return max(s.quick, leastScale) / max(s.usual, leastScale)
}

// learn judges every forecast of the newest sample by that sample.
func (s *filter) learn(z float64, around *around) {
	i := s.n - 1
	s.mem.Past(around.seasons[:len(s.rungs)], s.rungs)
	s.learnKind(z, &around.seasons[0])
	clock := s.clock(0)
	var room direct.RowSpace
	row := s.lags.RowIn(&room)
	for k, h := range s.rungs {
		if i < h {
			break
		}
		top, season := around.tops[k], &around.seasons[k]
		if i-h >= s.since {
			s.judge(k, i, season, [ladders]float64{values: z, peaks: top})
		}
		r := s.regressions[k]
		if s.own[r.lo] != k || i%learnEvery(h) != 0 {
			continue
		}
		from := s.mem.Origin(h)
		s.mem.Row(&row, &from, h, season, &clock)
		for t := range direct.Transforms {
			tr := direct.Transform(t)
			base := from.Value(tr)
			goal := [direct.MaxTargets]float64{s.mem.Value(tr) - base, top - base}
			if tr == direct.Logs {
				goal[1] = direct.Log(top) - base
			}
			s.regs[r.lo][t].Learn(row[t], goal, s.tuning(h, t))
		}
	}
}

// learnEvery returns how many origins lie between two rows that the regressions learn from
// at horizon h: beyond sixty steps neighbouring rows say nearly the same.
func learnEvery(h int) int { return (h + 59) / 60 }

// solve brings some of the regressions and bands up to date, in turns, so that no sample
// pays for all of them.
func (s *filter) solve() {
	for k := range s.regs {
		for t := range s.regs[k] {
			r, turn := &s.regs[k][t], solveEvery
			if r.Rows() < 10*solveEvery {
				turn = solveEvery / 5
			}
			if (s.n+3*k+t)%turn == 0 && r.Rows() >= leastRows/2 {
				r.Solve(s.tuning(s.rungs[s.own[k]], t))
			}
		}
	}
	for k := range s.rungs {
		for l := range s.ladders {
			if (s.n+k+l*refreshEvery/2)%refreshEvery == 0 && (l == values || !alone(k)) {
				s.ladders[l][k].band.Refresh(&s.timing[k])
			}
		}
	}
}

// predict makes the forecasts of all rungs from the newest sample.
func (s *filter) predict(around *around) {
	s.mem.Seasons(around.seasons[:len(s.rungs)], s.rungs)
	now, volatility := s.present(), s.volatility()
	*s.moment(s.n - 1) = moment{direct.ToSmall(now.last), direct.ToSmall(now.dayLevel), direct.ToSmall(now.weekLevel)}
	from := s.mem.Origin(0)
	var usual [ladders]float64
	for k, h := range s.rungs {
		s.advise(k, &now, &from, around)
		s.forecastRung(k, &now, interval.Origin{Volatility: volatility, Slot: s.slot(h)}, &usual, s.claim(&around.seasons[k], h))
	}
}

// forecastRung combines the experts' forecasts at rung k into the answers of both ladders,
// with their bounds, and keeps what is needed to judge them later. shared is what the
// bounds of both ladders are told, claim what the calendar says. usual is the mean size of
// the errors at the rung before, and is set to that at this one.
func (s *filter) forecastRung(k int, now *present, shared interval.Origin, usual *[ladders]float64, claim [ladders]float64) {
	waits := s.origin(k, s.n-1)
	if waits == nil {
		waits = &origin{}
	}
	made := s.claimed(k, s.n-1)
	o := [ladders]interval.Origin{shared, shared}
	value, peak := s.ladders[values][k], s.ladders[peaks][k]
	if alone(k) { // the experts of the maximum are weighed as at the next rung
		peak = s.ladders[peaks][min(k+1, len(s.rungs)-1)]
	}
	near, top := s.advice(values, k), s.advice(peaks, k)
	var parts [ladders]combine.Parts
	parts[values] = s.weigh(values, k, value, claim[values], &o[values], made)
	now.highest = max(now.highest, o[values].Point)
	top[highestPath] = float32(now.highest)
	waits.remember(now, near, top)
	parts[peaks] = s.weigh(peaks, k, peak, claim[peaks], &o[peaks], made)
	o[values].Beside, o[values].Highest = o[peaks].Spread, o[peaks].Point
	o[peaks].Beside, o[peaks].Highest = o[values].Spread, highest(top)
	for l, r := range [ladders]rung{value, peak} {
		waits.beliefs[l] = parts[l].Belief
		if l == peaks && alone(k) {
			waits.of[l].point = direct.ToSmall(o[l].Point)
			s.answers[l][k], usual[l] = s.answers[values][k], usual[values]
			return
		}
		o[l].Prior = s.prior(l, k, usual)
		waits.of[l] = r.bound(&s.timing[k], &s.answers[l][k], &o[l], parts[l])
		usual[l] = waits.of[l].band.Usual()
	}
}

// weigh combines the advice of a ladder at rung k by the weights of r, which may be those of
// another rung. It moves the answer towards a claim and fills in o for the bounds.
func (s *filter) weigh(ladder, k int, r rung, claim float64, o *interval.Origin, made *claimed) combine.Parts {
	dst := &s.answers[ladder][k]
	parts := r.combine(ladder, dst, s.advice(ladder, k), o)
	s.applyClaim(ladder, k, claim, dst, o, made)
	made.keepGate(ladder, parts.Gate)
	return parts
}

// prior returns the mean size of errors to expect at rung k of a ladder while it has seen
// few of its own, from that of the rung before; 0 if none is needed. Without it the first
// hour of a series would have no bounds an hour ahead.
func (s *filter) prior(ladder, k int, usual *[ladders]float64) float64 {
	if k == 0 || !s.ladders[ladder][k].band.Young(&s.timing[k]) {
		return 0
	}
	return interval.Prior(usual[ladder], s.rungs[k-1], s.rungs[k])
}

// advice returns the experts' forecasts in a ladder at rung k, len heads[ladder].
func (s *filter) advice(ladder, k int) []float32 {
	n := heads[ladder]
	return s.said[ladder][k*n : (k+1)*n]
}

// clock returns the local time of day h samples after the newest, the zero Clock if the
// series has no daily season.
func (s *filter) clock(h int) direct.Clock {
	if s.lags.Day == 0 {
		return direct.Clock{}
	}
	return direct.NewClock(s.mem.TimeOfDay(h))
}

func (s *filter) slot(h int) int {
	if s.lags.Day == 0 {
		return 0
	}
	return min(int(s.mem.TimeOfDay(h)*interval.Slots), interval.Slots-1)
}

// tuning returns the settings of the regression on transform t at horizon h. Errors h steps
// ahead overlap, so that n rows tell as much as n/h: the ridge grows with h.
func (s *filter) tuning(h, t int) direct.Tuning {
	return direct.Tuning{Forget: s.forget[t], Ridge: ridge * float64(h), Huber: 1}
}

// typical returns the value of the newest sample for the seasons to remember. In place of
// a zero that is an outage it returns the forecast, since tomorrow will not repeat the
// outage. Other verdicts of the guard are ignored: a spike may be a job that runs every day,
// and the weights learn whether it does. But a sample far larger than all before counts for
// at most ten times the highest of them. A day and a week later one rule or another repeats
// it, and even with a hundredth of the weight it would be the largest error of the week.
func (s *filter) typical(z float64) float64 {
	if s.gap > 0 || s.seen == 0 {
		return z
	}
	if clean, verdict := s.guard.Judge(s.answers[values][0].point, z); verdict == guard.Outage {
		return max(0, clean)
	}
	return min(z, s.limit)
}
