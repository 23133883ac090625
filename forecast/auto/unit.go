package auto

// outsize is how many units a value may have; a series that has more is given a new unit.
const outsize = 1 << 12

// doubts reports whether v is out of all proportion to the series, and the first such
// value within a day: a fault of the measurement, as where a counter is reset, until
// there is a second. It would take the sizes of errors a week to forget it.
func (s *filter) doubts(v float64) bool {
	if s.seen == 0 || s.unit == 0 || !(v > outsize*s.unit) {
		return false
	}
	known := s.doubted > 0 && s.n-s.doubted < max(s.lags.Day, 24)
	s.doubted = s.n
	return !known
}

// fitUnit gives a series that has been silent its unit, and a new one to a
// series that has grown out of all proportion.
func (s *filter) fitUnit(v float64) {
	switch {
	case s.unit == 0:
		s.unit = v
	case v > outsize*s.unit:
		factor := s.unit / v
		s.unit = v
		s.mem.Rescale(factor)
		if s.claims != nil {
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
