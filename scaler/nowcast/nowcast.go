// Package nowcast says what demand is now, from samples that come late, are noisy,
// or do not come at all.
//
// # The idea
//
// A sample of a rate is a mean over the window before it, and is seconds to a minute
// old when it is read. Three corrections turn the newest sample into the demand now:
//
//   - A rise is extrapolated over the lag, as far as it is more than noise ([Nowcast.Rise]).
//     A fall is not, since a forecast may add and never take. Nor is a rise while the window
//     of the rate fills again after an outage of the scrapes.
//   - While no samples come, and until a whole window has passed after they return, the
//     highest sample of the two windows before stands in ([Nowcast.Demand]): the rates at
//     both ends of an outage of the scrapes are means over windows that are partly empty.
//   - A value that has not changed is taken for the same scrape, read again.
//
// A sample also moves the forecast before its cell closes, by as much as such news has
// lately been worth to the model ([Gain]).
//
// Everything here is pure, of fixed size, and takes time as an argument.
package nowcast

import (
	"math"
	"time"

	"github.com/forescale/forescale/collector"
)

// A Nowcast follows the samples of one target. It is not safe for concurrent use.
type Nowcast struct {
	step time.Duration // of the grid = the window of the rates

	latest  collector.Sample // newest sample; zero Time before the first
	silence silence          // what demand was before the samples stopped
	slope   slope            // how fast it rises
}

// New returns a nowcast from samples that are means over step.
func New(step time.Duration) *Nowcast {
	return &Nowcast{step: step, slope: slope{step: step}}
}

// Accepts reports whether s can be the newest sample of demand: it is later than the
// newest so far, finite and not negative.
func (n *Nowcast) Accepts(s collector.Sample) bool {
	return !math.IsNaN(s.Value) && !math.IsInf(s.Value, 0) && s.Value >= 0 && s.Time.After(n.latest.Time)
}

// Observe takes a sample that is accepted and reports whether it is news. An unchanged
// value, see [collector.SameScrape], is taken for the same scrape until the usual time
// between two scrapes has passed. The result therefore does not depend on how often samples
// are asked for.
func (n *Nowcast) Observe(s collector.Sample) bool {
	if collector.SameScrape(s.Value, n.latest.Value) && s.Time.Sub(n.latest.Time) < n.slope.span() { // a zero Time is long ago
		return false
	}
	n.silence.observe(s, n.latest.Time, n.step)
	n.latest = s
	if n.silence.fills(s.Time, n.step) {
		n.slope.forget()
	} else {
		n.slope.observe(s)
	}
	return true
}

// Latest returns the newest sample; its Time is zero before the first.
func (n *Nowcast) Latest() collector.Sample { return n.latest }

// Demand returns the demand observed last, in the unit of the metric; NaN if that is older
// than ttl. While no samples come, and for one window after they return, it is at least the
// highest sample of the two windows before.
func (n *Nowcast) Demand(now time.Time, ttl time.Duration) float64 {
	if n.latest.Time.IsZero() || now.Sub(n.latest.Time) > ttl {
		return math.NaN()
	}
	return max(n.latest.Value, n.silence.hold(now, n.latest.Time, n.step))
}

// Rise returns by how much demand will exceed the newest sample a minute ahead, or a step
// ahead on a finer grid, if the present slope lasts. It is in the unit of the metric. It is 0
// if demand falls or moves no more than noise does, and for one window after samples return.
func (n *Nowcast) Rise() float64 { return n.slope.rise(n.latest, n.step) }
