package live

import (
	"time"

	"github.com/forescale/forescale/scaler"
)

// requested are the counts that answers asked for lately, for a service whose ready
// replicas nobody reports. Whoever acts on the answers has the replicas ready one lead time
// later. It is a sliding minimum: a count that was asked for throughout a lead time is
// ready, while any other may be gone again, or not there yet.
type requested struct {
	since, last time.Time // of the counts that followed each other without a gap
	least       []countAt // ascending: each is the least from its instant on
}

// requestedGap is how long a silence may be that does not end what was requested.
const requestedGap = time.Minute

// note remembers that count is asked for at now.
func (r *requested) note(now time.Time, count int32) {
	if now.Sub(r.last) > requestedGap {
		r.since, r.least = now, r.least[:0]
	}
	r.last = now
	n := len(r.least)
	at := now
	for n > 0 && r.least[n-1].ready >= count {
		n--
		at = r.least[n].at
	}
	r.least = append(r.least[:n], countAt{at, count})
}

// ready returns the least count that was asked for within the last lead time; −1 while
// counts were not requested for as long.
func (r *requested) ready(now time.Time, lead time.Duration) int32 {
	from := now.Add(-lead)
	if len(r.least) == 0 || r.since.After(from) || now.Sub(r.last) > requestedGap {
		return -1
	}
	drop := 0 // the count of one holds until the next is asked for
	for drop+1 < len(r.least) && !r.least[drop+1].at.After(from) {
		drop++
	}
	r.least = append(r.least[:0], r.least[drop:]...)
	return r.least[0].ready
}

// noteRequest remembers the count that value asks for, within the bounds of the spec.
func (e *entry) noteRequest(now time.Time, value, target float64) {
	if e.scaled || e.spec.Metric.ReplicasQuery != "" || !(e.spec.Forecast.ViolationTarget > 0) || !(value >= 0) {
		return
	}
	count := scaler.Replicas(value, target)
	if least := e.spec.Scale.MinReplicas; least != nil {
		count = max(count, *least)
	}
	if most := e.spec.Scale.MaxReplicas; most > 0 {
		count = min(count, most)
	}
	e.requested.note(now, count)
}
