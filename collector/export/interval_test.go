package export_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/collector/export"
)

// Where rows keep no interval the one taken is a guess, which a note says; around a clear
// one, jitter is none.
func TestRowsThatKeepNoIntervalAreToldOf(t *testing.T) {
	read := func(at func(i int) int) (time.Duration, string) {
		var b strings.Builder
		b.WriteString("timestamp,value\n")
		for i := range 600 {
			fmt.Fprintf(&b, "%d,1\n", 1_772_366_400+at(i))
		}
		d, err := export.Decode(t.Context(), strings.NewReader(b.String()), export.Options{})
		require.NoError(t, err)
		return d.Rate.Step, strings.Join(d.Notes, "\n")
	}
	events := 0
	_, notes := read(func(i int) int { events += 1 + i*37%120; return events })
	require.Contains(t, notes, "the rows keep no interval: half of them are within")
	for _, spread := range []int{3, 41} {
		step, notes := read(func(i int) int { return 60*i + i*i*7%spread })
		require.Equal(t, time.Minute, step)
		require.NotContains(t, notes, "the rows keep no interval")
	}
}

// Rows that are polled by the hour, each a little early or late, have cells of an hour: with cells
// of an hour and six seconds no hour of a day would come back a day later. The first row is
// no more on time than others.
func TestTheHourBehindJitterIsSeen(t *testing.T) {
	const hours = 400
	for _, spread := range []int{120, 600, 1800} { // seconds from the earliest to the latest
		for first := range 7 {
			var b strings.Builder
			b.WriteString("timestamp,value\n")
			for i := range hours {
				fmt.Fprintf(&b, "%d,%d\n", 1_772_366_400+3600*i+(first+i)*(first+i)*131%spread-spread/2, i)
			}
			d, err := export.Decode(t.Context(), strings.NewReader(b.String()), export.Options{})
			require.NoError(t, err)
			require.Equal(t, time.Hour, d.Rate.Step)
			require.Equal(t, int64(1_772_366_400), d.Rate.Start.Unix(), "spread over %d s from row %d on", spread, first)
			require.Equal(t, hours, d.Rate.Observed())
			require.InDelta(t, 117, d.Rate.Values[117], 0)
		}
	}
}

// How far rows that jitter stand after their borders on average is chance, unless it is much.
func TestAFewSecondsAfterTheHourAreNotTold(t *testing.T) {
	for after, told := range map[int]bool{10: false, 900: true} {
		var b strings.Builder
		b.WriteString("timestamp,value\n")
		for i := range 400 {
			fmt.Fprintf(&b, "%d,1\n", 1_772_366_400+3600*i+after+i*i*131%120-60)
		}
		d, err := export.Decode(t.Context(), strings.NewReader(b.String()), export.Options{})
		require.NoError(t, err)
		require.Equal(t, time.Hour, d.Rate.Step)
		require.Equal(t, told, strings.Contains(strings.Join(d.Notes, "\n"), "after the borders of their cells"), d.Notes)
	}
}

// A scraper that is late now and then still records every minute.
func TestTheGridBehindJitterIsSeen(t *testing.T) {
	late := []int{0, 3, -4, 7, 0, -9, 5, 2, -6, 8}
	var text strings.Builder
	text.WriteString("timestamp,value\n")
	for i := range 200 {
		fmt.Fprintf(&text, "%d,%d\n", 600+60*i+late[i%len(late)], i)
	}
	d, err := export.Decode(t.Context(), strings.NewReader(text.String()), export.Options{})
	require.NoError(t, err)
	require.Equal(t, time.Minute, d.Rate.Step)
	require.Len(t, d.Rate.Values, 200)
	require.InDelta(t, 117, d.Rate.Values[117], 0)
	require.Equal(t, 200, d.Rate.Observed())
}
