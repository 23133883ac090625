package nowcast

import "math"

const (
	// gainMemory is the number of cells in which the weight of one fades to 1/e: a day of
	// minutes.
	gainMemory = 1440.0

	// gainUsual is the most cells that the mean absolute innovation averages: two hours of
	// minutes. Each counts as no more than three usual ones, so the mean grows by at most a
	// sixtieth a cell; averaged over a day of minutes, it would take days to follow a load
	// that wakes from nothing.
	gainUsual = 120.0

	// gainFirst is the gain before anything is learned, and gainFirstCells the number of
	// cells that it counts as. With most loads half of what is new lasts; with those that
	// wander all of it does, and with noise around a known level none.
	gainFirst      = 0.5
	gainFirstCells = 20.0

	// gainWidest bounds an innovation, in usual ones. One beyond that is an outlier, a
	// failed scrape or the onset of a burst: it would determine the gain for a day, and is
	// not the small news that a gain is for.
	gainWidest = 3.0
)

// A Gain says how far the forecast is to move with a sample that comes between two cells.
//
// A model in innovations form revises what it forecast for a later cell by a part of its
// one-step error, which is the same from cell to cell: for simple exponential smoothing it
// is α (Hyndman, Koehler, Ord and Snyder, Forecasting with Exponential Smoothing, 2008,
// section 3.4). A pool of models has no such constant, but the revisions can be watched: the
// gain is the slope, through the origin, of the revisions on the errors of about the last
// day, kept within 0 and 1. Near 1 the load wanders and the newest sample is the best
// knowledge there is; near 0 the load is noise around a known level.
//
// So a gain never goes further than the model: it moves the forecast by no more than the
// model will when the cell closes, if the sample holds. The zero Gain is ready and has
// learned nothing. It is not safe for concurrent use.
type Gain struct {
	last    float64 // value of the newest closed cell
	ahead   float64 // median that was forecast for the one that is open
	farther float64 // and for the farthest that is revised, when the cell before closed
	known   bool    // whether these three are

	usual  float64 // mean absolute innovation, each bounded, unit of the metric
	cross  float64 // innovations times revisions, discounted
	square float64 // innovations squared
	cells  float64 // behind them, discounted
}

// Expect takes the forecast that was made after a cell of the given value had closed: the
// medians of the cell that is open now and of one farther ahead. If any of the three is NaN
// there is nothing to compare with until the next Expect.
func (g *Gain) Expect(value, ahead, farther float64) {
	g.last, g.ahead, g.farther = value, ahead, farther
	g.known = finite(value) && finite(ahead) && finite(farther)
}

// Close learns from the cell that was open: from its value, and from the median now
// forecast for the farther cell of the last Expect. If either is NaN, or any of that Expect
// was, it learns nothing.
func (g *Gain) Close(value, farther float64) {
	innovation, revision := value-g.ahead, farther-g.farther
	if !g.known || !finite(innovation) || !finite(revision) {
		return
	}
	if g.usual == 0 {
		g.usual = math.Abs(innovation)
	}
	if most := gainWidest * g.usual; math.Abs(innovation) > most {
		innovation, revision = math.Copysign(most, innovation), revision*most/math.Abs(innovation)
	}
	keep := math.Exp(-1 / gainMemory)
	g.cells = keep*g.cells + 1
	g.usual += (math.Abs(innovation) - g.usual) / min(g.cells, gainUsual)
	g.cross = keep*g.cross + innovation*revision
	g.square = keep*g.square + innovation*innovation
}

// value returns the gain, 0 to 1.
func (g *Gain) value() float64 {
	if !(g.square > 0) {
		return gainFirst
	}
	part := g.cells / (g.cells + gainFirstCells)
	return part*min(max(g.cross/g.square, 0), 1) + (1-part)*gainFirst
}

// Worth returns how far the forecast follows what is new between two cells, 0 to 1: the
// square of the gain, and 0 before anything is learned.
//
// The gain itself would be the best guess. But there are several samples in a cell, and what
// the highest of them asks for is held for minutes; where little of the news lasts, the
// noise of each would be paid for. With the square a load that wanders is followed as
// before, and mere noise is left alone.
func (g *Gain) Worth() float64 {
	if !g.known || g.usual == 0 {
		return 0
	}
	return g.value() * g.value()
}

// Move returns how far the forecast is to move, in the unit of the metric, with a sample of
// the given value when part of the open cell, 0 to 1, has passed: [Gain.Worth] times the
// distance of the sample above what was expected at that moment, by linear interpolation
// from the last cell to the open one. It is negative if the sample is below.
func (g *Gain) Move(sample, part float64) float64 {
	worth := g.Worth()
	if worth == 0 {
		return 0
	}
	innovation := sample - (g.last + part*(g.ahead-g.last))
	most := gainWidest * g.usual
	return worth * min(max(innovation, -most), most)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
