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

// office lets a calendar of hours learn days of an office that is closed on weekends, from a
// Thursday on, and on the given holiday.
func office(c *Calendar, days, holiday int) {
	at := func(i int) float64 {
		switch d := i / 24; {
		case i < 0:
			return math.NaN()
		case (d+3)%7 > 4 || d == holiday || i%24 < 8 || i%24 > 18:
			return 0.1 + 0.01*float64(i%3)
		default:
			return 2 + 0.1*float64(i%5)
		}
	}
	for i := range days * 24 {
		a := Around{Day: at(i - 24), Week: at(i - 168), Eve: at(i - 192)}
		c.Learn(&Then{At: i, Day: a.Day, Week: a.Week, Context: Context{Before: a, After: a}}, at(i))
	}
}

// A holiday on the first day that knows a week ago is a surprise, not what is usual: the next
// day is still believed to be like a week ago, and so is the weekend; a week later the holiday
// is not expected again.
func TestAHolidayIsASurprise(t *testing.T) {
	c := New(24, 168)
	office(c, 8, 7)
	require.Less(t, math.Sqrt(c.square), 0.2)
	noon := 7*24 + 12
	require.Equal(t, uint64(1), c.strange[noon%168/64]>>(noon%168%64)&1)

	office(New(24, 168), 4, 7) // less than a week: nothing is known, and nothing fails
	c = New(24, 168)
	office(c, 16, 7)
	weekend := Around{Day: 2, Week: 0.1, Eve: 2}
	_, ok := c.Claim(&Then{At: 16*24 + 12, Day: 2, Week: 0.1, Context: Context{Before: weekend, After: weekend}})
	require.True(t, ok)
}

// What surprised a week ago is not foreseen again as long as that is likelier, if only by a
// little: the experts that know a week would.
func TestAnEchoIsDoubted(t *testing.T) {
	c := New(24, 168)
	c.strange[0] = 1 << 7
	night := Around{Day: 0.1, Week: 4, Eve: 0.1}
	then := &Then{At: 168 + 7, Day: 0.1, Week: 4, Context: Context{Before: night, After: night}}
	c.count(echo+1, 1.3, 1)
	require.InDelta(t, (12*0.35+1.3)/13.3, c.likely(echo+1, 0.1, 4), 1e-12)
	share, ok := c.Claim(then)
	require.True(t, ok)
	require.Less(t, share, 0.5)
	c.count(echo+1, 4, 1) // once more, and another time
	_, ok = c.Claim(then)
	require.False(t, ok)
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

// What counts is who was nearer, on whatever side of the truth, and only by how far.
func TestTrustGoesToWhoWasNearer(t *testing.T) {
	believed := func(claim, others, truth float64) float64 {
		var tr Trust
		for range 48 {
			tr.Learn(claim, others, truth, 1)
		}
		return tr.Of(claim, others, 1, 2)
	}
	require.Greater(t, believed(3, 1, 3), 0.9)
	require.Greater(t, believed(3, 1, 5), 0.9, "beyond both")
	require.Less(t, believed(3, 1, 1), 0.1)
	require.Less(t, believed(3, 1, 0), 0.1)
	require.InDelta(t, 0.5, believed(3, 1, 2), 1e-9, "half way")
	require.InDelta(t, believed(3, 1, 3), believed(1, 3, 1), 1e-9, "up or down")
}

// Half-hours whose clocks go back just when the first week is over: the hour that comes twice
// has a week before it at first, and then none.
func TestTheSecondWeekMayBeginTwice(t *testing.T) {
	c := New(48, 336)
	for at := range 336 - 48 {
		c.Learn(&Then{At: at + 48, Day: 1, Week: math.NaN()}, 1.1)
	}
	c.Learn(&Then{At: 336, Day: 1, Week: 1}, 1)
	begun := *c
	c.Learn(&Then{At: 337, Day: 1, Week: math.NaN()}, 9)
	require.Equal(t, begun, *c, "nothing is learned")
	c.Learn(&Then{At: 338, Day: 1, Week: 1}, 1)
	require.Equal(t, begun.seen+1, c.seen)
}
