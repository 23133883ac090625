package hpa

import "time"

// A recommendation is a proposal before any rule shaped it.
type recommendation struct {
	at    time.Time
	count int32
}

// An event is a change of spec.replicas by the controller in one direction.
type event struct {
	at       time.Time
	change   int32 // > 0
	outdated bool  // its slot may be reused, but it counts until then
}

// stabilize returns the highest recommendation of the window, its old end
// included, and records want.
//
// Source: stabilizeRecommendation.
func (a *Autoscaler) stabilize(now time.Time, want int32) int32 {
	highest, old := want, -1
	cutoff := now.Add(-a.window)
	for i, r := range a.recommendations {
		if r.at.Before(cutoff) {
			old = i
		} else {
			highest = max(highest, r.count)
		}
	}
	a.record(old, recommendation{now, want})
	return highest
}

// stabilizeBoth moves current no further than the lowest recommendation of the
// window for growth and the highest of the one for shrinking, old ends excluded,
// and records want.
//
// Source: stabilizeRecommendationWithBehaviors.
func (a *Autoscaler) stabilizeBoth(now time.Time, current, want int32) int32 {
	up, down, old := want, want, -1
	upCutoff := now.Add(-a.behavior.up.window)
	downCutoff := now.Add(-a.behavior.down.window)
	for i, r := range a.recommendations {
		if r.at.After(upCutoff) {
			up = min(up, r.count)
		}
		if r.at.After(downCutoff) {
			down = max(down, r.count)
		}
		if r.at.Before(upCutoff) && r.at.Before(downCutoff) {
			old = i
		}
	}
	a.record(old, recommendation{now, want})
	return min(max(current, up), down)
}

// record puts r into the slot of an old recommendation, or behind the others.
func (a *Autoscaler) record(old int, r recommendation) {
	if old >= 0 {
		a.recommendations[old] = r
		return
	}
	a.recommendations = append(a.recommendations, r)
}

// store puts e into the slot of the last event that is older than the longest
// period, or behind the others.
//
// The events of one direction also count for the policies of the other, which
// may look back further: there, reuse of a slot loses an event that would still
// count. The controller does so, hence the port.
//
// Source: storeScaleEvent, markScaleEventsOutdated.
func store(events []event, e event, longest time.Duration) []event {
	old, cutoff := -1, e.at.Add(-longest)
	for i := range events {
		if events[i].at.Before(cutoff) {
			events[i].outdated = true
		}
		if events[i].outdated {
			old = i
		}
	}
	if old >= 0 {
		events[old] = e
		return events
	}
	return append(events, e)
}

// startOf returns the replicas at the start of the period that ends now, as far
// as the events tell.
func (a *Autoscaler) startOf(now time.Time, period time.Duration, current int32) int32 {
	return current - changes(a.ups, now.Add(-period)) + changes(a.downs, now.Add(-period))
}

// changes sums the changes after cutoff.
func changes(events []event, cutoff time.Time) int32 {
	var n int32
	for _, e := range events {
		if e.at.After(cutoff) {
			n += e.change
		}
	}
	return n
}
