package scaler_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler"
)

var nan = math.NaN()

func TestNeed(t *testing.T) {
	for name, c := range map[string]struct {
		demand scaler.Demand
		want   float64
	}{
		"a forecast adds":              {scaler.Demand{Observed: 10, Predicted: 12}, 12},
		"a forecast does not take":     {scaler.Demand{Observed: 10, Predicted: 8}, 10},
		"no forecast: reactive":        {scaler.Demand{Observed: 10, Predicted: nan}, 10},
		"no sample: the forecast":      {scaler.Demand{Observed: nan, Predicted: 8}, 8},
		"nothing known stays unknown":  {scaler.Unknown(), nan},
		"zero is knowledge, not a gap": {scaler.Demand{Observed: 0, Predicted: nan}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if math.IsNaN(c.want) {
				require.True(t, math.IsNaN(c.demand.Need()))
				return
			}
			require.InDelta(t, c.want, c.demand.Need(), 0)
		})
	}
}

func TestReplicas(t *testing.T) {
	for name, c := range map[string]struct {
		need, target float64
		want         int32
	}{
		"exact":                  {300, 100, 3},
		"rounds up":              {301, 100, 4},
		"noise is not a replica": {0.1 + 0.2, 0.1, 3}, // 3.0000000000000004
		"noise on large counts":  {1e6 * (1 + 1e-12), 1, 1000000},
		"a little is one":        {1e-3, 100, 1},
		"none":                   {0, 100, 0},
		"negative is none":       {-5, 100, 0},
		"unknown demand":         {nan, 100, -1},
		"unknown target":         {100, nan, -1},
		"no target":              {100, 0, -1},
		"beyond int32":           {1e300, 1e-3, math.MaxInt32},
		"infinite":               {math.Inf(1), 100, math.MaxInt32},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, scaler.Replicas(c.need, c.target))
		})
	}
}

// rising forecasts 10, 20, 30, 40 at the median and half as much again at 0.9;
// its peaks are two above.
func rising() *forecast.Forecast {
	f := forecast.New(4, 0.5, 0.9)
	f.Start, f.Step = epoch, time.Minute
	for h := range f.Values {
		v := 10 * float64(h+1)
		f.Values[h][0], f.Values[h][1] = v, 1.5*v
		f.Peaks[h][0], f.Peaks[h][1] = v+2, 1.5*v+2
	}
	return f
}

func TestDemandAt(t *testing.T) {
	at := epoch.Add
	for name, c := range map[string]struct {
		level    float64
		from, to time.Duration
		want     float64
	}{
		"to the end of a cell":         {0.5, 0, 2 * time.Minute, 22},                       // peak of cells 0 and 1
		"half a cell further":          {0.5, 0, 150 * time.Second, 27},                     // half way from 22 to 32
		"just past a border":           {0.5, 0, 120100 * time.Millisecond, 22 + 10*0.1/60}, // no jump
		"within the first cell":        {0.5, 0, 10 * time.Second, 12},                      // its peak: a part of a cell can be as high as the cell
		"an instant":                   {0.5, 0, 0, 12},                                     //
		"between two levels":           {0.7, 0, time.Minute, 14.5},                         // half way from 12 to 17
		"starts before the forecast":   {0.5, -time.Minute, time.Minute, 12},                //
		"reaches beyond the forecast":  {0.5, 0, time.Hour, 42},                             // not extrapolated
		"starts in a later cell":       {0.5, 130 * time.Second, 3 * time.Minute, 32},       // cell 2 is the highest anyway
		"upper level":                  {0.9, 0, 4 * time.Minute, 62},                       //
		"stale: all but the last cell": {0.5, 200 * time.Second, 10 * time.Minute, 42},      //
		"over":                         {0.5, 4 * time.Minute, 5 * time.Minute, nan},        //
		"all before it":                {0.5, -2 * time.Minute, -time.Minute, nan},          //
		"upside down":                  {0.5, 2 * time.Minute, time.Minute, nan},            //
	} {
		t.Run(name, func(t *testing.T) {
			got := scaler.DemandAt(rising(), c.level, at(c.from), at(c.to))
			if math.IsNaN(c.want) {
				require.True(t, math.IsNaN(got), "got %v", got)
				return
			}
			require.InDelta(t, c.want, got, 1e-9)
		})
	}
	require.True(t, math.IsNaN(scaler.DemandAt(nil, 0.5, epoch, epoch)))
	require.True(t, math.IsNaN(scaler.DemandAt(&forecast.Forecast{}, 0.5, epoch, epoch)))
}

// A peak that has passed no longer counts, but the addition of the maximum to a cell does.
func TestDemandAtLeavesOutWhatHasPassed(t *testing.T) {
	f := rising()
	for h, v := range []float64{100, 20, 20, 20} {
		f.Values[h][0], f.Peaks[h][0] = v, 110
		f.Values[h][1], f.Peaks[h][1] = v, 110
	}
	require.InDelta(t, 22, scaler.DemandAt(f, 0.5, epoch.Add(time.Minute), epoch.Add(3*time.Minute)), 1e-9)
	require.InDelta(t, 110, scaler.DemandAt(f, 0.5, epoch, epoch.Add(3*time.Minute)), 1e-9)
	require.Zero(t, testing.AllocsPerRun(100, func() { scaler.DemandAt(f, 0.7, epoch.Add(time.Minute), epoch.Add(3*time.Minute)) }))
}
