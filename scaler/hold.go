package scaler

import "time"

const (
	holdSlot  = 15 * time.Second // between two syncs of the HPA behind the answer
	holdSlots = 40               // remembered: ten minutes
	holdGap   = 4                // slots without an answer that count as silence
	lastSlot  = 613_000_000      // in 2261; later times overflow int64 nanoseconds
)

// A Hold delays the scale-down of an answer by the rule that delays that of a floor,
// [BreakEvenHold]. It remembers less than a [State], and works where the number of replicas is
// unknown. It is a plain value, and its fields are its whole memory, for records. The zero
// Hold is ready.
type Hold struct {
	Slot  int64            `json:"slot"`  // of the newest entry of Asked
	Asked [holdSlots]int32 `json:"asked"` // the most replicas asked for, by slot modulo their count
	Count int32            `json:"count"` // held at the last call
}

// take records that n replicas are asked for at now, which must not go back, and returns the
// count to hold: the highest count of the last large or, if that is only a small step below the
// last result, of the last small. Both spans are bounded by what is remembered. After a silence
// the last result counts as asked for throughout, so that the hold begins anew. An unknown n,
// −1, is returned as it is.
func (h *Hold) take(now time.Time, n int32, large, small time.Duration) int32 {
	if n < 0 {
		return n
	}
	slot := now.UnixNano() / int64(holdSlot)
	between := n
	if slot-h.Slot > holdGap {
		between = h.Count
	}
	for h.Slot = max(h.Slot, slot-holdSlots); h.Slot < slot; h.Slot++ {
		h.Asked[(h.Slot+1)%holdSlots] = between
	}
	h.Asked[slot%holdSlots] = max(h.Asked[slot%holdSlots], n)
	highest := h.highest(large)
	if highest < h.Count && h.Count-highest <= SmallStep(h.Count) {
		highest = min(h.Count, h.highest(small))
	}
	h.Count = highest
	return highest
}

// highest returns the most that was asked for within the given time.
func (h *Hold) highest(within time.Duration) (n int32) {
	for i := range min(int64(max(within, 0)/holdSlot)+1, holdSlots) {
		n = max(n, h.Asked[(h.Slot-i)%holdSlots])
	}
	return n
}
