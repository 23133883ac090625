package direct

import "math"

// ring holds the newest values of a series by index, len a power of two.
type ring []float32

func newRing(atLeast int) ring {
	n := 1
	for n < atLeast {
		n *= 2
	}
	return make(ring, n)
}

func (r ring) at(i int) float64     { return float64(r[i&(len(r)-1)]) }
func (r ring) set(i int, v float64) { r[i&(len(r)-1)] = float32(v) }

// top returns the largest of the n values up to index i; −Inf if n is 0 or less.
func (r ring) top(i, n int) float32 {
	best := float32(math.Inf(-1))
	for j := i; j > i-n; j-- {
		if v := r[j&(len(r)-1)]; v > best {
			best = v
		}
	}
	return best
}

// sum returns the sum of the n values up to index i.
func (r ring) sum(i, n int) float64 {
	sum := 0.0
	for j := i - n + 1; j <= i; j++ {
		sum += r.at(j)
	}
	return sum
}

// cells holds the means of consecutive groups of per samples, as many as one
// season needs.
type cells struct {
	values tape
	per    int // samples per cell
	n      int // samples pushed
	sum    float64
}

// newCells has room for season samples and reach more.
func newCells(season, reach, per int) *cells {
	return &cells{values: newTape((season+reach)/per + 3), per: per}
}

func (c *cells) push(z float64) {
	c.sum += z
	c.n++
	if c.n%c.per == 0 {
		c.values.push(c.sum / float64(c.per))
		c.sum = 0
	}
}

// reach pushes z at position i; positions skipped get the values of the season
// before them, and positions taken stay.
func (c *cells) reach(i int, z float64, season int) {
	for c.n < i {
		v := c.at(c.n - season)
		if math.IsNaN(v) {
			v = z
		}
		c.push(v)
	}
	if c.n == i {
		c.push(z)
	}
}

// at returns the value at sample i, interpolated between the middles of cells. After the middle
// of the last complete cell the value of that cell holds, unless a cell is a single sample: then
// the result is NaN. It is NaN, too, if the cell of i is no longer kept, or none is complete.
func (c *cells) at(i int) float64 {
	if c.per == 1 || i < 0 {
		return c.values.at(i)
	}
	whole := c.n / c.per
	pos := (float64(i)+0.5)/float64(c.per) - 0.5
	lo := int(math.Floor(pos))
	w := pos - float64(lo)
	hi := min(lo+1, whole-1)
	lo = max(min(lo, whole-1), 0)
	a, b := c.values.at(lo), c.values.at(hi)
	return a + w*(b-a)
}

// mean returns the mean of the samples i−half to i+half that are known.
func (c *cells) mean(i, half int) float64 {
	if c.per > half {
		return c.at(i)
	}
	sum, n := 0.0, 0
	for j := i - half; j <= i+half; j += c.per {
		if v := c.at(j); v == v { // not NaN
			sum += v
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

func (c *cells) rescale(factor float64) {
	c.values.rescale(factor)
	c.sum *= factor
}

// profile is the running mean of the last days by time of day.
type profile struct {
	values []Small // SmallNaN until seen
	per    int     // samples per cell
	sum    float64
	n      int
}

const profileDays = 5 // the profile forgets with this time constant

func newProfile(day int) profile {
	n := min(day, 288)
	for day%n != 0 {
		n--
	}
	p := profile{values: make([]Small, n), per: day / n}
	for i := range p.values {
		p.values[i] = SmallNaN
	}
	return p
}

func (p *profile) push(z float64) {
	p.sum += z
	p.n++
	if p.n%p.per != 0 {
		return
	}
	cell := p.n/p.per - 1
	age := cell/len(p.values) + 1
	v := &p.values[cell%len(p.values)]
	mean := p.sum / float64(p.per)
	if age > 1 {
		old := v.Float()
		mean = old + (mean-old)/float64(min(age, profileDays))
	}
	*v = ToSmall(mean)
	p.sum = 0
}

// at returns the profile at sample i, interpolated; NaN during the first day.
func (p *profile) at(i int) float64 {
	n := len(p.values)
	pos := (float64(i)+0.5)/float64(p.per) - 0.5 + float64(n)
	lo := int(pos)
	w := pos - float64(lo)
	a := p.values[lo%n].Float()
	return a + w*(p.values[(lo+1)%n].Float()-a)
}
