package forescale

import (
	"fmt"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
)

// historyOf returns what serve would read back of the load, in steps of m.Step and as far
// back as m.History: a query in steps of an hour gives every sixtieth value of one in steps
// of a minute.
// It returns an error if the cells of m are not whole multiples of those of the load.
func historyOf(load forecast.Series, m api.MetricSpec) (forecast.Series, error) {
	step := m.Step.Std()
	if load.Step == 0 || load.Len() == 0 {
		return load, nil
	}
	if step%load.Step != 0 {
		return load, fmt.Errorf("metric.step: %s: the history of a replay is kept in steps of %s: want a whole multiple of that",
			m.Step, api.Duration(load.Step))
	}
	out := forecast.Series{Step: step}
	for i, v := range load.Values {
		end := load.At(i + 1)
		if end.UnixNano()%int64(step) != 0 {
			continue
		}
		if out.Len() == 0 {
			out.Start = end.Add(-step)
		}
		out.Values = append(out.Values, v)
	}
	if most := int(m.History.Std() / step); out.Len() > most {
		out = out.Slice(out.Len()-most, out.Len())
	}
	return out, nil
}
