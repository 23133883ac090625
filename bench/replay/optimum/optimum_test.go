package optimum_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/optimum"
)

func TestCost(t *testing.T) {
	for name, c := range map[string]struct {
		need           []int32
		startup, grace int64
		want           int64
	}{
		"no delay: the need itself":               {[]int32{0, 2, 1, 3}, 0, 0, 6},
		"first start and last end":                {[]int32{0, 0, 0, 1, 0, 0, 0}, 2, 1, 1 + 2 + 1},
		"first start cut off at the border":       {[]int32{0, 1, 1}, 5, 1, 2 + 1},
		"last end cut off at the border":          {[]int32{1, 0}, 0, 5, 2},
		"a short gap is kept":                     {[]int32{1, 0, 0, 1}, 2, 1, 4},
		"a gap as long as start and end is even":  {[]int32{1, 0, 0, 0, 1}, 2, 1, 2 + 3},
		"a long gap is released":                  {[]int32{1, 0, 0, 0, 0, 0, 1}, 2, 1, 2 + 3},
		"levels are apart: only the second falls": {[]int32{2, 1, 1, 1, 1, 1, 2}, 1, 1, 9 + 2},
		"nothing needed":                          {[]int32{0, 0}, 3, 3, 0},
	} {
		require.Equal(t, c.want, optimum.Cost(c.need, c.startup, c.grace), name)
	}
}

// brute finds the cheapest of all schedules: a fresh decision at each step how
// many pods start, serve and end, as a shortest path over the pods' states.
func brute(need []int32, startup, grace int) int64 {
	// A state is the ages of up to four pods: 0 gone, 1…startup starting (done at
	// startup), then serving, then grace steps of ending. Pods start before the
	// interval for nothing, so each begins in any state.
	const pods = 4
	serving := startup + 1 // state number; serving+1 … serving+grace end
	next := func(s int) []int {
		switch {
		case s == 0:
			if startup == 0 {
				return []int{0, serving}
			}
			return []int{0, 1}
		case s < startup:
			return []int{s + 1}
		case s == startup && startup > 0:
			return []int{serving}
		case s == serving && grace > 0:
			return []int{serving, serving + 1}
		case s == serving:
			out := []int{serving, 0}
			if startup > 0 {
				out = append(out, 1)
			}
			return out
		case s < serving+grace:
			return []int{s + 1}
		case startup == 0:
			return []int{0, serving}
		}
		return []int{0, 1}
	}
	type state [pods]int
	cost := func(s state, n int32) (int64, bool) {
		var billed int64
		ready := int32(0)
		for _, p := range s {
			if p != 0 {
				billed++
			}
			if p == serving {
				ready++
			}
		}
		return billed, ready >= n
	}
	best := map[state]int64{}
	var all func(s state, i int, visit func(state), choose func(int) []int)
	all = func(s state, i int, visit func(state), choose func(int) []int) {
		if i == pods {
			visit(s)
			return
		}
		for _, p := range choose(i) {
			if i > 0 && p < s[i-1] && choose(i)[0] == 0 && len(choose(i)) > 4 {
				continue // pods are alike: ascending is enough at the start
			}
			s[i] = p
			all(s, i+1, visit, choose)
		}
	}
	first := make([]int, serving+grace+1)
	for i := range first {
		first[i] = i
	}
	all(state{}, 0, func(s state) {
		if c, ok := cost(s, need[0]); ok {
			best[s] = c
		}
	}, func(int) []int { return first })
	for _, n := range need[1:] {
		then := map[state]int64{}
		for s, c := range best {
			all(state{}, 0, func(to state) {
				step, ok := cost(to, n)
				if old, seen := then[to]; ok && (!seen || c+step < old) {
					then[to] = c + step
				}
			}, func(i int) []int { return next(s[i]) })
		}
		best = then
	}
	least := int64(1 << 60)
	for _, c := range best {
		least = min(least, c)
	}
	return least
}

func TestCostEqualsBruteForce(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 0))
	for i := range 120 {
		need := make([]int32, 2+rng.IntN(11))
		for j := range need {
			need[j] = rng.Int32N(5)
		}
		startup, grace := rng.IntN(3), rng.IntN(3)
		require.Equal(t, brute(need, startup, grace), optimum.Cost(need, int64(startup), int64(grace)),
			"case %d: need %v, start-up %d, grace %d", i, need, startup, grace)
	}
}

// The plan, billed as the cluster bills it, costs what Cost returns, and is always ready.
func TestPlanCostsWhatCostSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 0))
	for range 500 {
		need := make([]int32, 30)
		for j := range need {
			need[j] = max(0, rng.Int32N(8)-3)
		}
		startup, grace := rng.Int64N(5), rng.Int64N(4)
		plan := optimum.Plan(need, startup, grace)
		var billed int64
		for i, n := range plan {
			require.GreaterOrEqual(t, n, need[i])
			billed += int64(n)
			if i > 0 && n < plan[i-1] {
				billed += int64(plan[i-1]-n) * min(grace, int64(len(plan)-i))
			}
		}
		require.Equal(t, optimum.Cost(need, startup, grace), billed, fmt.Sprint(need, startup, grace, plan))
	}
}
