package auto

import "github.com/forescale/forescale/forecast/guard"

// outsize is the most units that a value may have; a series that exceeds it gets a new
// unit.
const outsize = 1 << 12

// doubts reports whether v is far out of proportion to the series and the first such value
// within a day. Until a second one comes it is taken for a fault of the measurement, such as
// the reset of a counter, because the mean sizes of errors would take a week to forget it.
func (s *filter) doubts(v float64) bool {
	if s.seen == 0 || s.unit == 0 || !(v > outsize*s.unit) {
		return false
	}
	known := s.doubted > 0 && s.n-s.doubted < max(s.lags.Day, 24)
	s.doubted = s.n
	return !known
}

// fitUnit sets the unit of a series that has had none, and changes that of a series that
// has grown far beyond it. The unit does not shrink: a load that has fallen to a ten thousandth
// has bounds that are too wide, until a fit no longer contains what came before. To rescale
// would be to forget all errors, also where a service rests for weeks and comes back.
func (s *filter) fitUnit(v float64) {
	switch {
	case s.unit == 0:
		s.unit = v
	case v > outsize*s.unit:
		s.rescale(s.unit / v)
		s.unit = v
	}
}

// rescale multiplies what is remembered in units by factor. What was learned of errors is
// forgotten, and forecasts that wait for their truth will not be judged: those of a load so
// much smaller would teach that errors are tiny, or in the old unit that there are none.
func (s *filter) rescale(factor float64) {
	s.mem.Rescale(factor)
	s.low, s.high, s.last = s.low*factor, s.high*factor, s.last*factor
	s.quick, s.usual = s.quick*factor, s.usual*factor
	for k := range s.regs {
		for t := range s.regs[k] {
			s.regs[k][t].Reset()
		}
	}
	s.answers[values][0].point *= factor // all others are made anew before they are read
	s.ladders, s.guard = newLadders(s.plan), guard.New()
	if s.claims.active() {
		s.claims.calendar.Rescale(factor)
		s.claims.forget()
	}
	s.since = s.n
}
