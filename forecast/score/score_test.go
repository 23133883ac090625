package score_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/score"
)

func TestScores(t *testing.T) {
	nan := math.NaN()
	require.InDelta(t, 9, score.Loss(0.9, 110, 100), 1e-9, "running short is dear: 0.9·10")
	require.InDelta(t, 1, score.Loss(0.9, 90, 100), 1e-9, "slack is cheap: 0.1·10")
	require.InDelta(t, 4, score.MAE([]float64{nan, 4}, []float64{0, 0}), 1e-9, "a gap is left out")
	require.InDelta(t, 2, score.MAE([]float64{5, 3}, []float64{7, 1}), 1e-9, "high and low")
	require.InDelta(t, 200, score.SMAPE([]float64{0}, []float64{5}), 1e-9)
	require.InDelta(t, 100, score.SMAPE([]float64{3}, []float64{1}), 1e-9, "200·2/4")
	require.Zero(t, score.SMAPE([]float64{0}, []float64{0}))
	require.InDelta(t, 2, score.SeasonalScale([]float64{1, 5, 3, 7}, 2), 1e-9, "(|3−1|+|7−5|)/2")
	require.InDelta(t, 1.5, score.MASE([]float64{10}, []float64{7}, []float64{1, 5, 3, 7}, 2), 1e-9)
	require.InDelta(t, 4, score.IntervalLoss(0.95, 5, 3, 7), 1e-9, "inside: the width")
	require.InDelta(t, 4+40, score.IntervalLoss(0.95, 8, 3, 7), 1e-9, "above: 2/0.05 per unit more")
	require.InDelta(t, 4+80, score.IntervalLoss(0.95, 1, 3, 7), 1e-9, "below, by two")
	require.InDelta(t, 4+120, score.IntervalLoss(0.95, 10, 3, 7), 1e-9, "above, by three")
	require.InDelta(t, 4, score.IntervalLoss(0.95, 3, 3, 7), 1e-9, "on the border")
	require.InDelta(t, 4+2.5, score.IntervalLoss(0.2, 8, 3, 7), 1e-9, "the less it claims, the cheaper it errs: 2/0.8")
	require.True(t, math.IsNaN(score.MAE([]float64{nan}, []float64{1})))
	require.True(t, math.IsNaN(score.SeasonalScale([]float64{1, 5}, 2)), "no pair is a season apart")
	require.True(t, math.IsNaN(score.SeasonalScale(nil, 2)))
}
