package auto

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/ets"
)

// workweek is a load by the hour with a wave a day, half as large on weekends.
func workweek(days int) forecast.Series {
	s := forecast.Series{Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: time.Hour}
	for i := range days * 24 {
		v := 100 * (1 + 0.6*math.Sin(2*math.Pi*float64(i)/24))
		if i/24%7 > 4 {
			v /= 2
		}
		s.Values = append(s.Values, v*(1+0.02*math.Sin(float64(7*i*i%101))))
	}
	return s
}

func fitHourly(t *testing.T, history forecast.Series) *fitted {
	t.Helper()
	model, err := New(Options{}).Fit(t.Context(), history)
	require.NoError(t, err)
	f, ok := model.(*fitted)
	require.True(t, ok)
	return f
}

// Fitted on eight days, it knows a week in the fourth week, and what it was does not.
func TestSmoothingLearnsTheWeekLater(t *testing.T) {
	s := workweek(28)
	f := fitHourly(t, s.Slice(0, 8*24))
	at, err := f.ets[0].State(s.Start, s.Step)
	require.NoError(t, err)
	again := newRenewed(f, at, s.Start)
	once, err := f.ets[0].State(s.Start, s.Step)
	require.NoError(t, err)
	const ahead = 12
	var errs [2]float64
	for i, v := range s.Values {
		again.Update(v)
		once.Update(v)
		if to := i + ahead; to >= 21*24 && to < s.Len() {
			errs[0] += math.Abs(once.At(ahead) - s.Values[to])
			errs[1] += math.Abs(again.At(ahead) - s.Values[to])
		}
	}
	require.Less(t, errs[1], errs[0]/2)
}

// The autoscaler fits all every day, and when a short history has grown by half: then
// nothing is fitted twice. In steps of minutes nothing is kept.
func TestSmoothingIsRenewedOnlyWhereNothingElseIsFitted(t *testing.T) {
	s := workweek(15)
	f := fitHourly(t, s.Slice(0, 14*24))
	running, err := f.Filter(s)
	require.NoError(t, err)
	models := running.(*filter).models //nolint:forcetypeassert // made here
	r, ok := models[0].(*renewed)
	require.True(t, ok)
	require.Equal(t, 470, r.due, "1.4 times 336 hours")
	require.IsType(t, &ets.State{}, models[1])

	minutes, history := daily(t, nil)
	running, err = minutes.Filter(history.Slice(0, 100))
	require.NoError(t, err)
	require.IsType(t, &ets.State{}, running.(*filter).models[0]) //nolint:forcetypeassert // made here
}

// A history that nothing can be fitted to changes nothing.
func TestSmoothingStaysWhereNothingCanBeFitted(t *testing.T) {
	s := workweek(8)
	f := fitHourly(t, s)
	state, err := f.ets[0].State(s.Start, s.Step)
	require.NoError(t, err)
	r := newRenewed(f, state, s.Start)
	for range r.due + 1 {
		r.Update(math.NaN())
	}
	require.Greater(t, r.due, 268, "the time after 1.4 times 192 hours is over")
	require.Same(t, state, r.State)
}

// A series of hours takes no more room than one of minutes may, and its cells are kept
// in one piece.
func TestHoursAreSmall(t *testing.T) {
	s := workweek(28)
	f := fitHourly(t, s)
	running, err := f.Filter(s)
	require.NoError(t, err)
	all, bytes := accountOf(running.(*filter)) //nolint:forcetypeassert // made here
	t.Logf("%d bytes, by parts:\n%v", bytes, all)
	require.Less(t, bytes, 64<<10)
	models := running.(*filter).models                      //nolint:forcetypeassert // made here
	require.Len(t, models[0].(*renewed).kept, 28*24)        //nolint:forcetypeassert // see above
	require.Equal(t, 28*24, cap(models[0].(*renewed).kept)) //nolint:forcetypeassert // see above
}
