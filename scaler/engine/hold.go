package engine

import (
	"time"

	"github.com/forescale/forescale/scaler"
)

const (
	holdSlot  = 15 * time.Second // between two syncs of the HPA behind the answer
	holdSlots = 40               // remembered: ten minutes
	holdGap   = 4                // slots without an answer from which on it was silent
)

// A hold is the way down of an answer, by the rules that a floor of ours comes down
// by: see package scaler, BreakEvenHold. It remembers less, so that an answer can be
// held where nobody tells how many replicas there are. The zero hold is ready.
type hold struct {
	slot  int64            // of the newest entry of asked
	asked [holdSlots]int32 // the most replicas asked for, by slot modulo their count
	count int32            // held at the last call
}

// take takes the replicas that are asked for at now, which may not go back, and
// returns those that are held: what was asked for within large, and, where that is
// a small step below the last ones, within small. Both are bounded by what is
// remembered. In a silence the last count counts as asked for, so that the way down
// starts anew after it. Unknown, −1, stays unknown.
func (h *hold) take(now time.Time, n int32, large, small time.Duration) int32 {
	if n < 0 {
		return n
	}
	slot := now.UnixNano() / int64(holdSlot)
	between := n
	if slot-h.slot > holdGap {
		between = h.count
	}
	for h.slot = max(h.slot, slot-holdSlots); h.slot < slot; h.slot++ {
		h.asked[(h.slot+1)%holdSlots] = between
	}
	h.asked[slot%holdSlots] = max(h.asked[slot%holdSlots], n)
	highest := h.highest(large)
	if highest < h.count && h.count-highest <= scaler.SmallStep(h.count) {
		highest = min(h.count, h.highest(small))
	}
	h.count = highest
	return highest
}

// highest returns the most that was asked for within the given time.
func (h *hold) highest(within time.Duration) (n int32) {
	for i := range min(int64(max(within, 0)/holdSlot)+1, holdSlots) {
		n = max(n, h.asked[(h.slot-i)%holdSlots])
	}
	return n
}
