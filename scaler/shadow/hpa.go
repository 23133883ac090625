package shadow

import (
	"math"
	"time"
)

const (
	// Slot is the time between two syncs of an HPA.
	Slot = 15 * time.Second

	// Slots is how many an [HPA] remembers: a hold counts as at most 16 minutes, a
	// start-up as at most eight.
	Slots = 64
)

// Rules say how an [HPA] follows the replicas that demand asks for.
type Rules struct {
	Tolerance float64       // share by which demand may differ from what the count serves before it acts, such as 0.1
	Hold      time.Duration // for which the highest recommendation counts, 0 to 15 min
}

// An HPA is a horizontal pod autoscaler that runs in memory: up at once, down when
// nothing within the hold asked for as much. The zero HPA has not begun. It is not safe for
// concurrent use.
type HPA struct {
	Slot   int64        // of the newest entries, since the epoch
	Asked  [Slots]int32 // replicas that were recommended, by slot modulo their count
	Wanted [Slots]int32 // replicas that it had, ready or starting, likewise
}

// Begin makes n the count of slot and of all before.
func (h *HPA) Begin(slot int64, n int32) {
	for i := range h.Asked {
		h.Asked[i], h.Wanted[i] = n, n
	}
	h.Slot = slot
}

// Sync decides for the slots after the newest up to slot, each on asked: the replicas,
// ≥ 0 and not rounded, that demand asks for. The count lies in [least, most]; most = 0
// is no bound.
func (h *HPA) Sync(slot int64, asked float64, least, most int32, r Rules) {
	for h.Slot < slot {
		now := h.Wanted[h.Slot%Slots]
		n := Replicas(asked, least, most)
		if math.Abs(asked/float64(max(now, 1))-1) <= r.Tolerance {
			n = bounded(now, least, most)
		}
		h.Slot++
		h.Asked[h.Slot%Slots] = n
		for i := int64(1); i < min(int64(r.Hold/Slot), Slots); i++ {
			n = max(n, h.Asked[(h.Slot-i)%Slots])
		}
		h.Wanted[h.Slot%Slots] = bounded(n, least, most)
	}
}

// Count returns the replicas that it has at the newest slot, ready or starting.
func (h *HPA) Count() int32 { return h.Wanted[h.Slot%Slots] }

// Highest returns the most that was recommended within the given time, 0 to 15 min.
func (h *HPA) Highest(within time.Duration) (n int32) {
	for i := range Spanned(within, Slots) {
		n = max(n, h.Asked[(h.Slot-i)%Slots])
	}
	return n
}

// Ready returns the replicas that served in slot, one of the newest 32: those that had
// been there for a start-up by then.
func (h *HPA) Ready(slot int64, startup time.Duration) int32 {
	n := h.Wanted[slot%Slots]
	for i := range Spanned(startup, Slots/2) {
		n = min(n, h.Wanted[(slot-i)%Slots])
	}
	return n
}

// SlotOf returns the number of the slot that t lies in, counted from the epoch.
func SlotOf(t time.Time) int64 { return t.UnixNano() / int64(Slot) }

// Spanned returns how many slots, the newest included, cover the last d, ≥ 0: a replica that was
// there in all of them has been there for d. It is at most most, because no more are remembered.
func Spanned(d time.Duration, most int64) int64 { return min(int64(d/Slot)+1, most) }

func bounded(n, least, most int32) int32 {
	if most > 0 {
		n = min(n, most)
	}
	return max(n, least)
}

// Replicas rounds asked up, except for the noise of floating point, and keeps it within
// [least, most]; most = 0 is no bound.
func Replicas(asked float64, least, most int32) int32 {
	const noise = 1e-9
	return bounded(int32(min(math.Ceil(asked*(1-noise)), math.MaxInt32)), least, most)
}
