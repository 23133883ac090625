package measure

import (
	"math"
	"slices"
)

// Share returns the percentage of the steps that are true; 0 without steps.
func Share(steps []bool) float64 {
	n := 0
	for _, b := range steps {
		if b {
			n++
		}
	}
	return 100 * float64(n) / float64(max(len(steps), 1))
}

// LongestRun returns the most steps in a row that are true.
func LongestRun(steps []bool) int {
	longest, run := 0, 0
	for _, b := range steps {
		if !b {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// Recoveries returns for each episode of violation the steps from its first
// violating step to the first calm steps in a row without one, in order. An
// episode that reaches the end lasts to the end.
func Recoveries(violating []bool, calm int) []int {
	var episodes []int
	from, last := -1, -1
	for i, b := range violating {
		if b {
			if from < 0 {
				from = i
			}
			last = i
		} else if from >= 0 && i-last >= calm {
			episodes = append(episodes, last+1-from)
			from = -1
		}
	}
	if from >= 0 {
		episodes = append(episodes, len(violating)-from)
	}
	return episodes
}

// Quantile returns the p-quantile of values by linear interpolation, or NaN if
// there are none. It does not change values.
func Quantile(values []int, p float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	x := p * float64(len(sorted)-1)
	i := min(int(x), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	return float64(sorted[i]) + (x-float64(i))*float64(sorted[j]-sorted[i])
}

// Missing returns Σ max(d − s, 0), the pod-steps that were short: the volume of
// the violation.
func Missing(demand, supply []int32) int64 {
	var sum int64
	for i, d := range demand {
		sum += int64(max(d-supply[i], 0))
	}
	return sum
}

// OutOfReach counts the steps that are violating and that no reactive scaler could
// have covered: the demand exceeds headroom times the largest demand from lead +
// memory to lead steps earlier. What came within the last lead steps could be seen
// but not yet be answered with a ready pod; memory is how long such a scaler holds
// what it saw, headroom the inverse of its target.
func OutOfReach(violating []bool, demand []int32, lead, memory int, headroom float64) int {
	var window []int // indices of descending demand: a monotone queue
	n := 0
	for i, bad := range violating {
		if j := i - lead; j >= 0 {
			for len(window) > 0 && demand[window[len(window)-1]] <= demand[j] {
				window = window[:len(window)-1]
			}
			window = append(window, j)
		}
		for len(window) > 0 && window[0] < i-lead-memory {
			window = window[1:]
		}
		if bad && len(window) > 0 && float64(demand[i]) > headroom*float64(demand[window[0]]) {
			n++
		}
	}
	return n
}

// Growth returns the p-quantile of rate[i+lead]/rate[i], the factor by which the
// load grows within one lead time, over the steps at every; steps whose load is
// below floor are left out. It is NaN if none is left. A reactive scaler whose
// target is above the inverse of it falls short that often.
//
// If the steps that are left only fall, the load comes from below floor each time, as
// single requests do out of nothing: rises from there then count as from floor.
func Growth(rate []float64, lead, every int, floor, p float64) float64 {
	var factors, rises []float64
	for i := 0; i+lead < len(rate); i += every {
		switch {
		case rate[i] > floor:
			factors = append(factors, rate[i+lead]/rate[i])
		case floor > 0 && rate[i+lead] > floor:
			rises = append(rises, rate[i+lead]/floor)
		}
	}
	growth := quantile(factors, p)
	if growth < 1 && len(rises) > 0 {
		return quantile(append(factors, rises...), p)
	}
	return growth
}

// quantile returns the p-quantile of values, which it sorts; NaN of none.
func quantile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	return values[min(int(p*float64(len(values))), len(values)-1)]
}

// BudgetGap returns the distance of the violating time from the budget, both in
// percent, in percentage points.
func BudgetGap(violating, budget float64) float64 { return math.Abs(violating - budget) }
