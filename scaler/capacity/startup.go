package capacity

import (
	"math"
	"slices"
	"time"
)

const (
	// defaultStartup is taken for the start of a replica before any was seen.
	defaultStartup = 60 * time.Second

	// longestStartup caps the estimate: what takes longer is broken, not slow.
	longestStartup = 15 * time.Minute

	startShare = 0.9 // share of the starts that are done within the estimate
	maxStarts  = 64  // remembered
	someStarts = 5   // starts of a new template before the former one is forgotten
	leastSeen  = 5   // least number of times that a record must show replicas starting
)

// A Startup estimates how long a replica takes from its creation to readiness:
// nine starts in ten are done within it. Its exported fields are its memory, for
// dumps. The zero Startup is ready. It is not safe for concurrent use.
type Startup struct {
	Template string          `json:"template"` // hash of the pod template of Starts
	Starts   []time.Duration `json:"starts"`   // newest last
	Former   time.Duration   `json:"former"`   // estimate under the template before; 0 = none
}

// Started notes that a replica of a template became ready after took. The first
// replica of another template begins a new record; the former estimate stands in
// until five starts were seen. A time that is not positive is ignored.
func (s *Startup) Started(template string, took time.Duration) {
	if took <= 0 {
		return
	}
	if template != s.Template {
		if len(s.Starts) > 0 {
			s.Former, _ = s.Estimate(nil)
		}
		s.Template, s.Starts = template, s.Starts[:0]
	}
	if len(s.Starts) == maxStarts {
		s.Starts = append(s.Starts[:0], s.Starts[1:]...)
	}
	s.Starts = append(s.Starts, took)
}

// Estimate returns the start-up time and whether it was measured under the
// present template. Pending holds the ages of replicas that are not ready yet:
// they have taken at least that long, which raises the estimate as in Kaplan and
// Meier's estimator for censored data (J. Am. Stat. Assoc. 53, 1958). Before five
// starts under the present template it is the estimate of the former one, a minute
// without one, or the longest of these starts if that is longer; pending then does
// not count. The estimate is at most a quarter of an hour.
func (s *Startup) Estimate(pending []time.Duration) (time.Duration, bool) {
	if len(s.Starts) < someStarts {
		d := defaultStartup
		if s.Former > 0 {
			d = s.Former
		}
		for _, took := range s.Starts {
			d = max(d, took) // slower than before shows at once, faster has to prove itself
		}
		return min(d, longestStartup), false
	}
	done := slices.Sorted(slices.Values(s.Starts))
	alive := 1.0
	for i, d := range done {
		risk := len(done) - i // not ready before d
		for _, p := range pending {
			if p >= d {
				risk++
			}
		}
		alive *= 1 - 1/float64(risk)
		if alive <= 1-startShare+1e-9 {
			return min(d, longestStartup), true
		}
	}
	longest := done[len(done)-1] // too many are still pending to tell
	for _, p := range pending {
		longest = max(longest, p)
	}
	return min(longest, longestStartup), true
}

// MeanStartup returns the mean time from when a replica was asked for until it was ready, and
// the number of starts behind it. desired and ready are records of both counts on one grid of
// the given step: instants, or means over a cell; NaN = unknown. Zero starts mean that the
// record does not tell: it has fewer than ten starts, or shows replicas starting fewer than
// five times.
//
// The mean follows from Little's law, W = L/λ: the replicas that are starting, summed over
// time, are the starts times the mean time that one takes. So it also holds for steps far
// longer than a start, where most starts begin and end unseen. Left out are the times in which
// fewer were asked for before all were ready, in which a replica was lost or the record has a
// gap, and those of more than a quarter of an hour, in which something was broken. See Little,
// A Proof for the Queuing Formula L = λW, Operations Research 9 (1961).
func MeanStartup(desired, ready []float64, step time.Duration) (mean time.Duration, starts int) {
	var all, open episode
	seen := 0
	for i := 1; i < min(len(desired), len(ready)); i++ {
		rise, pending := desired[i]-desired[i-1], desired[i]-ready[i]
		if open.add(rise, pending); pending > 0 && !math.IsNaN(rise) {
			continue
		}
		if !open.spoilt && time.Duration(open.steps)*step <= longestStartup {
			all.starts += open.starts
			all.pending += open.pending
			seen += min(open.steps, 1)
		}
		open = episode{spoilt: math.IsNaN(rise + pending)}
	}
	if all.starts < 2*someStarts || seen < leastSeen {
		return 0, 0
	}
	return time.Duration(all.pending / all.starts * float64(step)), int(math.Round(all.starts))
}

// An episode is the time from when replicas are asked for until all of them are ready.
type episode struct {
	starts  float64 // replicas asked for
	pending float64 // those not ready, summed over its steps
	steps   int     // with some of them
	spoilt  bool    // tells nothing of starts
}

// add adds a step, in which rise more replicas were asked for than in the one before, and
// pending are not ready; NaN = unknown.
func (e *episode) add(rise, pending float64) {
	if math.IsNaN(rise+pending) || rise < 0 && e.steps > 0 {
		e.spoilt = true
	}
	e.starts += max(rise, 0)
	if pending > 0 {
		e.pending += pending
		e.steps++
		e.spoilt = e.spoilt || e.starts == 0 // one was lost
	}
}
