package train

import (
	"math"
	"time"
)

// DefaultRungs returns the horizons, in steps, that [Run] uses for series of a step:
// 1, 2, 3, 5, 10, 15, 20, 30, 45 and 60 minutes, as far as these are whole steps. For
// steps of half an hour and longer they are each of the first 24 cells and every
// sixth up to 48.
func DefaultRungs(step time.Duration) []int {
	var rungs []int
	if step >= 30*time.Minute {
		for h := 1; h <= 24; h++ {
			rungs = append(rungs, h)
		}
		return append(rungs, 30, 36, 42, 48)
	}
	for _, minutes := range []int{1, 2, 3, 5, 10, 15, 20, 30, 45, 60} {
		h := max(1, int(math.Round(float64(time.Duration(minutes)*time.Minute)/float64(step))))
		if len(rungs) == 0 || h > rungs[len(rungs)-1] {
			rungs = append(rungs, h)
		}
	}
	return rungs
}
