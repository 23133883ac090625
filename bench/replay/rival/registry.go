package rival

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/forescale/forescale/bench/replay"
)

// Tuned is the name of the HPA whose target is chosen in hindsight. It is no
// policy: see [Tune].
const Tuned = "hpa-tuned"

// ErrHindsight reports that a name stands for a choice among finished runs and
// not for a policy. The caller runs [Frontier] and applies [Tune].
var ErrHindsight = errors.New("chosen in hindsight")

// rateTargets and cpuTargets are the set-points in the report, percent.
func rateTargets() []int32 { return []int32{50, 60, 70, 80, 90} }
func cpuTargets() []int32  { return []int32{50, 60, 70, 80} }

// makers lists the rivals in the order of the report.
func makers() []func() replay.Policy {
	all := []func() replay.Policy{func() replay.Policy { return newStaticPeak() }}
	for _, p := range rateTargets() {
		all = append(all, func() replay.Policy { return newHPARate(float64(p)) })
	}
	for _, p := range cpuTargets() {
		all = append(all, func() replay.Policy { return newHPACPU(p) })
	}
	return append(all,
		func() replay.Policy { return NewKEDA(KEDASettings{}) },
		func() replay.Policy { return newKnative() },
		func() replay.Policy { return newPredictiveHPA(asShipped) },
		func() replay.Policy { return newPredictiveHPA(asIntended) },
		func() replay.Policy { return newPredictiveHPA(linearOnly) },
		func() replay.Policy { return newEffectiveHPA() },
		func() replay.Policy { return newTimes(1.2) },
		func() replay.Policy { return newPredictiveEC2() },
		func() replay.Policy { return newAutopilot() },
		func() replay.Policy { return newReact() },
		func() replay.Policy { return newHist() },
		func() replay.Policy { return newReg() },
		func() replay.Policy { return newAdapt() },
		func() replay.Policy { return newConPaaS() },
	)
}

// Names returns the names of all rivals, hpa-tuned included, in the order of the
// report.
func Names() []string {
	var names []string
	for _, m := range makers() {
		name := m().Name()
		if name == "keda" {
			names = append(names, Tuned)
		}
		names = append(names, name)
	}
	return names
}

// ByName returns a new policy of the given name. Beside the names of [Names] it
// knows hpa-rate-N and hpa-cpu-N for any target of 1 to 100 percent, times-F for any
// factor from 1 to 10, and keda-fallback-N, which asks for N replicas after more than three
// failures in a row and, with an N of 0, holds; such a policy keeps the name as it was given. The
// error lists the names if there is no such policy, and wraps [ErrHindsight] for
// [Tuned].
func ByName(name string) (replay.Policy, error) {
	if name == Tuned {
		return nil, fmt.Errorf("rival: %s is %w among the runs of hpa-rate", name, ErrHindsight)
	}
	for _, m := range makers() {
		if p := m(); p.Name() == name {
			return p, nil
		}
	}
	if p := parametrized(name); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("rival: no policy %q; there are %s", name, strings.Join(Names(), ", "))
}

// mostFallback bounds the replicas of keda-fallback-N.
const mostFallback = 1_000_000

// parametrized returns the policy of a family with the number at the end of name;
// nil if there is none.
func parametrized(name string) replay.Policy {
	family, v := split(name)
	percent, whole := within(v, 1, 100), v == math.Trunc(v)
	switch {
	case family == "hpa-rate" && percent:
		p := newHPARate(v)
		p.name = name // 70.0 and 72.345 as well, which it would round
		return p
	case family == "hpa-cpu" && percent && whole:
		p := newHPACPU(int32(v))
		p.name = name
		return p
	case family == "keda-fallback" && within(v, 0, mostFallback) && whole:
		return fallingBack(name, int32(v))
	case family == "times" && within(v, 1, 10):
		p := newTimes(v)
		p.name = name
		return p
	}
	return nil
}

// split returns a name without the number at its end, and that; NaN if there is none.
func split(name string) (family string, v float64) {
	i := strings.LastIndexByte(name, '-')
	v, err := strconv.ParseFloat(name[i+1:], 64)
	if i < 0 || err != nil {
		return name, math.NaN()
	}
	return name[:i], v
}

func within(v, least, most float64) bool { return v >= least && v <= most }

// fallingBack returns a KEDA that takes an empty result for a failure, with a fallback to so
// many replicas, or none if they are 0.
func fallingBack(name string, replicas int32) replay.Policy {
	s := KEDASettings{HonestNulls: true}
	if replicas > 0 {
		s.Fallback = &Fallback{Failures: 3, Replicas: replicas}
	}
	p := newKEDA(s)
	p.name = name
	return p
}
