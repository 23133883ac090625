package direct

import "math"

// A view holds what a season says about the positions around the newest sample:
// the values one season before them, unpacked once and read many times. It is
// of use while every season before a horizon is the one just before, there is a
// cell for each sample, and the clocks do not change; else readers go to the
// cells themselves.
type view struct {
	values [viewLen]Small // by position; SmallNaN = not known
	season int            // cells; 0 = there is no season
	ahead  int            // positions known beyond the newest
	next   int            // first position not filled yet
	valid  bool           // around the newest position
	able   bool           // ever
}

// viewLen is room for an hour of minutes before and after the newest sample, and
// what the last is smoothed over.
const viewLen = 128

func newView(c *cells, season int, l Lags) view {
	v := view{season: season, ahead: l.Reach + l.Smooth}
	v.able = season > v.ahead && c.per == 1 && v.ahead+l.Reach+1 <= viewLen
	return v
}

// follow makes at the newest position. steady says that positions around it are
// consecutive.
func (v *view) follow(c *cells, at int, steady bool) {
	if !v.able {
		return
	}
	for end := at + v.ahead; v.next <= end; v.next++ {
		v.values[v.next&(viewLen-1)] = ToSmall(c.at(v.next - v.season))
	}
	v.valid = steady && v.next == at+v.ahead+1
}

// at returns the value one season before position p, from at−Reach to
// at+Reach+Smooth of the newest position at.
func (v *view) at(p int) float64 { return v.values[p&(viewLen-1)].Float() }

// mean returns the mean around one season before position p, over the positions
// p−half to p+half that are known; c is what the view is of.
func (v *view) mean(c *cells, p, half int) float64 {
	switch {
	case v.season <= 0:
		return math.NaN()
	case !v.valid:
		return c.mean(p-v.season, half)
	}
	sum := 0.0
	for i := p - half; i <= p+half; i++ {
		y := v.values[i&(viewLen-1)]
		if y == SmallNaN {
			return c.mean(p-v.season, half)
		}
		sum += y.value()
	}
	return sum / float64(2*half+1)
}

// top returns the larger of best and the values one season before positions from
// to to; NaN counts as none.
func (v *view) top(best float64, from, to int) float64 {
	top, known := Small(0), false // the order of Small is that of its values
	for p := from; p <= to; p++ {
		if y := v.values[p&(viewLen-1)]; y != SmallNaN {
			top, known = max(top, y), true
		}
	}
	if !known || best >= top.value() {
		return best
	}
	return top.value()
}

func (v *view) rescale(factor float64) {
	for i := range v.values {
		v.values[i] = ToSmall(v.values[i].Float() * factor)
	}
}
