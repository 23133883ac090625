package event

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/forecasttest"
)

func utc(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func berlin(t *testing.T) *time.Location {
	t.Helper()
	l, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zone database:", err)
	}
	return l
}

func TestCheckNamesTheFault(t *testing.T) {
	good := Event{Name: "sale", Start: utc("2024-05-06T09:00:00Z"), Duration: time.Hour, Multiplier: 2}
	require.NoError(t, good.Check())
	for want, change := range map[string]func(*Event){
		"name is empty":               func(e *Event) { e.Name = "" },
		"start is missing":            func(e *Event) { e.Start = time.Time{} },
		"duration is 0s":              func(e *Event) { e.Duration = 0 },
		"every is 30m, want at least": func(e *Event) { e.Every = 30 * time.Minute },
		"every is -1h,":               func(e *Event) { e.Every = -time.Hour },
		"both every and weekdays":     func(e *Event) { e.Every, e.Weekdays = 24*time.Hour, []time.Weekday{1} },
		"duration is 1d1h,":           func(e *Event) { e.Duration, e.Weekdays = 25*time.Hour, []time.Weekday{1} },
		"weekday is 7":                func(e *Event) { e.Weekdays = []time.Weekday{7} },
		"multiplier is -1":            func(e *Event) { e.Multiplier = -1 },
		"multiplier is NaN":           func(e *Event) { e.Multiplier = math.NaN() },
		"addition is +Inf":            func(e *Event) { e.Add = math.Inf(1) },
		"learn is given with":         func(e *Event) { e.Learn = true },
		"no effect":                   func(e *Event) { e.Multiplier = 0 },
	} {
		bad := good
		change(&bad)
		require.ErrorContains(t, bad.Check(), want)
		_, err := NewCalendar([]Event{good, bad})
		require.ErrorContains(t, err, want)
	}
}

func TestShare(t *testing.T) {
	local := berlin(t)
	once := Event{Start: utc("2024-05-06T09:15:00Z"), Duration: 30 * time.Minute}
	hourly := once
	hourly.Every = time.Hour
	daily := Event{Start: utc("2024-03-29T08:00:00Z"), Duration: time.Hour, Every: 24 * time.Hour, Location: local} // 9:00 in Berlin, in winter
	utcDaily := daily
	utcDaily.Location = nil
	night := Event{Start: utc("2024-05-06T23:00:00Z"), Duration: 2 * time.Hour, Weekdays: []time.Weekday{time.Monday, time.Friday}}
	third := Event{Start: utc("2024-05-06T23:00:00Z"), Duration: 2 * time.Hour, Every: 72 * time.Hour}
	for name, c := range map[string]struct {
		e    Event
		from string
		span time.Duration
		want float64
	}{
		"half of the hour":                     {once, "2024-05-06T09:00:00Z", time.Hour, 0.5},
		"all of the minute":                    {once, "2024-05-06T09:20:00Z", time.Minute, 1},
		"its end does not belong to it":        {once, "2024-05-06T09:45:00Z", time.Minute, 0},
		"before":                               {once, "2024-05-06T09:14:00Z", time.Minute, 0},
		"once is once":                         {once, "2024-05-07T09:15:00Z", time.Minute, 0},
		"each hour":                            {hourly, "2024-05-08T03:40:00Z", 10 * time.Minute, 0.5},
		"several in a long cell":               {hourly, "2024-05-08T03:00:00Z", 4 * time.Hour, 0.5},
		"not before its start":                 {hourly, "2024-05-06T08:15:00Z", time.Minute, 0},
		"nine in Berlin before the clocks":     {daily, "2024-03-30T08:00:00Z", time.Hour, 1},
		"nine in Berlin after the clocks":      {daily, "2024-03-31T07:00:00Z", time.Hour, 1},
		"not ten in Berlin after the clocks":   {daily, "2024-03-31T08:00:00Z", time.Hour, 0},
		"eight UTC whatever the clocks":        {utcDaily, "2024-03-31T08:00:00Z", time.Hour, 1},
		"Monday":                               {night, "2024-05-13T23:30:00Z", time.Minute, 1},
		"Monday's night reaches into Tuesday":  {night, "2024-05-14T00:59:00Z", time.Minute, 1},
		"Friday too":                           {night, "2024-05-10T23:00:00Z", 4 * time.Hour, 0.5},
		"Wednesday not":                        {night, "2024-05-08T23:30:00Z", time.Minute, 0},
		"every third day":                      {third, "2024-05-09T23:00:00Z", time.Hour, 1},
		"not the second":                       {third, "2024-05-08T23:00:00Z", time.Hour, 0},
		"every third day, after midnight":      {third, "2024-05-13T00:30:00Z", time.Hour, 0.5},
		"the first occurrence of the weekdays": {night, "2024-05-06T22:30:00Z", time.Hour, 0.5},
	} {
		from := utc(c.from)
		require.InDeltaf(t, c.want, c.e.Share(from, from.Add(c.span)), 1e-12, name)
	}
}

// flat is a forecast of the values 10 and 12 with peaks a fifth above.
func flat(start time.Time, step time.Duration, n int) *forecast.Forecast {
	f := forecast.New(n, 0.5, 0.9)
	f.Start, f.Step = start, step
	for h := range f.Values {
		f.Values[h][0], f.Values[h][1] = 10, 12
		f.Peaks[h][0], f.Peaks[h][1] = 12, 14.4
	}
	return f
}

func TestApply(t *testing.T) {
	start := utc("2024-05-06T09:00:00Z")
	for name, c := range map[string]struct {
		events []Event
		values []float64 // of the median
		peaks  []float64
	}{
		"none":                     {nil, []float64{10, 10, 10, 10}, []float64{12, 12, 12, 12}},
		"twice in the second hour": {[]Event{{Name: "a", Start: start.Add(time.Hour), Duration: time.Hour, Multiplier: 2}}, []float64{10, 20, 10, 10}, []float64{12, 24, 24, 24}},
		"half of that hour":        {[]Event{{Name: "a", Start: start.Add(90 * time.Minute), Duration: 30 * time.Minute, Multiplier: 2}}, []float64{10, 15, 10, 10}, []float64{12, 18, 18, 18}},
		"five more":                {[]Event{{Name: "a", Start: start, Duration: 24 * time.Hour, Add: 5}}, []float64{15, 15, 15, 15}, []float64{18, 18, 18, 18}},
		"closed":                   {[]Event{{Name: "a", Start: start, Duration: 2 * time.Hour, Add: -50}}, []float64{0, 0, 10, 10}, []float64{0, 0, 12, 12}},
		"less all the time":        {[]Event{{Name: "a", Start: start.Add(-time.Hour), Duration: 24 * time.Hour, Multiplier: 0.5}}, []float64{5, 5, 5, 5}, []float64{6, 6, 6, 6}},
		"one after the other": {[]Event{
			{Name: "a", Start: start, Duration: time.Hour, Multiplier: 2, Add: 1},
			{Name: "b", Start: start, Duration: time.Hour, Multiplier: 3},
		}, []float64{63, 10, 10, 10}, []float64{75.6, 75.6, 75.6, 75.6}},
	} {
		cal, err := NewCalendar(c.events)
		require.NoError(t, err)
		f := flat(start, time.Hour, 4)
		cal.Apply(f)
		forecasttest.Sane(t, f)
		for h := range c.values {
			require.InDeltaf(t, c.values[h], f.Values[h][0], 1e-9, "%s: value %d", name, h)
			require.InDeltaf(t, c.peaks[h], f.Peaks[h][0], 1e-9, "%s: peak %d", name, h)
		}
	}
}

func TestWithoutUndoesApply(t *testing.T) {
	start := utc("2024-05-06T09:00:00Z")
	cal, err := NewCalendar([]Event{
		{Name: "a", Start: start, Duration: 90 * time.Minute, Multiplier: 3, Add: 2},
		{Name: "b", Start: start.Add(time.Hour), Duration: time.Hour, Multiplier: 0.5},
		{Name: "closed", Start: start.Add(3 * time.Hour), Duration: time.Hour, Add: -1000},
	})
	require.NoError(t, err)
	f := flat(start, time.Hour, 3)
	cal.Apply(f)
	for h := range 3 {
		require.InDelta(t, 10, cal.Without(start.Add(time.Duration(h)*time.Hour), time.Hour, f.Values[h][0]), 1e-9)
	}
	require.True(t, math.IsNaN(cal.Without(start, time.Hour, math.NaN())))
	require.InDelta(t, 1000, cal.Without(start.Add(3*time.Hour), time.Hour, 0), 1e-9)
	require.Equal(t, []Effect{{"a", 2, 1, true}, {"b", 0.5, 0, true}}, cal.Effects(nil, start.Add(time.Hour), time.Hour))
}

// run feeds days of minutes with a load of 100, which a learned event of half an
// hour at noon multiplies by shape(day, minute), and returns the calendar.
func run(t *testing.T, days int, load func(usual float64, day, minute int) float64, usual float64) (*Calendar, time.Time) {
	t.Helper()
	start := utc("2024-05-06T00:00:00Z")
	cal, err := NewCalendar([]Event{{Name: "batch", Start: start.Add(12 * time.Hour), Duration: 30 * time.Minute, Every: 24 * time.Hour, Learn: true}})
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range days * 1440 {
		v := usual * (1 + 0.01*rng.NormFloat64())
		if m := i%1440 - 720; m >= 0 && m < 30 {
			v = load(v, i/1440, m)
		}
		cal.Update(start.Add(time.Duration(i)*time.Minute), time.Minute, v, usual)
	}
	return cal, start.AddDate(0, 0, days)
}

func TestLearnsTheShapeOfTheLastOccurrence(t *testing.T) {
	burst := func(v float64, _, minute int) float64 { // ×4 for a third, then ×2
		if minute < 9 {
			return 4 * v
		}
		return 2 * v
	}
	cal, next := run(t, 1, burst, 100)
	f := flat(next.Add(12*time.Hour-time.Minute), time.Minute, 35)
	cal.Apply(f)
	for h, want := range map[int]float64{0: 10, 1: 40, 8: 40, 10: 20, 30: 20, 31: 10} {
		require.InDeltaf(t, want, f.Values[h][0], 1, "minute %d", h)
	}
	require.InDelta(t, 100, cal.Without(next.Add(12*time.Hour), time.Minute, 400), 2)
}

func TestNewOccurrencesCountHalf(t *testing.T) {
	cal, next := run(t, 2, func(v float64, day, _ int) float64 { return v * float64(2+2*day) }, 100) // ×2, then ×4
	e := cal.Effects(nil, next.Add(12*time.Hour), time.Minute)
	require.Len(t, e, 1)
	require.InDelta(t, 3, e[0].Multiplier, 0.05)
	require.True(t, e[0].Known)
}

func TestAnIdleTargetLearnsAnAddition(t *testing.T) {
	cal, next := run(t, 1, func(float64, int, int) float64 { return 50 }, 0)
	e := cal.Effects(nil, next.Add(12*time.Hour), time.Minute)
	require.Equal(t, []Effect{{"batch", 1, 50, true}}, e)
}

// The first occurrence is unknown: nothing is forecast and nothing is taught.
func TestTheFirstOccurrenceIsUnknown(t *testing.T) {
	cal, next := run(t, 0, nil, 100)
	noon := next.Add(12 * time.Hour)
	require.True(t, math.IsNaN(cal.Without(noon, time.Minute, 400)))
	require.InDelta(t, 400, cal.Without(noon.Add(time.Hour), time.Minute, 400), 0)
	f := flat(noon, time.Minute, 3)
	cal.Apply(f)
	require.InDelta(t, 10, f.Values[0][0], 0)
	require.False(t, cal.Effects(nil, noon, time.Minute)[0].Known)
	cal.Update(noon, time.Minute, math.NaN(), 100) // silence teaches nothing
	cal.Update(noon.Add(time.Hour), time.Minute, 100, 100)
	require.False(t, cal.Effects(nil, noon.AddDate(0, 0, 1), time.Minute)[0].Known)
}

// An event of three minutes in cells of an hour: its part of the cell is told
// apart only when it is at least half of it; else nothing is learned.
func TestAShortEventInLongCells(t *testing.T) {
	start := utc("2024-05-06T00:00:00Z")
	cal, err := NewCalendar([]Event{{Name: "batch", Start: start, Duration: 45 * time.Minute, Every: 24 * time.Hour, Learn: true}})
	require.NoError(t, err)
	cal.Update(start, time.Hour, 100+0.75*200, 100) // ×3 for three quarters
	cal.Update(start.Add(time.Hour), time.Hour, 100, 100)
	f := flat(start.AddDate(0, 0, 1), time.Hour, 2)
	cal.Apply(f)
	require.InDelta(t, 25, f.Values[0][0], 1e-9)
	require.InDelta(t, 10, f.Values[1][0], 1e-9)
}

func TestApplyDoesNotAllocate(t *testing.T) {
	start := utc("2024-05-06T09:00:00Z")
	cal, err := NewCalendar([]Event{{Name: "a", Start: start, Duration: time.Hour, Every: 24 * time.Hour, Multiplier: 2, Location: berlin(t)}})
	require.NoError(t, err)
	f := flat(start, time.Minute, 60)
	cal.Apply(f)
	require.Zero(t, testing.AllocsPerRun(20, func() { cal.Apply(f) }))
}

// Of an hour that comes twice the first occurrence is in the one that Start names.
func TestAnEventMayStartInTheHourThatComesTwice(t *testing.T) {
	for _, start := range []time.Time{utc("2024-10-27T00:30:00Z"), utc("2024-10-27T01:30:00Z")} { // both 2:30 in Berlin
		e := Event{Name: "batch", Start: start, Duration: time.Hour, Every: 24 * time.Hour, Location: berlin(t), Add: 1}
		require.InDelta(t, 1, e.Share(start, start.Add(time.Hour)), 0, start)
		require.Zero(t, e.Share(start.Add(-time.Hour), start), start)
		require.Zero(t, e.Share(start.Add(time.Hour), start.Add(2*time.Hour)), start)
	}
}
