// Package optimum computes the cost of the cheapest clairvoyant policy, which knows
// the need for pods at every instant, never falls short of it, and still has to pay
// for the start of a pod and for its end.
//
// With a start-up time d and a grace period g that are the same for all pods the
// problem falls apart into levels: level k is needed wherever the need is at least
// k. In a gap of length G between two such stretches the pod of that level is
// either kept, which costs G, or released and started anew, which costs g + d:
//
//	H* = Σ_k [ needed time + Σ_gaps min(G, d + g) + first start + last end ]
//
// Nothing can be cheaper at the same start-up time without falling short. At the
// borders of the interval the cost is cut off: a pod may have been started before
// it, and need not have ended within it.
package optimum

// Cost returns the pod-steps that the clairvoyant pays for need, in units of one
// step: need[i] pods have to be ready throughout step i, a pod is billed for
// startup steps before it is ready and for grace steps after it was released. It
// costs O(len(need) + changes of the need).
//
// Cost(need, 0, 0) is the sum of need: the optimum of a world without start-up.
func Cost(need []int32, startup, grace int64) int64 {
	var total int64
	var ended []int64 // ended[k] = step at which level k+1 was last released; −1 = never needed yet
	last := int32(0)
	for i, n := range need {
		total += int64(n)
		for int(n) > len(ended) {
			ended = append(ended, -1)
		}
		for k := last; k < n; k++ { // levels that begin
			if ended[k] < 0 {
				total += min(int64(i), startup) // the first start, as far as it lies within
			} else {
				total += min(int64(i)-ended[k], startup+grace)
			}
		}
		for k := n; k < last; k++ { // levels that end
			ended[k] = int64(i)
		}
		last = n
	}
	for k := int(last); k < len(ended); k++ {
		total += min(int64(len(need))-ended[k], grace)
	}
	return total
}

// Plan returns how many pods the clairvoyant wants to exist, terminating ones
// excluded, at each step: those needed now, those that must start now to be ready
// in time, and those for which keeping is cheaper than starting anew.
func Plan(need []int32, startup, grace int64) []int32 {
	edges := make([]int32, len(need)+1) // differences of the plan
	span := func(from, to int64) { edges[from]++; edges[to]-- }
	var ended []int64
	last := int32(0)
	for i, n := range need {
		at := int64(i)
		for int(n) > len(ended) {
			ended = append(ended, -1)
		}
		for k := last; k < n; k++ {
			switch gap := at - ended[k]; {
			case ended[k] >= 0 && gap <= startup+grace:
				span(ended[k], at)
			default:
				span(max(0, at-startup), at)
			}
		}
		for k := n; k < last; k++ {
			ended[k] = at
		}
		edges[i] += n - last
		last = n
	}
	plan := edges[:len(need)]
	for i := 1; i < len(plan); i++ {
		plan[i] += plan[i-1]
	}
	return plan
}
