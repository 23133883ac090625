package capacity

import (
	"cmp"
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
	someStarts = 5   // starts of a template that tell how long one takes
	canary     = 16  // starts of others after which a template that came back is no longer expected
	leastSeen  = 5   // least number of times that a record must show replicas starting

	// mostLonger bounds the mean of all starts over that of those that count. Above it, the
	// starts that are left out were the slow ones.
	mostLonger = 1.25
)

// A Startup estimates how long a replica takes from its creation to readiness:
// nine starts in ten are done within it. The zero Startup is ready. It is not safe for
// concurrent use.
type Startup struct {
	Starts []Start       // newest last
	Former time.Duration // estimate before the template of the newest was first seen; 0 = none
}

// A Start is one replica that became ready.
type Start struct {
	Template string // hash of the pod template
	Took     time.Duration
}

// Started notes that a replica of a template became ready after took. A time that is not
// positive is ignored. A former template is forgotten when five replicas of a new one have
// started. While a canary lasts they start by turns, and the next one may be of either: one
// that has come back is forgotten when sixteen others have started since.
func (s *Startup) Started(template string, took time.Duration) {
	if took <= 0 {
		return
	}
	if len(s.Starts) > 0 && s.first(template) < 0 {
		s.Former, _ = s.Estimate(nil)
	}
	if len(s.Starts) == maxStarts {
		s.Starts = append(s.Starts[:0], s.Starts[1:]...)
	}
	s.Starts = append(s.Starts, Start{template, took})
	last, n := map[string]int{}, len(s.Starts)
	for i, x := range s.Starts {
		last[x.Template] = i
	}
	first := s.first(template)
	s.Starts = slices.DeleteFunc(s.Starts, func(x Start) bool {
		since := n - 1 - last[x.Template] // starts of others
		return since >= canary || since >= someStarts && last[x.Template] < first
	})
}

// first returns the index of the first start of a template, negative if there is none.
func (s *Startup) first(template string) int {
	return slices.IndexFunc(s.Starts, func(x Start) bool { return x.Template == template })
}

// Estimate returns the start-up time and whether it was measured under the
// template of the newest start. Pending holds the ages of replicas that are not ready yet:
// they have taken at least that long, which raises the estimate as in Kaplan and
// Meier's estimator for censored data (J. Am. Stat. Assoc. 53, 1958). Before five
// starts under that template it is the estimate before the first of them, a minute
// without one, or the longest of these starts if that is longer; pending then does
// not count. Where replicas of other templates still start it is that of the slowest. The
// estimate is at most a quarter of an hour.
func (s *Startup) Estimate(pending []time.Duration) (time.Duration, bool) {
	if len(s.Starts) == 0 {
		return cmp.Or(s.Former, defaultStartup), false
	}
	newest := s.Starts[len(s.Starts)-1].Template
	took := map[string][]time.Duration{}
	for _, x := range s.Starts {
		took[x.Template] = append(took[x.Template], x.Took)
	}
	if len(took[newest]) < someStarts { // slower than before shows at once, faster has to prove itself
		return min(max(cmp.Or(s.Former, defaultStartup), slices.Max(took[newest])), longestStartup), false
	}
	d := within(took[newest], pending)
	for template, starts := range took {
		switch {
		case template == newest:
		case len(starts) < someStarts:
			d = max(d, slices.Max(starts))
		default:
			d = max(d, within(starts, nil))
		}
	}
	return min(d, longestStartup), true
}

// within returns the time within which nine starts in ten are done, of those that are and
// those that are pending.
func within(starts, pending []time.Duration) time.Duration {
	done := slices.Sorted(slices.Values(starts))
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
			return d
		}
	}
	longest := done[len(done)-1] // too many are still pending to tell
	for _, p := range pending {
		longest = max(longest, p)
	}
	return longest
}

// MeanStartup returns the mean time from when a replica was asked for until it was ready, and
// the number of starts behind it. desired and ready are records of both counts on one grid of
// the given step: instants, or means over a cell; NaN = unknown. Zero starts mean that the
// record does not tell: it has fewer than ten starts, shows replicas starting fewer than
// five times, or the starts that are left out, see below, were the slow ones. That happens at
// steps of five minutes under a load that rises and falls as fast: the remaining starts would
// say 20 s where a start takes a minute.
//
// The mean follows from Little's law, W = L/λ: the replicas that are starting, summed over
// time, are the starts times the mean time that one takes. So it also holds for steps longer
// than a start, where most starts begin and end unseen. Three kinds of episodes are left out:
// those in which fewer replicas were asked for before all were ready, those in which a replica
// was lost or the record has a gap, and those of more than a quarter of an hour, in which
// something was broken. See Little, A Proof for the Queuing Formula L = λW, Operations Research
// 9 (1961).
func MeanStartup(desired, ready []float64, step time.Duration) (mean time.Duration, starts int) {
	var all, withdrawn, open episode
	seen := 0
	for i := 1; i < min(len(desired), len(ready)); i++ {
		rise, pending := desired[i]-desired[i-1], desired[i]-ready[i]
		if open.add(rise, pending); pending > 0 && !math.IsNaN(rise) {
			continue
		}
		switch {
		case open.spoilt || time.Duration(open.steps)*step > longestStartup:
		case open.withdrawn:
			withdrawn.join(open)
		default:
			all.join(open)
			seen += min(open.steps, 1)
		}
		open = episode{spoilt: math.IsNaN(rise + pending)}
	}
	took := all.mean()
	withdrawn.join(all)
	if all.starts < 2*someStarts || seen < leastSeen || withdrawn.mean() > mostLonger*took {
		return 0, 0
	}
	return time.Duration(took * float64(step)), int(math.Round(all.starts))
}

// An episode is the time from when replicas are asked for until all of them are ready.
type episode struct {
	starts    float64 // replicas asked for
	pending   float64 // those not ready, summed over its steps
	steps     int     // with some of them
	spoilt    bool    // says nothing about starts, because of a gap or a replica that was lost
	withdrawn bool    // says little, because fewer were asked for before all were ready
}

// mean returns the mean time of a start in steps.
func (e *episode) mean() float64 { return e.pending / e.starts }

// join adds the starts of another episode.
func (e *episode) join(o episode) {
	e.starts += o.starts
	e.pending += o.pending
}

// add adds a step, in which rise more replicas were asked for than in the one before, and
// pending are not ready; NaN = unknown.
func (e *episode) add(rise, pending float64) {
	e.spoilt = e.spoilt || math.IsNaN(rise+pending)
	e.withdrawn = e.withdrawn || rise < 0 && e.steps > 0
	e.starts += max(rise, 0)
	if pending > 0 {
		e.pending += pending
		e.steps++
		e.spoilt = e.spoilt || e.starts == 0 // one was lost
	}
}
