package capacity

import (
	"math"
	"slices"
)

// A rung is what all cells of one rate per replica say.
type rung struct {
	cell         int
	kept, missed float64
}

// Estimate returns what a replica carries when there are n of them.
func (l *Learner) Estimate(n int32) Estimate {
	e := Estimate{Knowledge: CannotTell, Intervals: l.Seen, FullRate: l.CPU.full()}
	ladder := l.ladder(bandOf(max(n, 1)), &e)
	for i := range ladder {
		kept, missed := near(ladder, i)
		all := kept + missed
		lo, hi := wilson(missed, all)
		x := math.Exp(float64(ladder[i].cell) * cell)
		if all >= fewest/2 && lo > 0.5 || missed >= 3 && kept == 0 {
			e.MissRate = x
			break
		}
		if all >= fewest && (hi <= 2*missable || missed <= missable*all) {
			e.SafeRate = x
		}
	}
	e.SafeRate = min(e.SafeRate, e.SeenTo)
	if e.MissRate > 0 && e.SafeRate > 0 && e.SeenTo >= spreadMin*e.SeenFrom {
		e.Knowledge = Learned
	}
	return e
}

// ladder gathers the cells that speak for a band, by ascending rate, and writes
// the range seen in the band itself into e.
func (l *Learner) ladder(here int, e *Estimate) []rung {
	var ladder []rung
	for _, c := range l.Cells {
		if c.Kept+c.Missed < 0.01 {
			continue
		}
		if x := math.Exp(float64(c.Cell) * cell); c.Band == here {
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
		}
		if c.Band >= here {
			ladder[at].missed += c.Missed
		}
	}
	return ladder
}

// near sums rung i and those up to 5 % below it.
func near(ladder []rung, i int) (kept, missed float64) {
	for j := i; j >= 0 && ladder[i].cell-ladder[j].cell <= 2; j-- {
		kept, missed = kept+ladder[j].kept, missed+ladder[j].missed
	}
	return kept, missed
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
	Size float64 `json:"size"`
	Up   float64 `json:"up"`
	Down float64 `json:"down"`
}

// add reports whether the errors have moved for good.
func (d *drift) add(e float64) bool {
	const slack, threshold = 1.5, 30.0
	d.Size = max(d.Size+0.02*(math.Abs(e)-d.Size), 0.02)
	z := min(max(e/d.Size, -4), 4)
	d.Up, d.Down = max(d.Up+z-slack, 0), max(d.Down-z-slack, 0)
	return d.Up > threshold || d.Down > threshold
}
