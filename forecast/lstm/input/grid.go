package input

import (
	"math"
	"time"
)

// A grid keeps the past week as means over cells of at least seasonCell. Cells
// are counted from the epoch, so that a restart finds the same borders.
type grid struct {
	per   int64     // steps per cell
	cells []float32 // ring by cell number; NaN = no sample
	last  int64     // number of the newest complete cell
	begun bool

	open  int64 // number of the cell being filled
	sum   float64
	count int
}

func newGrid(step time.Duration) grid {
	per := max(1, int64((seasonCell+step-1)/step))
	n := int64(week)/(per*int64(step)) + 3
	g := grid{per: per, cells: make([]float32, n)}
	for i := range g.cells {
		g.cells[i] = float32(math.NaN())
	}
	return g
}

// push takes the value of step i; each i is one above the one before.
func (g *grid) push(i int64, y float64) {
	cell := floorDiv(i, g.per)
	if !g.begun {
		g.begun, g.open, g.last = true, cell, cell-1
	}
	if !math.IsNaN(y) {
		g.sum += y
		g.count++
	}
	if floorDiv(i+1, g.per) == cell {
		return
	}
	mean := math.NaN()
	if g.count > 0 {
		mean = math.Min(g.sum/float64(g.count), math.MaxFloat32)
	}
	g.cells[modulo(cell, int64(len(g.cells)))] = float32(mean)
	g.last, g.open, g.sum, g.count = cell, cell+1, 0, 0
}

// at returns the value at a position in steps, the middle of step i being i, by
// linear interpolation between the middles of cells; false if it is unknown.
func (g *grid) at(position float64) (float64, bool) {
	x := (position - float64(g.per-1)/2) / float64(g.per)
	low := math.Floor(x)
	a, okA := g.cell(int64(low))
	w := x - low
	if w < 1e-9 {
		return a, okA
	}
	b, okB := g.cell(int64(low) + 1)
	switch {
	case okA && okB:
		return a + w*(b-a), true
	case okA:
		return a, true
	}
	return b, okB
}

func (g *grid) cell(number int64) (float64, bool) {
	if !g.begun || number > g.last || number <= g.last-int64(len(g.cells)) {
		return 0, false
	}
	v := float64(g.cells[modulo(number, int64(len(g.cells)))])
	return v, !math.IsNaN(v)
}

func modulo(a, n int64) int64 { return (a%n + n) % n }

func floorDiv(a, b int64) int64 { return (a - modulo(a, b)) / b }
