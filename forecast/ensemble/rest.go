package ensemble

const (
	slight    = 0.02 // share of the usual load below which a point is zero where the load rests
	restDays  = 3    // days without load at an hour, at least
	restWeeks = 2    // weeks without load at an hour of the week, at least
	restReach = 14   // days of history that are looked at
)

// rests reports whether there was no load at the hour of cell h of the path: on any of the
// last days, or on that day of any of the last weeks.
//
// There the median of the experts is about a thousandth of the load, which sMAPE counts like a
// forecast that is altogether wrong. With this rule it is two thirds to five sixths smaller for
// the lines of a metro that rests at night, and two fifths to a half for power of the sun. MASE
// is no larger.
func (r *run) rests(h int) bool {
	return r.idle(h, r.day, restDays) || r.idle(h, r.week, restWeeks)
}

// idle reports whether the cells that are whole periods before cell h of the path are zero
// where seen, and at least least of them are.
func (r *run) idle(h, period, least int) bool {
	n, zeros := r.history.Len(), 0
	for i := n - period + h%period; i >= max(0, n-restReach*r.day); i -= period {
		if !r.seen[i] {
			continue
		}
		if r.history.Values[i] > 0 {
			return false
		}
		zeros++
	}
	return zeros >= least
}

// load returns the mean of the values above zero, 0 if none is.
func (r *run) load() float64 {
	sum, n := 0.0, 0
	for i, v := range r.history.Values {
		if r.seen[i] && v > 0 {
			sum += v
			n++
		}
	}
	return sum / float64(max(1, n))
}
