package scaler_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
)

// A decision script is text that an operator can read and extend:
//
//	scale min=2 max=20 target=100 lead=1m calm=10m behavior stabilization=5m up=4pods/15s down=10%/60s tolerance=0.1
//	at 0s  demand=1000           -> 10 DesiredWithinRange
//	at 1m  demand=300 current=12 -> 10 ScaleDownStabilized
//	at 2m  demand=? forecast=800 -> 10 NoData
//	restart
//
// A line scale starts anew with min=1, no max, target=1 and lead=60s; any of
// behavior, stabilization, stabilization-up, up, down and tolerance sets the
// behavior of autoscaling/v2. The current count is that of the former decision
// unless given. The last word is the reason; several words joined by > are the
// whole trail.
type script struct {
	spec    api.ScaleSpec
	target  float64
	lead    time.Duration
	calm    time.Duration
	state   scaler.State
	current int32
	fresh   bool
}

var epoch = time.Date(2026, time.March, 2, 8, 0, 0, 0, time.UTC)

func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			var s script
			for i, line := range strings.Split(string(text), "\n") {
				line, _, _ = strings.Cut(line, "#")
				words := strings.Fields(line)
				if len(words) == 0 {
					continue
				}
				s.run(t, fmt.Sprintf("%s:%d: %s", file, i+1, line), words)
			}
		})
	}
}

func (s *script) run(t *testing.T, where string, words []string) {
	t.Helper()
	switch words[0] {
	case "scale":
		*s = script{target: 1, lead: time.Minute, fresh: true}
		for _, w := range words[1:] {
			s.set(t, where, w)
		}
	case "restart":
		s.state, s.fresh = scaler.State{}, true
	case "at":
		s.at(t, where, words[1:])
	default:
		t.Fatalf("%s: want scale, at or restart", where)
	}
}

func (s *script) set(t *testing.T, where, word string) {
	t.Helper()
	key, value, _ := strings.Cut(word, "=")
	if slices.Contains([]string{"behavior", "stabilization", "stabilization-up", "tolerance", "up", "down"}, key) && s.spec.Behavior == nil {
		s.spec.Behavior = &api.Behavior{ScaleUp: &api.ScalingRules{}, ScaleDown: &api.ScalingRules{}}
	}
	switch key {
	case "min":
		s.spec.MinReplicas = new(int32(number(t, where, value)))
	case "max":
		s.spec.MaxReplicas = int32(number(t, where, value))
	case "target":
		s.target = number(t, where, value)
	case "lead":
		s.lead = span(t, where, value)
	case "calm":
		s.calm = span(t, where, value)
	case "activation":
		s.spec.ActivationThreshold = api.Number(number(t, where, value))
	case "behavior":
	case "stabilization":
		s.spec.Behavior.ScaleDown.StabilizationWindowSeconds = new(int32(span(t, where, value).Seconds()))
	case "stabilization-up":
		s.spec.Behavior.ScaleUp.StabilizationWindowSeconds = new(int32(span(t, where, value).Seconds()))
	case "tolerance":
		s.spec.Behavior.ScaleUp.Tolerance = new(api.Number(number(t, where, value)))
		s.spec.Behavior.ScaleDown.Tolerance = s.spec.Behavior.ScaleUp.Tolerance
	case "up":
		policies(t, where, value, s.spec.Behavior.ScaleUp)
	case "down":
		policies(t, where, value, s.spec.Behavior.ScaleDown)
	default:
		t.Fatalf("%s: unknown setting %q", where, key)
	}
}

// policies reads 4pods/15s,100%/60s, optionally led by least: for selectPolicy
// Min, or the word disabled.
func policies(t *testing.T, where, value string, r *api.ScalingRules) {
	t.Helper()
	if value == "disabled" {
		r.SelectPolicy = "Disabled"
		return
	}
	if rest, ok := strings.CutPrefix(value, "least:"); ok {
		r.SelectPolicy, value = "Min", rest
	}
	for one := range strings.SplitSeq(value, ",") {
		amount, period, ok := strings.Cut(one, "/")
		require.True(t, ok, where)
		p := api.ScalingPolicy{Type: "Pods", PeriodSeconds: int32(span(t, where, period).Seconds())}
		if n, ok := strings.CutSuffix(amount, "%"); ok {
			p.Type, amount = "Percent", n
		}
		p.Value = int32(number(t, where, strings.TrimSuffix(amount, "pods")))
		r.Policies = append(r.Policies, p)
	}
}

func (s *script) at(t *testing.T, where string, words []string) {
	t.Helper()
	in := scaler.Input{Now: epoch.Add(span(t, where, words[0])), Current: s.current, Demand: scaler.Unknown(), LeadTime: s.lead, Calm: s.calm}
	i, given := 1, false
	for ; i < len(words) && words[i] != "->"; i++ {
		key, value, _ := strings.Cut(words[i], "=")
		if value == "?" {
			continue
		}
		switch v := number(t, where, value); key {
		case "demand":
			in.Demand.Observed = v
		case "forecast":
			in.Demand.Predicted = v
		case "burst":
			in.Passing = int32(v)
		case "guard":
			in.Guard = int32(v)
		case "limit":
			in.Limit = int32(v)
		case "current":
			in.Current, given = int32(v), true
		default:
			t.Fatalf("%s: unknown input %q", where, key)
		}
	}
	require.Len(t, words, i+3, "%s: want -> count reason", where)
	in.Desired = scaler.Replicas(in.Demand.Need(), s.target)
	if s.fresh && !given { // a script that does not say starts where it should be
		in.Current = max(in.Desired, 0)
	}
	s.fresh = false
	before := s.state
	d, next := scaler.Decide(s.spec, s.state, in)
	require.Equal(t, before, s.state, "%s: the state was changed in place", where)
	require.Equal(t, words[i+1], strconv.Itoa(int(d.Replicas)), "%s: trail %v", where, d.Trail())
	if trail := strings.Split(words[i+2], ">"); len(trail) > 1 {
		var got []string
		for _, step := range d.Trail() {
			got = append(got, string(step.Rule))
		}
		require.Equal(t, trail, got, where)
	} else {
		require.Equal(t, words[i+2], string(d.Reason), "%s: trail %v", where, d.Trail())
	}
	requireReplays(t, where, scaler.Record{Spec: s.spec, State: s.state, Input: in, Decision: d}, next)
	s.state, s.current = next, d.Replicas
}

func number(t *testing.T, where, text string) float64 {
	t.Helper()
	if text == "huge" {
		return math.MaxFloat64
	}
	v, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err, where)
	return v
}

func span(t *testing.T, where, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	require.NoError(t, err, where)
	return d
}
