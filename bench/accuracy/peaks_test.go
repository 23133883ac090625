package accuracy

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPeaksAreJudgedByTheHighestOfTheWindow(t *testing.T) {
	const h = 3
	p := newPeakScore(h)
	row := []float64{0, 0, 0, 0, 5, 10, 20} // bounds of 0.9, 0.95 and 0.99
	truths := []float64{1, 2, 7, 1, 1, math.NaN(), 3, 3, 30}
	for i, y := range truths {
		p.observe(i, y)
		if i >= h { // the forecast at 0 covers samples 1 to 3
			p.judge(i)
		}
		p.issue(i, row)
	}
	// windows 2-7-1 and 7-1-1 exceed 5 alone, three hold a gap, 3-3-30 exceeds all
	require.Equal(t, 3, p.n)
	require.Equal(t, []int{0, 2, 2}, p.covered)
	require.InDelta(t, 2.0/3, float64(p.coverage()["0.95"]), 1e-12)
	require.Zero(t, p.naive, "no window is whole before its origin")
	none := newPeakScore(h)
	require.True(t, math.IsNaN(float64(none.coverage()["0.9"])), "nothing judged")
}

func TestPeaksAreMeasuredAgainstTheHighestBefore(t *testing.T) {
	p := newPeakScore(2)
	for i, y := range []float64{1, 5, 2, 4, 9} {
		p.observe(i, y)
		if i >= 2 {
			p.judge(i)
		}
		p.issue(i, []float64{0, 0, 6, 7, 7, 7, 7})
	}
	// after 1-5 come 2-4, after 5-2 come 4-9: as high as before is off by 1 and by 4
	require.InDelta(t, 5, p.naive, 1e-12)
	require.InDelta(t, 5, p.loss, 1e-12, "6 is off by 2 and by 3")
}
