package scaler

import (
	"encoding/json"
	"fmt"
	"time"
)

// maxMarks bounds each memory of a State. An HPA that syncs every 15 s makes at
// most 120 changes within the longest policy period, half an hour.
const maxMarks = 120

// A mark is a count at an instant.
type mark struct {
	at    int64 // Unix nanoseconds
	count int32
}

// marks is a short memory of counts, oldest first. It is an array, not a slice,
// so that a State can be copied and never grows.
type marks struct {
	n    int
	list [maxMarks]mark
}

// forget drops the marks before cutoff.
func (m *marks) forget(cutoff int64) {
	i := 0
	for i < m.n && m.list[i].at < cutoff {
		i++
	}
	m.remove(0, i)
}

// remove takes out k marks from index i on.
func (m *marks) remove(i, k int) {
	if k > 0 {
		copy(m.list[i:m.n], m.list[i+k:m.n])
		m.n -= k
	}
}

// push adds a mark, whose time is not before that of the newest. A full memory merges
// its two oldest marks by join, which must err on the side of caution.
func (m *marks) push(at int64, count int32, join func(a, b int32) int32) {
	if m.n == maxMarks {
		m.list[1].count = join(m.list[0].count, m.list[1].count)
		m.remove(0, 1)
	}
	m.list[m.n] = mark{at, count}
	m.n++
}

// pushHigh adds a recommendation to a memory that serves to find the highest
// one: older ones that are not higher can never matter again.
func (m *marks) pushHigh(at int64, count int32) {
	for m.n > 0 && m.list[m.n-1].count <= count {
		m.n--
	}
	m.push(at, count, higher)
}

// pushLow does the same for the lowest one.
func (m *marks) pushLow(at int64, count int32) {
	for m.n > 0 && m.list[m.n-1].count >= count {
		m.n--
	}
	m.push(at, count, lower)
}

// pushChange adds a change of the count.
func (m *marks) pushChange(at int64, change int32) {
	m.push(at, change, sum)
}

func higher(a, b int32) int32 { return max(a, b) }
func lower(a, b int32) int32  { return min(a, b) }
func sum(a, b int32) int32    { return saturate(float64(a) + float64(b)) }

// first returns the oldest count after cutoff, which in a memory of highs is
// the highest, and in one of lows the lowest; or fallback if there is none.
func (m *marks) first(cutoff int64, fallback int32) int32 {
	for i := range m.n {
		if m.list[i].at > cutoff {
			return m.list[i].count
		}
	}
	return fallback
}

// total sums the changes after cutoff.
func (m *marks) total(cutoff int64) float64 {
	t := 0.0
	for i := range m.n {
		if m.list[i].at > cutoff {
			t += float64(m.list[i].count)
		}
	}
	return t
}

type markJSON struct {
	At    time.Time `json:"at"`
	Count int32     `json:"replicas"`
}

// MarshalJSON implements json.Marshaler.
func (m marks) MarshalJSON() ([]byte, error) {
	out := make([]markJSON, m.n)
	for i := range out {
		out[i] = markJSON{time.Unix(0, m.list[i].at).UTC(), m.list[i].count}
	}
	return json.Marshal(out)
}

// UnmarshalJSON implements json.Unmarshaler.
func (m *marks) UnmarshalJSON(text []byte) error {
	var in []markJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	if len(in) > maxMarks {
		return fmt.Errorf("scaler: %d marks in a memory of %d", len(in), maxMarks)
	}
	*m = marks{n: len(in)}
	for i, j := range in {
		m.list[i] = mark{j.At.UnixNano(), j.Count}
	}
	return nil
}
