package page

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/report"
)

// The other way in stands beside the one that is recommended, often with no room at its
// point. It is looked for, and has its name on a phone, too.
func TestBothWaysInAreNamedInACrowd(t *testing.T) {
	r := &report.Report{Runs: []report.Run{{Policy: "hpa-rate-70"}}}
	r.Verdict.Policy = "forescale-keda"
	c := &canvas{width: 358, height: 430}
	p := plane{left: 52, right: c.width - 16, top: 44, bottom: c.height - 46, low: 1, high: 2, most: 1}
	var labels []label
	var taken []box
	for i, policy := range []string{"forescale-floor", "hpa-rate-80", "hpa-cpu-70", "aws", "crane", "kpa", "phpa", "forescale-keda"} {
		at := xy{190 + 3*float64(i%3), 200 + 4*float64(i/3)}
		f := report.Frontier{Points: []report.Point{{Policy: policy, CostRatio: 1.2, ViolatingTime: 0.1}}}
		labels = append(labels, name(r, f, 0, at))
		taken = append(taken, box{at.x - 4, at.y - 4, at.x + 4, at.y + 4})
	}
	place(c, labels, taken, p, screen{"phone", 358})
	drawn := c.done("")
	require.Contains(t, drawn, "forescale-keda")
	require.Contains(t, drawn, "forescale-floor")
}
