package calendar

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKindsOfDays(t *testing.T) {
	then := func(day, week, eve float64, at int) *Then {
		a := Around{Day: day, Week: week, Eve: eve}
		return &Then{At: at, Day: day, Week: week, Context: Context{Before: a, After: a}}
	}
	nan := math.NaN()
	c := New(24, 168)
	c.square, c.strange[0] = 0.01, 1<<7
	for name, k := range map[string]struct {
		day, week, eve float64
		at             int
		want           kind
	}{
		"closed, as a week ago":             {1, 0, 1, 0, same},
		"open again":                        {0, 1, 0, 0, same + 1},
		"after a day that was not the same": {0, 1, 1, 0, other + 1},
		"nothing is known of the eve":       {1, 0, nan, 0, other},
		"a surprise, a week ago":            {1, 0, 1, 168 + 7, echo},
		"within three errors of 0.1":        {1, 0.72, 1, 0, none},
		"less than three tenths apart":      {2, 1.45, 2, 0, none},
		"no week yet":                       {1, nan, 1, 0, none},
	} {
		require.Equal(t, k.want, c.kind(then(k.day, k.week, k.eve, k.at)), name)
	}
	edge := then(1, 1, 1, 0)
	edge.Week = 0
	require.Equal(t, none, c.kind(edge), "one sample is no day")
	edge.After.Week = 0
	require.Equal(t, same, c.kind(edge), "the first hour of a closed day")

	require.InDelta(t, 0.95, c.likely(same, 1, 0), 1e-12)
	require.InDelta(t, 0.725, c.likely(same, 1, 0.5), 1e-12)
	require.InDelta(t, 0.5, c.likely(other, 1, 0), 1e-12)
	c.count(same, 12, 1)
	require.InDelta(t, 0.975, c.likely(same, 1, 0), 1e-12, "half of 24 hours by hunch, half by a closed day that was foreseen")
	require.InDelta(t, 0.75, c.likely(other, 1, 0), 1e-12, "by what the other cases were")
	c.Rescale(0.5)
	require.InDelta(t, (12*0.95+6)/18, c.likely(same, 1, 0), 1e-12)
}

// A Saturday is foreseen to be closed, and is open: from its first hours on nobody says any
// more that it will be closed, whatever the quiet hours between, but that Monday will be open.
func TestAContradictionMayBeRefuted(t *testing.T) {
	c := New(24, 168)
	at := func(day, week float64) *Then {
		a := Around{Day: day, Week: week, Eve: day}
		return &Then{Day: day, Week: week, Context: Context{Before: a, After: a}}
	}
	claims := func(s *Then) bool {
		_, ok := c.Claim(s)
		return ok
	}
	require.True(t, claims(at(1, 0)))
	c.Learn(at(1, 0), 1)
	require.False(t, claims(at(1, 0)))
	c.Learn(at(0.5, 0.5), 0.5)
	require.False(t, claims(at(1, 0)))
	for range 20 {
		c.Learn(at(0.5, 0.5), 0.5)
	}
	require.True(t, claims(at(0, 1)))
	for range 200 { // hours in which the week is right
		c.Learn(at(1, 0), 0)
	}
	require.True(t, claims(at(1, 0)), "a later one is judged by itself")
}

// A claim counts for more the farther away it is, and by how claims have done.
func TestTrust(t *testing.T) {
	var tr Trust
	require.InDelta(t, 0.5, tr.Of(1, 0, 1, 2), 1e-12, "two hours ahead the present knows as much")
	require.Greater(t, tr.Of(1, 0, 1, 12), 0.95)
	require.Zero(t, tr.Of(1, 1, 1, 12), "nothing is claimed")
	for range 24 {
		tr.Learn(1, 0, 0, 1)
	}
	require.Less(t, tr.Of(1, 0, 1, 12), 0.1)
	for range 100 {
		tr.Learn(1, 0, 1, 1)
	}
	require.Greater(t, tr.Of(1, 0, 1, 1), 0.8)
}
