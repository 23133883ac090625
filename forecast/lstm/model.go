package lstm

import (
	"context"
	"fmt"
	"math"

	"github.com/forescale/forescale/forecast"
)

// A Model forecasts with the weights of Network as they are; fitting it learns
// nothing, because one network serves all series.
type Model struct {
	Network *Network // from train.Run or weights.Decode; not nil
}

var (
	_ forecast.Model  = Model{}
	_ forecast.Fitted = fitted{}
	_ forecast.Filter = (*filter)(nil)
)

// Fit returns the network for series of history's step. It returns an error that
// wraps forecast.ErrShortHistory if history holds no sample, and one that names
// both steps if the network was trained on another.
func (m Model) Fit(ctx context.Context, history forecast.Series) (forecast.Fitted, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("lstm: %w", err)
	}
	if err := history.Check(); err != nil {
		return nil, err
	}
	if history.Observed() == 0 {
		return nil, fmt.Errorf("lstm: %w: 0 points, need 1", forecast.ErrShortHistory)
	}
	if _, err := m.Network.NewExpert(history.Start, history.Step); err != nil {
		return nil, err
	}
	return fitted{m.Network}, nil
}

type fitted struct{ network *Network }

func (f fitted) Filter(history forecast.Series) (forecast.Filter, error) {
	if err := history.Check(); err != nil {
		return nil, err
	}
	if history.Observed() == 0 {
		return nil, fmt.Errorf("lstm: %w: 0 points, need 1", forecast.ErrShortHistory)
	}
	e, err := f.network.NewExpert(history.Start, history.Step)
	if err != nil {
		return nil, err
	}
	for _, v := range history.Values {
		e.Update(v)
	}
	return &filter{expert: e}, nil
}

type filter struct{ expert *Expert }

// Update takes the next cell.
func (f *filter) Update(v float64) { f.expert.Update(v) }

// Forecast fills dst; see forecast.Filter.
func (f *filter) Forecast(dst *forecast.Forecast) {
	e := f.expert
	v := e.view
	dst.Start = v.NextStart()
	dst.Step = v.Step()
	dst.Warnings = nil
	peaks := e.net.Config.Targets() - 1
	for q, p := range dst.Levels {
		m := e.mix(p)
		for h := range dst.Values {
			dst.Values[h][q] = finite(e.quantile(0, h+1, m))
			dst.Peaks[h][q] = finite(e.quantile(peaks, h+1, m))
		}
	}
	for h := range dst.Values { // outputs are learned one by one and may cross
		ascend(dst.Values[h])
		ascend(dst.Peaks[h])
	}
	dst.Tidy()
}

func finite(v float64) float64 { return min(v, math.MaxFloat64) }

// ascend sorts a short row in place: crossing quantiles are re-arranged
// (Chernozhukov, Fernández-Val and Galichon, Quantile and Probability Curves
// Without Crossing, Econometrica 78, 2010).
func ascend(row []float64) {
	for i := 1; i < len(row); i++ {
		for j := i; j > 0 && row[j] < row[j-1]; j-- {
			row[j], row[j-1] = row[j-1], row[j]
		}
	}
}
