package controller

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
	"github.com/forescale/forescale/scaler/hpa"
	"github.com/forescale/forescale/scaler/live"
)

func TestPeaks(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 0, 30, 0, time.UTC)
	var p peaks
	require.EqualValues(t, -1, p.highest(start, wideGap), "nothing is known")
	p.note(start, 9)
	require.EqualValues(t, -1, p.highest(start.Add(59*time.Second), wideGap), "for less than the span")
	p.note(start.Add(time.Minute), 4)
	require.EqualValues(t, 9, p.highest(start.Add(time.Minute), wideGap), "the minute that was under way counts")
	p.note(start.Add(2*time.Minute), 5)
	require.EqualValues(t, 5, p.highest(start.Add(2*time.Minute), wideGap))
	require.EqualValues(t, -1, p.highest(start.Add(2*time.Minute), narrowGap))
	p.note(start.Add(20*time.Minute), 3)
	require.EqualValues(t, 9, p.highest(start.Add(20*time.Minute), narrowGap))
	p.note(start.Add(21*time.Minute), 3)
	require.EqualValues(t, 5, p.highest(start.Add(21*time.Minute), narrowGap), "9 is over")
	p.note(start.Add(3*time.Hour), 2)
	require.EqualValues(t, 2, p.highest(start.Add(3*time.Hour), narrowGap), "all is over")
}

// What is wanted after the clock was set back counts at once, and not only when the clock is there
// again: else a floor that was raised since would come down to what was wanted before. A second over
// the border of a minute makes nothing forgotten.
func TestPeaksOfAClockThatIsSetBack(t *testing.T) {
	start := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	var p peaks
	for minute := range 31 {
		p.note(start.Add(time.Duration(minute)*time.Minute), 5)
	}
	p.note(start.Add(30*time.Minute-time.Second), 6)
	require.EqualValues(t, 6, p.highest(start.Add(30*time.Minute), narrowGap))

	back := start.Add(20 * time.Minute)
	p.note(back, 50)
	require.EqualValues(t, -1, p.highest(back, wideGap), "nothing is known of the minute before")
	p.note(back.Add(time.Minute), 40)
	require.EqualValues(t, 50, p.highest(back.Add(time.Minute), wideGap))
}

// Only a small raise for a load that is a lead time away may wait for the HPA's own next sync.
func TestWhatMayWaitForTheHPA(t *testing.T) {
	for name, c := range map[string]struct {
		observed, target float64
		leadTime         time.Duration // as stated; auto if it is not
		floor            int32
		want             bool
	}{
		"one more, the load is ahead":   {190, 10, 0, 21, true},
		"two more of 20, ahead":         {200, 10, 0, 22, true},
		"the load is here":              {201, 10, 0, 21, false},
		"the load is not known":         {math.NaN(), 10, 0, 21, false},
		"what one serves is not known":  {190, 0, 0, 21, false},
		"by far":                        {190, 10, 0, 23, false},
		"a stated lead time is to keep": {190, 10, 90 * time.Second, 21, false},
	} {
		t.Run(name, func(t *testing.T) {
			x := &target{object: &v1alpha1.PredictiveAutoscaler{}, verdict: hpa.Verdict{InForce: 20, Base: 2, Held: true}}
			x.object.Spec.Scale.LeadTime.Value = c.leadTime
			x.scale = live.Scale{Target: c.target, Demand: scaler.Demand{Observed: c.observed}}
			require.Equal(t, c.want, x.patient(c.floor))
		})
	}
}

func TestPlan(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	free := hpa.Verdict{InForce: 2, Base: 2}
	held := hpa.Verdict{InForce: 20, Base: 2, Held: true}
	normal := func(v hpa.Verdict, want int32) situation {
		return situation{
			now: now, mode: api.Active, verdict: v, claimed: v.Held, least: v.Base, most: 50, want: want,
			wide: want, narrow: want, hold: 10 * time.Minute, lastWrite: now.Add(-time.Hour),
		}
	}
	with := func(s situation, f func(*situation)) situation { f(&s); return s }
	for name, c := range map[string]struct {
		s     situation
		a     action
		floor int32
	}{
		"nothing to add":                      {normal(free, 2), keep, 0},
		"less than the minimum adds nothing":  {normal(free, 0), keep, 0},
		"a rise goes out at once":             {with(normal(free, 9), func(s *situation) { s.lastWrite = now }), raise, 9},
		"no higher than the maximum":          {normal(free, 90), raise, 50},
		"a wide gap waits a minute":           {with(normal(held, 10), func(s *situation) { s.lastWrite = now.Add(-59 * time.Second) }), keep, 0},
		"and then comes down":                 {with(normal(held, 10), func(s *situation) { s.lastWrite = now.Add(-time.Minute) }), lower, 10},
		"a gap of one is mostly noise":        {with(normal(held, 19), func(s *situation) { s.lastWrite = now.Add(-19 * time.Minute) }), keep, 0},
		"a gap of one in the end":             {with(normal(held, 19), func(s *situation) { s.lastWrite = now.Add(-20 * time.Minute) }), lower, 19},
		"no lower than wanted lately":         {with(normal(held, 10), func(s *situation) { s.wide = 15 }), lower, 15},
		"noise reached up to the floor":       {with(normal(held, 10), func(s *situation) { s.wide, s.narrow = 19, 20 }), keep, 0},
		"a new holder first looks on":         {with(normal(held, 10), func(s *situation) { s.wide, s.narrow = -1, -1 }), keep, 0},
		"at the bottom it is given back":      {normal(held, 1), release, 2},
		"the last one, where none is allowed": {normal(hpa.Verdict{InForce: 1, Base: 0, Held: true}, 0), release, 0},
		"the last one, wanted a moment ago":   {with(normal(hpa.Verdict{InForce: 1, Base: 0, Held: true}, 0), func(s *situation) { s.wide, s.lastWrite = 1, now.Add(-19*time.Minute) }), keep, 0},
		"silence holds":                       {with(normal(held, 2), func(s *situation) { s.silence = time.Minute }), keep, 0},
		"long silence comes down by a tenth":  {with(normal(held, 2), func(s *situation) { s.silence = 11 * time.Minute }), lower, 18},
		"a known rise acts in silence":        {with(normal(held, 30), func(s *situation) { s.silence = time.Minute }), raise, 30},
		"paused gives back":                   {with(normal(held, 30), func(s *situation) { s.mode = api.Paused }), release, 2},
		"shadow holds nothing":                {with(normal(free, 30), func(s *situation) { s.mode = api.Shadow }), keep, 0},
		"a refused target is given back":      {with(normal(held, 30), func(s *situation) { s.refused = true }), release, 2},
		"zero is not woken":                   {with(normal(free, 30), func(s *situation) { s.zero = true }), keep, 0},
		"what its user pauses is left alone":  {with(normal(free, 30), func(s *situation) { s.paused = true }), keep, 0},
		"and is given back":                   {with(normal(held, 30), func(s *situation) { s.paused = true }), release, 2},
		"a dispute is left alone":             {with(normal(free, 30), func(s *situation) { s.verdict.Contested = true }), keep, 0},
		"a revert is waited out":              {with(normal(free, 30), func(s *situation) { s.verdict.Wait = true }), keep, 0},
		"a lowered maximum is kept at once":   {with(normal(held, 20), func(s *situation) { s.most, s.lastWrite = 8, now }), lower, 8},
		"also in silence":                     {with(normal(held, 20), func(s *situation) { s.most, s.silence = 8, time.Minute }), lower, 8},
		"one at the minimum gives back":       {with(normal(held, 20), func(s *situation) { s.most = 2 }), release, 2},
		"a revert is waited out before that":  {with(normal(held, 20), func(s *situation) { s.most, s.verdict.Wait = 8, true }), keep, 0},
		"a wiped claim is written again":      {with(normal(held, 20), func(s *situation) { s.claimed = false }), raise, 20},
	} {
		t.Run(name, func(t *testing.T) {
			a, floor := c.s.plan()
			require.Equal(t, c.a, a)
			require.Equal(t, c.floor, floor)
		})
	}
}
