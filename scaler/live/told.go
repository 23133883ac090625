package live

import (
	"math"
	"time"
)

// told are the counts that answers asked for of late, for a service whose replicas
// nobody reports: whoever acts on the answers has them ready one lead time later. It
// is a sliding minimum: a count that was asked for all the time is ready, one that was
// not may be gone again, or not there yet.
type told struct {
	since, last time.Time // of the counts that followed each other without a gap
	least       []countAt // ascending: each is the least from its instant on
}

// toldGap is how long a silence may be that does not end what was told.
const toldGap = time.Minute

// note remembers that count is asked for at now.
func (t *told) note(now time.Time, count int32) {
	if now.Sub(t.last) > toldGap {
		t.since, t.least = now, t.least[:0]
	}
	t.last = now
	n := len(t.least)
	at := now
	for n > 0 && t.least[n-1].ready >= count {
		n--
		at = t.least[n].at
	}
	t.least = append(t.least[:n], countAt{at, count})
}

// ready returns the least count that was asked for within the last lead time; −1 while
// counts were not told for as long.
func (t *told) ready(now time.Time, lead time.Duration) int32 {
	from := now.Add(-lead)
	if len(t.least) == 0 || t.since.After(from) || now.Sub(t.last) > toldGap {
		return -1
	}
	drop := 0 // the count of one holds until the next is asked for
	for drop+1 < len(t.least) && !t.least[drop+1].at.After(from) {
		drop++
	}
	t.least = append(t.least[:0], t.least[drop:]...)
	return t.least[0].ready
}

// tell remembers the count that value asks for, within the bounds of the spec.
func (e *entry) tell(now time.Time, value, target float64) {
	if e.scaled || e.spec.Metric.ReplicasQuery != "" || !(e.spec.Forecast.ViolationTarget > 0) || !(value >= 0) {
		return
	}
	count := math.Ceil(value/target - 1e-9)
	if least := e.spec.Scale.MinReplicas; least != nil {
		count = max(count, float64(*least))
	}
	if most := e.spec.Scale.MaxReplicas; most > 0 {
		count = min(count, float64(most))
	}
	e.told.note(now, int32(min(count, math.MaxInt32)))
}
