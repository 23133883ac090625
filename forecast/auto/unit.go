package auto

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
// has grown far beyond it.
func (s *filter) fitUnit(v float64) {
	switch {
	case s.unit == 0:
		s.unit = v
	case v > outsize*s.unit:
		factor := s.unit / v
		s.unit = v
		s.mem.Rescale(factor)
		if s.claims.active() {
			s.claims.calendar.Rescale(factor)
		}
		s.low, s.high, s.last = s.low*factor, s.high*factor, s.last*factor
		for k := range s.regs {
			for t := range s.regs[k] {
				s.regs[k][t].Reset()
			}
		}
		for k := range s.bridge {
			s.bridge[k] *= factor
		}
	}
}
