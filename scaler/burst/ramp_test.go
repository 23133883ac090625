package burst_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/burst"
)

// An office is a demand that rises from 100 to 500 within an hour from nine on, on the days for
// which open returns true, and falls within an hour from five on, each cell with the given noise.
type office struct {
	open  func(at time.Time) bool
	noise float64
	step  time.Duration
	zone  *time.Location
}

func workdays(at time.Time) bool { return at.Weekday() != time.Saturday && at.Weekday() != time.Sunday }

func (o office) demand(at time.Time) float64 {
	local := at.In(o.zone)
	if !o.open(local) {
		return 100
	}
	hour := float64(local.Hour()) + float64(local.Minute())/60 + float64(local.Second())/3600
	return 100 * (1 + 4*(min(max(hour-9, 0), 1)-min(max(hour-17, 0), 1)))
}

// history returns the cells of some days.
func (o office) history(first time.Time, days int) []float64 {
	rng := rand.New(rand.NewPCG(8, 8))
	values := make([]float64, days*int(24*time.Hour/o.step))
	for i := range values {
		values[i] = o.demand(first.Add(time.Duration(i)*o.step+o.step/2)) * (1 + o.noise*rng.NormFloat64())
	}
	return values
}

// mondays returns the rises that a detector in a zone expects on a Monday morning, and all others.
func mondays(d *burst.Detector) (morning, other int) {
	const midnight = 4 * 24 * time.Hour // the epoch was a Thursday
	for _, w := range d.Weekly {
		if at := w.At - midnight; at >= 8*time.Hour && at < 11*time.Hour {
			morning++
		} else {
			other++
		}
	}
	return morning, other
}

func TestAWeeklyRampIsToldFromDailyOnesAndFromChance(t *testing.T) {
	first := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) // a Sunday
	daily := func(time.Time) bool { return true }
	for name, tt := range map[string]struct {
		office
		change func(values []float64)
		want   bool
	}{
		"workdays":                 {office{workdays, 0, time.Minute, time.UTC}, nil, true},
		"with noise":               {office{workdays, 0.1, time.Minute, time.UTC}, nil, true},
		"in cells of five minutes": {office{workdays, 0.03, 5 * time.Minute, time.UTC}, nil, true},
		"in cells too coarse":      {office{workdays, 0, 10 * time.Minute, time.UTC}, nil, false},
		"every day":                {office{daily, 0.03, time.Minute, time.UTC}, nil, false},
		"a Monday once": {office{func(at time.Time) bool {
			return workdays(at) && at.Day() != 9
		}, 0.03, time.Minute, time.UTC}, nil, false},
		"the Sunday is unknown": {office{workdays, 0.03, time.Minute, time.UTC}, func(values []float64) {
			for i := 13*1440 + 720; i < 14*1440+720; i++ {
				values[i] = math.NaN()
			}
		}, false},
		"rises by lot": {office{workdays, 0.03, time.Minute, time.UTC}, func(values []float64) {
			rng := rand.New(rand.NewPCG(3, 3))
			for i := 0; i < len(values); i += 40 + rng.IntN(160) {
				for k := i; k < min(i+40, len(values)); k++ {
					values[k] *= 4
				}
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			values := tt.history(first, 15)
			if tt.change != nil {
				tt.change(values)
			}
			d := &burst.Detector{}
			d.ExpectRamps(values, first, tt.step)
			morning, other := mondays(d)
			require.Equal(t, tt.want, morning > 0, morning)
			require.Zero(t, other)
		})
	}
}

// Where a ramp pauses, its next step rises from zero, which is no finite factor. The memory holds
// none that is infinite.
func TestARampFromZero(t *testing.T) {
	first := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) // a Sunday
	o := office{workdays, 0, time.Minute, time.UTC}
	values := o.history(first, 15)
	for _, monday := range []time.Time{first.AddDate(0, 0, 1), first.AddDate(0, 0, 8)} {
		from := int(monday.Add(-2*time.Hour-42*time.Minute).Sub(first) / time.Minute) // 9:18
		clear(values[from : from+6])
	}
	d := &burst.Detector{}
	d.ExpectRamps(values, first, o.step)
	morning, _ := mondays(d)
	require.Positive(t, morning)
	_, err := json.Marshal(d) // fails on what is not finite
	require.NoError(t, err)
}

// While a ramp is due, the demand a lead time ahead is provided for, and not much more, by the wall
// clock of the time zone: the clocks change on the Sunday before.
func TestARampIsProvidedForALeadTimeAhead(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	o := office{workdays, 0.02, time.Minute, berlin}
	nine := time.Date(2026, 3, 30, 9, 0, 0, 0, berlin)
	past := &burst.Detector{Zone: berlin}
	past.ExpectRamps(o.history(nine.Add(-16*24*time.Hour), 15), nine.Add(-16*24*time.Hour), time.Minute)
	for _, ahead := range []time.Duration{2 * time.Minute, 5 * time.Minute} {
		d := &burst.Detector{Zone: berlin}
		d.Remember(past)
		for now := nine.Add(-2 * time.Hour); now.Before(nine.Add(time.Hour)); now = now.Add(15 * time.Second) {
			d.Update(now, o.demand(now), o.demand(now))
			want := o.demand(now.Add(ahead))
			switch due := d.Due(now, ahead); {
			case now.Before(nine.Add(-40 * time.Minute)):
				require.Zero(t, due, now)
			case want > 100 && now.Before(nine.Add(40*time.Minute)): // then a forecast has seen most of it
				require.GreaterOrEqual(t, due, 0.9*want, now)
				require.LessOrEqual(t, due, 1.3*want, now)
			default:
				require.LessOrEqual(t, due, 1.3*want, now)
			}
		}
	}
}
