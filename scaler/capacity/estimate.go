package capacity

import (
	"math"
	"slices"
)

// A rung is what all cells of one rate per replica say.
type rung struct {
	cell         int
	kept, missed float64
	hint         float64 // intervals before a deploy
}

// rate returns the rate per replica of r.
func (r rung) rate() float64 { return math.Exp(float64(r.cell) * cellWidth) }

// misses reports whether the objective is missed at r more often than not.
func (r rung) misses() bool {
	all := r.kept + r.missed
	lo, _ := wilson(r.missed, all)
	return all >= fewest/2 && lo > 0.5 || r.missed >= 3 && r.kept == 0
}

// keeps reports whether the objective is kept at r with confidence, by what was seen or, as
// long as there is nothing against it, by a hint.
func (r rung) keeps() bool {
	all := r.kept + r.missed
	if all+r.hint < fewest {
		return false
	}
	_, hi := wilson(r.missed, all)
	return r.missed <= missable*all || all >= fewest && hi <= 2*missable
}

// Estimate returns what a replica carries when there are n of them.
func (l *Learner) Estimate(n int32) Estimate {
	e, _ := l.estimate(n)
	return e
}

// estimate is Estimate, and reports whether SafeRate is a hint from before a deploy.
func (l *Learner) estimate(n int32) (e Estimate, hinted bool) {
	e = Estimate{Knowledge: CannotTell, Intervals: l.Seen, FullRate: l.CPU.full()}
	ladder := l.ladder(bandOf(max(n, 1)), &e)
	for i := range ladder {
		r := near(ladder, i)
		if r.misses() {
			e.MissRate = r.rate()
			break
		}
		if r.keeps() {
			e.SafeRate, hinted = r.rate(), r.kept+r.missed < fewest
		}
	}
	e.SafeRate = min(e.SafeRate, e.SeenTo)
	if below := under(ladder); below > 0 && l.Former > 0 {
		if hinted && e.SafeRate < l.Former/2 {
			e.SafeRate = 0
		}
		if e.SafeRate == 0 {
			e.Bound = max(min(below, l.Former), l.Former/2)
		}
	}
	if e.MissRate > 0 && e.SafeRate > 0 && e.SeenTo >= leastSpan*e.SeenFrom {
		e.Knowledge = Learned
	}
	return e, hinted
}

// under returns the rate next below all that missed more often than not; 0 if none did. A few
// misses before a deploy are not enough.
func under(ladder []rung) float64 {
	for _, r := range ladder {
		if r.missed > max(r.kept, 0.5) {
			return math.Exp(float64(r.cell-1) * cellWidth)
		}
	}
	return 0
}

// ladder gathers the cells that speak for a band, by ascending rate, and writes
// the range seen in the band itself into e.
func (l *Learner) ladder(here int, e *Estimate) []rung {
	var ladder []rung
	for _, c := range l.Cells {
		if c.Kept+c.Missed+c.Hint < 0.01 {
			continue
		}
		if x := math.Exp(float64(c.Cell) * cellWidth); c.Band == here {
			if e.SeenFrom == 0 || x < e.SeenFrom {
				e.SeenFrom = x
			}
			e.SeenTo = max(e.SeenTo, x)
		}
		at, found := slices.BinarySearchFunc(ladder, c.Cell, func(r rung, k int) int { return r.cell - k })
		if !found {
			ladder = slices.Insert(ladder, at, rung{cell: c.Cell})
		}
		if c.Band <= here {
			ladder[at].kept += c.Kept
			ladder[at].hint += c.Hint
		}
		if c.Band >= here {
			ladder[at].missed += c.Missed
		}
	}
	return ladder
}

// near sums rung i and those up to 5 % below it.
func near(ladder []rung, i int) rung {
	sum := rung{cell: ladder[i].cell}
	for j := i; j >= 0 && ladder[i].cell-ladder[j].cell <= 2; j-- {
		sum.kept, sum.missed, sum.hint = sum.kept+ladder[j].kept, sum.missed+ladder[j].missed, sum.hint+ladder[j].hint
	}
	return sum
}

// wilson returns the interval of a share by Wilson's score (J. Am. Stat. Assoc.
// 22, 1927).
func wilson(hits, n float64) (lo, hi float64) {
	if n <= 0 {
		return 0, 1
	}
	const z2 = confidence * confidence
	p := hits / n
	mid := (p + z2/(2*n)) / (1 + z2/n)
	half := confidence / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	return mid - half, mid + half
}

// A drift is Page's two-sided cumulative sum (Biometrika 41, 1954) over errors
// of the logarithm of the latency, in units of their mean size.
type drift struct {
	Size float64
	Up   float64
	Down float64
}

// mostError bounds what one error counts, in units of the mean size.
const mostError = 4.0

// add adds an error and reports whether the errors have moved for good.
func (d *drift) add(e float64) bool {
	d.Size = max(d.Size+0.02*(math.Abs(e)-d.Size), 0.02)
	return d.sum(min(max(e/d.Size, -mostError), mostError))
}

// surprise adds a miss where none was expected, and reports what add does. How late the requests
// were does not count: that is the length of a queue, which says nothing of the usual errors.
func (d *drift) surprise() bool { return d.sum(mostError) }

func (d *drift) sum(z float64) bool {
	const slack, threshold = 1.5, 30.0
	d.Up, d.Down = max(d.Up+z-slack, 0), max(d.Down-z-slack, 0)
	return d.Up > threshold || d.Down > threshold
}
