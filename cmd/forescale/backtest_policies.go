package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/forescale"
	"github.com/forescale/forescale/bench/replay/rival"
	"github.com/forescale/forescale/bench/report/campaign"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/scaler/api"
)

// ours are the policies that drive the engine of serve.
func ours() []string {
	return []string{forescale.OracleName, forescale.FloorName, forescale.KedaName}
}

// ourFrontier is forescale along its knob, the quantile of the forecast that is
// provided for: what each price buys.
func ourFrontier() []string {
	return []string{forescale.FloorName + "-90", forescale.FloorName + "-98", forescale.FloorName + "-99", forescale.FloorName + "-99.5"}
}

// usual are the policies of the list "default": what people run, one of each kind
// of rival, and the bounds.
func usual() []string {
	return append([]string{
		"static-peak", "hpa-rate-50", "hpa-rate-60", "hpa-rate-70", "hpa-rate-80", "hpa-cpu-70", rival.Tuned,
		"keda", "kpa", "times-1.2", campaign.Oracle,
	}, ours()...)
}

// policyNames resolves the lists and checks the names.
func policyNames(names []string) ([]string, error) {
	var out []string
	add := func(more ...string) {
		for _, n := range more {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	for _, name := range names {
		switch name = strings.TrimSpace(name); name {
		case "default":
			add(usual()...)
		case "all":
			add(rival.Names()...)
			add(campaign.Oracle)
			add(ours()...)
			add(ourFrontier()...)
		default:
			if !known(name) {
				return nil, unknownPolicy(name)
			}
			add(name)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("--policies: none is named, want some such as default")
	}
	return out, nil
}

// everyPolicy is what --policies takes, but for the quantiles of forescale.
func everyPolicy() []string {
	return slices.Concat([]string{"default", "all"}, rival.Names(), []string{campaign.Oracle}, ours())
}

// unknownPolicy says which policies there are, and which were perhaps meant: those that
// begin so, or the one that is spelled most alike.
func unknownPolicy(name string) error {
	all := everyPolicy()
	var meant []string
	for _, n := range all {
		if strings.HasPrefix(n, name+"-") {
			meant = append(meant, n)
		}
	}
	if like := api.Like(name, all, len(name)/3); len(meant) == 0 && like != "" {
		meant = []string{like}
	}
	const few = 3
	if len(meant) > 0 && len(meant) <= few {
		return fmt.Errorf("--policies: no policy %q, did you mean %s? (there are %s)", name, strings.Join(meant, " or "), strings.Join(all, ", "))
	}
	return fmt.Errorf("--policies: no policy %q, want some of %s", name, strings.Join(all, ", "))
}

func known(name string) bool {
	if name == rival.Tuned || name == campaign.Oracle || slices.Contains(ours(), name) {
		return true
	}
	if _, err := forescale.New(name, api.Spec{}); err == nil {
		return true
	}
	_, err := rival.ByName(name)
	return err == nil
}

// policyMaker returns what makes the policies, those of forescale under spec with network.
func policyMaker(spec api.Spec, network *lstm.Network) campaign.Maker {
	return func(s *replay.Scenario, name string) (replay.Policy, error) {
		if name == forescale.OracleName {
			return forescale.NewOracle(s), nil
		}
		if p, err := forescale.New(name, spec); err == nil {
			p.Network = network
			return p, nil
		}
		return campaign.Make(s, name)
	}
}
