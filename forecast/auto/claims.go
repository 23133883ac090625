package auto

import (
	"math"

	"github.com/forescale/forescale/forecast/calendar"
	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/interval"
)

// claims is the calendar with each rung's trust in it, and what each rung remembers of the
// gate.
type claims struct {
	calendar *calendar.Calendar        // nil = none: nothing is claimed
	trusts   [ladders][]calendar.Trust // by rung
	waiting  []claimed                 // for their truths, placed as the origins are
}

// A claimed is what a rung remembers of a claim until its truth arrives, and of the gate.
type claimed struct {
	said, others [ladders]direct.Small // SmallNaN = nothing
	gate         [ladders]direct.Small // combine.Parts.Gate
	most         [ladders]bool         // it had most of the weight
}

// newClaims returns nil for a series that has no use for a calendar, and whose combinations
// need not be told of the gate.
func newClaims(l direct.Lags, p *plan) *claims {
	if l.Eve == 0 && !p.keepsGate {
		return nil
	}
	rungs := len(p.rungs)
	c := &claims{waiting: make([]claimed, p.origins)}
	if l.Eve > 0 {
		c.calendar = calendar.New(l.Day, l.Week)
	}
	for ladder := range c.trusts {
		c.trusts[ladder] = make([]calendar.Trust, rungs)
	}
	for i := range c.waiting {
		none := [ladders]direct.Small{direct.SmallNaN, direct.SmallNaN}
		c.waiting[i].said, c.waiting[i].gate = none, none
	}
	return c
}

// forget makes the trust in all claims that of the beginning.
func (c *claims) forget() {
	for ladder := range c.trusts {
		clear(c.trusts[ladder])
	}
}

// active reports whether there are claims at all. c may be nil.
func (c *claims) active() bool { return c != nil && c.calendar != nil }

// claim returns the calendar's forecasts for the time h samples after the newest, given
// what the season remembers of that time; NaN if it makes no claim.
func (s *filter) claim(season *direct.Season, h int) [ladders]float64 {
	if s.claims.active() {
		then := calendar.Then{At: s.n - 1 + h, Day: season.Day, Week: season.Week, Context: s.mem.Context(h)}
		if p, ok := s.claims.calendar.Claim(&then); ok {
			return [ladders]float64{
				values: season.Day + p*(season.Week-season.Day), peaks: season.DayMax + p*(season.WeekMax-season.DayMax),
			}
		}
	}
	return [ladders]float64{math.NaN(), math.NaN()}
}

// claimShare returns the share that a claim for h samples ahead gets at rung k; others is
// what the experts say together.
func (s *filter) claimShare(ladder, k, h int, claim, others float64) float64 {
	if math.IsNaN(claim) {
		return 0
	}
	perHour := s.claims.calendar.PerHour()
	return s.claims.trusts[ladder][k].Of(claim, others, perHour, float64(h)/perHour)
}

// learnKind teaches the calendar the newest sample.
func (s *filter) learnKind(z float64, season *direct.Season) {
	if s.claims.active() {
		then := calendar.Then{At: s.n - 1, Day: season.Day, Week: season.Week, Context: s.mem.Context(0)}
		s.claims.calendar.Learn(&then, z)
	}
}

// claimed returns what rung k keeps of a claim made at sample i; nil if nothing.
func (s *filter) claimed(k, i int) *claimed {
	if s.claims == nil {
		return nil
	}
	if at := s.place(k, i); at >= 0 {
		return &s.claims.waiting[at]
	}
	return nil
}

// applyClaim moves an answer of rung k, and what the bounds are told of it, towards a claim
// (NaN = none) as far as the claim is trusted. It notes the claim in made, which may be nil.
func (s *filter) applyClaim(ladder, k int, claim float64, dst *answer, o *interval.Origin, made *claimed) {
	others := dst.point
	share := s.claimShare(ladder, k, s.rungs[k], claim, others)
	if share > 0 {
		moved := share * (claim - others)
		dst.point += moved
		o.Point = dst.point
		o.Spread = (1-share)*(o.Spread+math.Abs(moved)) + share*math.Abs(claim-dst.point)
	}
	if made != nil {
		made.said[ladder], made.others[ladder], made.most[ladder] = direct.ToSmall(claim), direct.ToSmall(others), share > 0.5
	}
}

// keepGate notes combine.Parts.Gate, NaN = nothing but the gate took part. c may be nil.
func (c *claimed) keepGate(ladder int, gate float32) {
	if c != nil {
		c.gate[ladder] = direct.ToSmall(float64(gate))
	}
}

// gateSaid returns what keepGate noted; NaN if it noted nothing.
func (c *claimed) gateSaid(ladder int) float32 {
	if c == nil {
		return asleep
	}
	return float32(c.gate[ladder].Float())
}

// settle judges the claim that rung k made; nil or SmallNaN means that there was none. It
// returns what the experts said together, which without a claim is point, and whether the
// claim had most of the weight: then the truth is no lesson for the experts, which learn
// from the hours that are their own.
func (s *filter) settle(ladder, k int, made *claimed, point, truth float64) (others float64, most bool) {
	if made == nil || made.said[ladder] == direct.SmallNaN {
		return point, false
	}
	others = made.others[ladder].Float()
	s.claims.trusts[ladder][k].Learn(made.said[ladder].Float(), others, truth, s.claims.calendar.PerHour())
	return others, made.most[ladder]
}
