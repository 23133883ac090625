package capacity

import (
	"math"
	"slices"
)

// An Interval is what one measurement says about a service.
type Interval struct {
	Rate    float64 // requests/s that came in
	Latency float64 // s, the quantile of the objective; NaN = unknown
	Ready   int32   // replicas that took traffic throughout
	CPU     float64 // mean use of the replicas, 0 to 1 of what they have; NaN = unknown
}

// A Knowledge says how much an [Estimate] is worth.
type Knowledge string

// What is known.
const (
	CannotTell Knowledge = "CannotTell" // the objective was never missed, or the rate per replica hardly moved: SafeRate is only the highest that was seen to be fine
	Learned    Knowledge = "Learned"    // rates that keep the objective were seen, and rates that miss it
)

// An Estimate is what a replica carries, in requests/s per replica.
type Estimate struct {
	Knowledge Knowledge
	SafeRate  float64 // highest rate seen to keep the objective, with confidence or, until it misses, before a deploy; 0 = none yet. Never above SeenTo.
	MissRate  float64 // rate seen to miss it more often than not; 0 = none
	FullRate  float64 // rate at which the processors are full, from the utilization law; 0 = unknown
	SeenFrom  float64 // lowest rate per replica seen
	SeenTo    float64 // and highest
	Intervals float64 // behind it, discounted

	// Bound is a rate that is not to be exceeded while SafeRate is 0 because the service has
	// become slower and the rates seen since miss: next below these, but no less than half of
	// what was safe before. A service that is more than twice as slow is more likely broken, and more
	// replicas are no help. 0 = no bound.
	Bound float64
}

const (
	cellWidth  = 0.02   // of a cell, in the logarithm of the rate
	band       = 2.0    // replicas of one band differ by less than this factor
	maxCells   = 512    // remembered
	forgetting = 0.9998 // per interval: half-life of two days of minutes
	missable   = 0.05   // share of intervals that may miss at a safe rate
	confidence = 1.64   // standard errors
	fewest     = 8.0    // intervals at or above a rate for it to count
	leastSpan  = 1.15   // SeenTo/SeenFrom below which nothing can be told
	aged       = 0.02   // weight of what was learned before a deploy
	draining   = 30     // misses in a row that a backlog may explain
)

// A rateCell counts the intervals of one rate per replica at one size.
type rateCell struct {
	Band   int
	Cell   int
	Kept   float64
	Missed float64
	Hint   float64 // intervals that a rate which kept the objective before a deploy counts for, until the first miss
	Mean   float64 // of the logarithm of the latency
}

// A Learner learns what a replica carries under an objective. Set only Objective: the
// other fields are its memory. It is not safe for concurrent use.
//
// The rate per replica that is safe rises with the number of replicas. Cells are
// therefore kept by octaves of the count, and observations of another octave count
// only in the direction in which they must hold: a rate that is safe for few
// replicas is safe for many, and a rate that many miss is missed by few.
//
// That the service has changed, as by a deploy, shows in latencies that are not those of
// the same rate before, or in misses at rates that were safe. What was learned is then a
// hint: rates that kept the objective are believed until they miss it.
type Learner struct {
	Objective Objective
	Cells     []rateCell
	Seen      float64 // intervals, discounted
	Ready     int32   // of the last interval
	Settled   int     // intervals since Ready changed by more than a few of very many
	Draining  float64 // rate per replica of the last miss; 0 = none to drain
	LeftOut   int     // misses since a rate was kept that were taken for a backlog
	Former    float64 // safe rate before the last deploy; 0 = none
	Drift     drift
	CPU       line
}

// Clone returns a learner that knows the same, and shares nothing that changes.
func (l *Learner) Clone() *Learner {
	out := *l
	out.Cells = slices.Clone(l.Cells)
	return &out
}

// Observe takes one interval, about a minute long. It leaves out intervals that say
// nothing: those without latency, rate or replicas, those within two intervals of a
// change of the count that is more than a few of very many, and misses at a lower rate
// than the miss before, whose backlog is still draining. A backlog is no excuse for more
// than half an hour of misses: from then on they all count until the objective is kept
// again.
func (l *Learner) Observe(i Interval) {
	if l.Objective.Unsettles(l.Ready, i.Ready) {
		l.Settled = 0
	} else {
		l.Settled++
	}
	l.Ready = i.Ready
	if !i.tells() || l.Settled < 2 {
		return
	}
	x, latency := i.Rate/float64(i.Ready), math.Log(i.Latency)
	if i.Latency > l.Objective.Latency.Seconds() {
		if x < l.Draining && l.LeftOut < draining {
			l.LeftOut++
			return
		}
		l.Draining = x
		c := l.cellOf(i.Ready, x)
		if c.safe() && l.Drift.surprise() {
			l.deployed()
		}
		c.miss(latency)
		l.fade()
		return
	}
	l.Draining, l.LeftOut = 0, 0
	c := l.cellOf(i.Ready, x)
	if c.Kept+c.Missed >= fewest/2 && l.Drift.add(latency-c.Mean) {
		l.deployed()
	}
	c.keep(latency)
	l.fade()
	l.Busy(i.Rate, i.Ready, i.CPU)
}

// Unsettles reports whether a step from one count of ready replicas to another may show in the
// latency. New replicas are slow, but so few requests go to one of very many that the quantile
// does not show it: to at most a quarter of those that may be late. A fleet that large hardly
// ever keeps its count for minutes. A step from zero, or an unknown count, always may.
func (o Objective) Unsettles(from, to int32) bool {
	return math.Abs(float64(to)-float64(from)) > (1-o.Quantile)/4*float64(from)
}

// tells reports whether an interval is complete.
func (i Interval) tells() bool {
	return i.Ready > 0 && i.Latency > 0 && !math.IsInf(i.Latency, 0) && i.Rate > 0 && !math.IsInf(i.Rate, 0)
}

// safe reports whether c has been seen often enough for a miss to be a surprise. It has then
// kept the objective three times in four: less often, misses alone would look like a deploy.
func (c *rateCell) safe() bool {
	return c.Kept+c.Missed+c.Hint >= fewest/2 && 3*c.Missed <= c.Kept+c.Hint
}

func (c *rateCell) keep(logLatency float64) {
	c.Kept++
	c.Hint = max(c.Hint-1, 0)
	c.Mean += (logLatency - c.Mean) / (c.Kept + c.Missed)
}

func (c *rateCell) miss(logLatency float64) {
	c.Missed++
	c.Hint = 0
	c.Mean += (logLatency - c.Mean) / (c.Kept + c.Missed)
}

// age makes what c knows a hint.
func (c *rateCell) age() {
	if c.Missed > 2*missable*(c.Kept+c.Missed) {
		c.Hint = 0
	} else if c.Kept >= 1 {
		c.Hint = fewest / 2
	}
	c.Kept *= aged
	c.Missed *= aged
}

// deployed tells the learner that the service has changed: what was learned becomes a
// hint that a few new intervals outweigh.
func (l *Learner) deployed() {
	if e, hinted := l.estimate(l.Ready); e.SafeRate > 0 && !hinted {
		l.Former = e.SafeRate
	}
	for k := range l.Cells {
		l.Cells[k].age()
	}
	l.Seen *= aged
	l.Drift, l.CPU = drift{}, line{}
}

func (l *Learner) fade() {
	l.Seen = l.Seen*forgetting + 1
	for k := range l.Cells {
		l.Cells[k].Kept *= forgetting
		l.Cells[k].Missed *= forgetting
		l.Cells[k].Hint *= forgetting
	}
}

func (l *Learner) cellOf(n int32, x float64) *rateCell {
	return l.cell(bandOf(n), int(math.Round(math.Log(x)/cellWidth)))
}

func bandOf(n int32) int { return int(math.Log(float64(n)) / math.Log(band)) }

// cell returns the cell of a band and a rate, which it adds if need be. If there are too many,
// the one with the fewest intervals is dropped. Cells are ordered by band and rate.
func (l *Learner) cell(b, k int) *rateCell {
	at, found := slices.BinarySearchFunc(l.Cells, rateCell{Band: b, Cell: k}, func(a, b rateCell) int {
		if a.Band != b.Band {
			return a.Band - b.Band
		}
		return a.Cell - b.Cell
	})
	if !found {
		if len(l.Cells) == maxCells {
			least := 0
			for j := range l.Cells {
				if l.Cells[j].Kept+l.Cells[j].Missed < l.Cells[least].Kept+l.Cells[least].Missed {
					least = j
				}
			}
			l.Cells = slices.Delete(l.Cells, least, least+1)
			return l.cell(b, k)
		}
		l.Cells = slices.Insert(l.Cells, at, rateCell{Band: b, Cell: k})
	}
	return &l.Cells[at]
}
