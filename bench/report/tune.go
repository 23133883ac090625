package report

import (
	"slices"
	"strings"

	"github.com/forescale/forescale/bench/replay/rival"
)

const tuned = rival.Tuned

// tune returns the runs of hpa-tuned: per trace those of the hpa-rate that
// [rival.Tune] picks by the means over the seeds, under another name.
func tune(runs []Run, budget float64) []Run {
	var out []Run
	for _, trace := range names(runs, func(r Run) string { return r.Trace }) {
		var frontier []rival.Outcome
		for _, policy := range names(runs, func(r Run) string { return r.Policy }) {
			if !strings.HasPrefix(policy, "hpa-rate-") {
				continue
			}
			if of := pick(runs, trace, policy); len(of) > 0 {
				frontier = append(frontier, rival.Outcome{
					Policy:        policy,
					ViolatingTime: mean(of, func(r Run) float64 { return r.ViolatingTime }),
					ReplicaHours:  mean(of, func(r Run) float64 { return r.ReplicaHours }),
				})
			}
		}
		best, ok := rival.Tune(frontier, budget)
		if !ok {
			continue
		}
		for _, run := range pick(runs, trace, best.Policy) {
			run.TunedTo, run.Policy = run.Policy, tuned
			out = append(out, run)
		}
	}
	return out
}

// pick returns the runs of a policy on a trace, one per seed.
func pick(runs []Run, trace, policy string) []Run {
	var out []Run
	for _, r := range runs {
		if r.Trace == trace && r.Policy == policy {
			out = append(out, r)
		}
	}
	return out
}

// names returns the distinct names of runs in the order of their first occurrence.
func names(runs []Run, name func(Run) string) []string {
	var out []string
	for _, r := range runs {
		if n := name(r); !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

func mean(runs []Run, of func(Run) float64) float64 {
	sum := 0.0
	for _, r := range runs {
		sum += of(r)
	}
	return sum / float64(len(runs))
}
