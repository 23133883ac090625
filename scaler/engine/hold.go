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

// A hold delays the way down of an answer by the rules by which a floor of ours comes
// down; see package scaler, BreakEvenHold. It remembers less than scaler.State, and works
// where the number of replicas is unknown. The zero hold is ready.
type hold struct {
	slot  int64            // of the newest entry of asked
	asked [holdSlots]int32 // the most replicas asked for, by slot modulo their count
	count int32            // held at the last call
}

// take takes the count n asked for at now, which must not go back, and returns the count
// to hold: the most that was asked for within large, or, where that is only a small step
// below the last result, within small. Both spans are bounded by what is remembered. After
// a silence the last result counts as asked for throughout, so that the way down starts
// anew. An unknown n, −1, is returned as it is.
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
