package burst_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/burst"
)

const (
	day      = 24 * time.Hour
	fullWeek = 7 * day
)

// rises returns rises at the given times after start, each to twice the demand.
func rises(start time.Time, at ...time.Duration) []burst.Rise {
	out := make([]burst.Rise, len(at))
	for i, d := range at {
		out[i] = burst.Rise{At: start.Add(d), Height: 2}
	}
	return out
}

func TestAWeeklyRiseIsToldFromChance(t *testing.T) {
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	const tuesday = day + 10*time.Hour
	rng := rand.New(rand.NewPCG(1, 1))
	var busy []time.Duration // and one of them a week after another, as some are if there are many
	for at := time.Duration(0); at < 2*fullWeek; at += time.Duration(float64(2*time.Hour) * rng.ExpFloat64()) {
		busy = append(busy, at)
	}
	for name, tt := range map[string]struct {
		at   []time.Duration
		step time.Duration
		want int
	}{
		"the end of two weekends":              {[]time.Duration{0, fullWeek}, time.Minute, 1},
		"two minutes later":                    {[]time.Duration{tuesday, fullWeek + tuesday + 2*time.Minute}, time.Minute, 1},
		"ten minutes later":                    {[]time.Duration{tuesday, fullWeek + tuesday + 10*time.Minute}, time.Minute, 0},
		"ten minutes later in cells of five":   {[]time.Duration{tuesday, fullWeek + tuesday + 10*time.Minute}, 5 * time.Minute, 1},
		"once":                                 {[]time.Duration{fullWeek + tuesday}, time.Minute, 0},
		"not in the last week":                 {[]time.Duration{tuesday}, time.Minute, 0},
		"in cells of an hour, known to days":   {[]time.Duration{tuesday, fullWeek + tuesday}, time.Hour, 0},
		"two a week":                           {[]time.Duration{0, tuesday, fullWeek, fullWeek + tuesday}, time.Minute, 2},
		"many at any time, some of them twice": {busy, time.Minute, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var d burst.Detector
			d.ExpectWeekly(rises(start, tt.at...), start.Add(2*fullWeek), tt.step)
			require.Len(t, d.Weekly, tt.want)
		})
	}
}

// A weekly rise is provided for from a lead time before it until minutes after it, at the largest
// of its past heights; no longer once it has come.
func TestAWeeklyRiseIsDue(t *testing.T) {
	start := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	due := start.Add(2*fullWeek + 10*time.Hour)
	d := &burst.Detector{}
	now := due.Add(-time.Hour)
	for ; now.Before(due.Add(-10 * time.Minute)); now = now.Add(15 * time.Second) {
		d.Update(now, 100, 100)
	}
	past := &burst.Detector{}
	past.ExpectWeekly([]burst.Rise{{At: due.Add(-2 * fullWeek), Height: 3, Top: 240}, {At: due.Add(-fullWeek), Height: 2.5, Top: 250}}, due.Add(-time.Hour), time.Minute)
	d.Remember(past)

	for after, want := range map[time.Duration]float64{
		-4 * time.Minute: 0, // two minutes ahead, and the one by which cells show it late
		-3 * time.Minute: 300,
		0:                300,
		2 * time.Minute:  300,
		4 * time.Minute:  0, // it does not come
	} {
		require.InDelta(t, want, d.Due(due.Add(after), 2*time.Minute), 1, after)
	}

	for ; now.Before(due); now = now.Add(15 * time.Second) {
		d.Update(now, 100, 100)
	}
	require.True(t, d.Update(due, 250, 100))
	require.Zero(t, d.Due(due, 2*time.Minute), "it is a burst like any other")
	for ; d.Lasts(); now = now.Add(15 * time.Second) {
		d.Update(now, 100, 100)
	}
	require.Zero(t, d.Due(now, 2*time.Minute), "and over")
}

// The end of a weekend is the same hour of the wall clock before and after a change of the
// clocks: the rise of the week before is found again, and the next one is due.
func TestAWeeklyRiseFollowsTheWallClock(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for name, monday := range map[string]time.Time{ // the first one after the change
		"forward": time.Date(2026, 3, 30, 9, 0, 0, 0, berlin),
		"back":    time.Date(2026, 10, 26, 9, 0, 0, 0, berlin),
	} {
		for weeks := range 3 { // the change comes after the second rise, between both, or before the first
			due := monday.AddDate(0, 0, 7*weeks)
			seen := []burst.Rise{
				{At: due.AddDate(0, 0, -14), Height: 3, Top: 300}, {At: due.AddDate(0, 0, -7), Height: 3, Top: 300},
			}
			for _, zone := range []*time.Location{berlin, nil} {
				past, d := &burst.Detector{Zone: zone}, &burst.Detector{Zone: zone}
				past.ExpectWeekly(seen, due.Add(-time.Hour), time.Minute)
				for now := due.Add(-time.Hour); now.Before(due); now = now.Add(15 * time.Second) {
					d.Update(now, 100, 100)
				}
				d.Remember(past)
				want := 300.0
				if zone == nil && weeks < 2 {
					want = 0 // UTC is an hour off for two weeks
				}
				require.InDelta(t, want, d.Due(due.Add(-time.Minute), 2*time.Minute), 1, "%s, week %d, %v", name, weeks, zone)
			}
		}
	}
}

// The rise from a demand near zero can be any factor, which says nothing of a level that has grown
// since.
func TestAWeeklyRiseIsBoundedByTheDemandsItReached(t *testing.T) {
	due := time.Date(2026, 3, 16, 10, 0, 0, 0, time.UTC)
	d := &burst.Detector{}
	for now := due.Add(-time.Hour); now.Before(due); now = now.Add(15 * time.Second) {
		d.Update(now, 5, 5)
	}
	past := &burst.Detector{}
	past.ExpectWeekly([]burst.Rise{{At: due.Add(-2 * fullWeek), Height: 200, Top: 10}, {At: due.Add(-fullWeek), Height: 400, Top: 8}}, due.Add(-time.Hour), time.Minute)
	d.Remember(past)
	require.InDelta(t, 20, d.Due(due, time.Minute), 1e-9, "twice of ten, not 400 times 5")
}

func TestTheHeightOfARise(t *testing.T) {
	at := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		values []float64
		want   float64
	}{
		"a step":                       {[]float64{100, 100, 100, 250, 250, 250}, 2.5},
		"a minute in which it is half": {[]float64{100, 100, 100, 175, 250, 240}, 2.5},
		"from nothing":                 {[]float64{0, 0, 0, 250, 250, 250}, 0},
		"too near the end to be known": {[]float64{100, 100, 100, 250, 250}, 0},
		"too near the start":           {[]float64{100, 250, 250, 250}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			i := 3
			if len(tt.values) == 4 {
				i = 1
			}
			require.InDelta(t, tt.want, burst.RiseAt(tt.values, i, at).Height, 1e-9)
		})
	}
}
