// Package monitoring_test proves that the alert rules fire when they should, on
// Prometheus's own engine, and that rules and dashboard ask for metrics that there are.
package monitoring_test

//go:generate cp rules.yaml dashboard.json ../helm/forescale/files

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/scaler/live"
	"github.com/forescale/forescale/scaler/shadow"
	"github.com/forescale/forescale/scaler/telemetry"
)

func readRules(t *testing.T) map[string]rulefmt.Rule {
	t.Helper()
	data, err := os.ReadFile("rules.yaml")
	require.NoError(t, err)
	groups, problems := rulefmt.Parse(data, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	require.Empty(t, problems)
	require.Len(t, groups.Groups, 1)
	rules := map[string]rulefmt.Rule{}
	for _, r := range groups.Groups[0].Rules {
		require.NotContains(t, rules, r.Alert)
		rules[r.Alert] = r
	}
	return rules
}

// The series of a workload, and of two replicas that export it.
const (
	labels = `namespace="shop", name="web", metric="m", job="forescale"`
	a, b   = `{` + labels + `, instance="a"}`, `{` + labels + `, instance="b"}`
)

func policy(name string) string {
	return `{` + labels + `, instance="a", policy="` + name + `"}`
}

func condition(kind, reason string) string {
	return `{namespace="shop", name="web", condition="` + kind + `", reason="` + reason + `", instance="a"}`
}

// Each case loads series, minute by minute, and says at which minutes an alert fires.
func TestAlerts(t *testing.T) {
	rules := readRules(t)
	tried := map[string]bool{}
	for name, c := range map[string]struct {
		alert string
		load  string
		quiet time.Duration // at this time it does not fire yet
		fires time.Duration // at this time it does; 0 = never, as late as quiet
	}{
		"nobody is scraped": {
			"ForescaleDown", `forescale_workloads{instance="a"} 1 _x60`, 10 * time.Minute, 20 * time.Minute,
		},
		"one of two is scraped": {
			"ForescaleDown", `forescale_workloads{instance="b"} 1x60`, 59 * time.Minute, 0,
		},
		"nobody holds the lease": {
			"ForescaleNobodyActs", "forescale_leads{instance=\"a\"} 1 0x60\nforescale_leads{instance=\"b\"} 0x60", 4 * time.Minute, 7 * time.Minute,
		},
		"the other one took over": {
			"ForescaleNobodyActs", "forescale_leads{instance=\"a\"} 1 0x60\nforescale_leads{instance=\"b\"} 0 1x60", 50 * time.Minute, 0,
		},
		"no controller at all": {
			"ForescaleNobodyActs", `forescale_workloads{instance="a"} 1x60`, 50 * time.Minute, 0,
		},
		"the query gives nothing": {
			"ForescaleNoData", "forescale_answer_failing" + a + " 0 1x60\nforescale_answer_age_seconds" + a + " 0.5x60", 5 * time.Minute, 7 * time.Minute,
		},
		"for a moment after a start": {
			"ForescaleNoData", "forescale_answer_failing" + a + " 1 1 0x60\nforescale_answer_age_seconds" + a + " 0.5x60", 40 * time.Minute, 0,
		},
		"answers become old": {
			"ForescaleNoData", "forescale_answer_failing" + b + " 0x60\nforescale_answer_age_seconds" + b + " 0+60x60", 6 * time.Minute, 9 * time.Minute,
		},
		"not in order": {
			"ForescaleCannotAct", "forescale_object_condition" + condition("Ready", "TargetNotFound") + " 0x60", 9 * time.Minute, 11 * time.Minute,
		},
		"writes fail": {
			"ForescaleCannotAct", "forescale_object_condition" + condition("Acting", "WriteFailed") + " 0x60", 9 * time.Minute, 11 * time.Minute,
		},
		"its past cannot be read": {
			"ForescaleCannotAct", "forescale_object_condition" + condition("Forecasting", "HistoryUnreadable") + " 0x60", 9 * time.Minute, 11 * time.Minute,
		},
		"paused by its user": {
			"ForescaleCannotAct", "forescale_object_condition" + condition("Acting", "TargetPaused") + " 0x60", 50 * time.Minute, 0,
		},
		"scaled to zero by its user": {
			"ForescaleCannotAct", "forescale_object_condition" + condition("Ready", "ScalingDisabled") + " 0x60", 50 * time.Minute, 0,
		},
		"in order": {
			"ForescaleCannotAct", "forescale_object_condition" + condition("Ready", "Valid") + " 1x60\nforescale_object_condition" + condition("Forecasting", "NoForecast") + " 0x60", 50 * time.Minute, 0,
		},
		"a reverter": {
			"ForescaleContested", "forescale_object_condition" + condition("Contested", "Uncontested") + " 0 _x60\nforescale_object_condition" + condition("Contested", "Reverted") + " _ 1x60", 5 * time.Minute, 7 * time.Minute,
		},
		"no reverter": {
			"ForescaleContested", "forescale_object_condition" + condition("Contested", "Uncontested") + " 0x60", 50 * time.Minute, 0,
		},
		"the forecast has lost": {
			"ForescaleForecastLost", "forescale_forecast_trusted" + a + " 1 0x100", time.Hour, 62 * time.Minute,
		},
		"on one of two replicas, which were not started together": {
			"ForescaleForecastLost", "forescale_forecast_trusted" + a + " 0x100\nforescale_forecast_trusted" + b + " 1x100", 90 * time.Minute, 0,
		},
		"short for 2 % of the time": {
			"ForescaleShort", "forescale_policy_short_seconds_total" + policy("forescale") + " 0+1.2x3000\nforescale_scored_seconds_total" + a + " 0+60x3000", 5 * time.Hour, 26 * time.Hour,
		},
		"as short as the HPA": {
			"ForescaleWorseThanReactive", "forescale_policy_short_seconds_total" + policy("forescale") + " 0+1.2x3000\nforescale_policy_short_seconds_total" + policy("hpa") + " 0+1.2x3000", 26 * time.Hour, 0,
		},
		"short for 0.5 %": {
			"ForescaleShort", "forescale_policy_short_seconds_total" + policy("forescale") + " 0+0.3x3000\nforescale_scored_seconds_total" + a + " 0+60x3000", 26 * time.Hour, 0,
		},
		"short in the first minute of all": {
			"ForescaleShort", "forescale_policy_short_seconds_total" + policy("forescale") + " 0 60x3000\nforescale_scored_seconds_total" + a + " 0+60x3000", 26 * time.Hour, 0,
		},
		"worse than an HPA": {
			"ForescaleWorseThanReactive", "forescale_policy_short_seconds_total" + policy("forescale") + " 0+1x3000\nforescale_policy_short_seconds_total" + policy("hpa") + " 0+0.5x3000", time.Hour, 26 * time.Hour,
		},
	} {
		tried[c.alert] = true
		t.Run(name, func(t *testing.T) {
			db := promqltest.LoadedStorage(t, "load 1m\n  "+strings.ReplaceAll(c.load, "\n", "\n  "))
			t.Cleanup(func() { _ = db.Close() })
			w := watch{promqltest.NewTestEngine(t, false, 5*time.Minute, 1e6), db, rules[c.alert]}
			require.False(t, w.fires(t, c.quiet), "at %s", c.quiet)
			if c.fires > 0 {
				require.True(t, w.fires(t, c.fires), "at %s", c.fires)
				w.requireLabels(t, c.fires)
			}
		})
	}
	for alert := range rules {
		require.True(t, tried[alert], "%s is tried", alert)
	}
}

// A watch evaluates one alert on stored series.
type watch struct {
	engine *promql.Engine
	db     storage.Queryable
	rule   rulefmt.Rule
}

func (w watch) at(t *testing.T, offset time.Duration) promql.Vector {
	t.Helper()
	q, err := w.engine.NewInstantQuery(context.Background(), w.db, nil, w.rule.Expr, time.Unix(0, 0).Add(offset))
	require.NoError(t, err)
	defer q.Close()
	v, err := q.Exec(context.Background()).Vector()
	require.NoError(t, err)
	require.LessOrEqual(t, len(v), 1, "one alert of one workload")
	return slices.Clone(v)
}

// fires reports whether the alert has been true each minute for as long as it has to.
func (w watch) fires(t *testing.T, offset time.Duration) bool {
	t.Helper()
	for back := time.Duration(0); back <= time.Duration(w.rule.For); back += time.Minute {
		if len(w.at(t, offset-back)) == 0 {
			return false
		}
	}
	return true
}

// requireLabels checks that the texts of the alert name labels that it has.
func (w watch) requireLabels(t *testing.T, offset time.Duration) {
	t.Helper()
	has := w.at(t, offset)[0].Metric
	for _, text := range w.rule.Annotations {
		for _, m := range regexp.MustCompile(`\$labels\.(\w+)`).FindAllStringSubmatch(text, -1) {
			require.True(t, has.Has(m[1]), "label %s of %s", m[1], has)
		}
	}
}

// What the head of the rules says makes a PrometheusRule of them does.
func TestRulesAreASpecOfPrometheusRule(t *testing.T) {
	data, err := os.ReadFile("rules.yaml")
	require.NoError(t, err)
	var object struct {
		Spec struct {
			Groups []struct {
				Rules []map[string]any `json:"rules"`
			} `json:"groups"`
		} `json:"spec"`
	}
	require.NoError(t, yaml.Unmarshal([]byte("spec:\n  "+strings.ReplaceAll(string(data), "\n", "\n  ")), &object))
	require.Len(t, object.Spec.Groups, 1)
	require.Len(t, object.Spec.Groups[0].Rules, len(readRules(t)))
}

// Rules and dashboard ask for metrics, and by labels, that forescale exports.
func TestWhatIsAskedForIsExported(t *testing.T) {
	known := exported(t)
	asked := map[string]string{}
	for name, r := range readRules(t) {
		asked[name] = r.Expr
	}
	for title, exprs := range readDashboard(t) {
		for i, e := range exprs {
			asked[title+string(rune('A'+i))] = e
		}
	}
	used := map[string]bool{}
	for where, text := range asked {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(strings.NewReplacer("$__rate_interval", "5m").Replace(text))
		require.NoError(t, err, where)
		parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
			v, ok := n.(*parser.VectorSelector)
			if !ok {
				return nil
			}
			name := v.Name
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				name = strings.TrimSuffix(name, suffix)
			}
			require.Contains(t, known, name, "%s: %s", where, text)
			used[name] = true
			for _, m := range v.LabelMatchers {
				if m.Name != model.MetricNameLabel {
					require.Contains(t, known[name], m.Name, "%s: %s", where, text)
				}
			}
			return nil
		})
	}
	for name := range known {
		if strings.HasPrefix(name, "forescale_") && name != "forescale_active" {
			require.True(t, used[name], "%s is shown or watched", name)
		}
	}
}

// readDashboard returns the queries of the dashboard by the title of their panel, those
// of its variables among them.
func readDashboard(t *testing.T) map[string][]string {
	t.Helper()
	data, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var d struct {
		Panels []struct {
			Title   string `json:"title"`
			Targets []struct {
				Expr string `json:"expr"`
			} `json:"targets"`
		} `json:"panels"`
		Templating struct {
			List []struct{ Name, Query string } `json:"list"`
		} `json:"templating"`
	}
	require.NoError(t, json.Unmarshal(data, &d))
	out := map[string][]string{}
	for _, p := range d.Panels {
		require.NotContains(t, out, p.Title)
		for _, target := range p.Targets {
			out[p.Title] = append(out[p.Title], target.Expr)
		}
	}
	for _, v := range d.Templating.List {
		if m := regexp.MustCompile(`label_values\((.*), \w+\)`).FindStringSubmatch(v.Query); m != nil {
			out["variable "+v.Name] = []string{m[1]}
		}
	}
	require.Greater(t, len(out), 10)
	return out
}

// exported returns the labels of each metric that forescale exports, those of serve and
// those of a controller.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	rpc, err := telemetry.NewRPC(reg, time.Now)
	require.NoError(t, err)
	rpc.Preload(map[string]grpc.ServiceInfo{"externalscaler.ExternalScaler": {Methods: []grpc.MethodInfo{{Name: "GetMetrics"}}}})
	_, err = telemetry.NewWorkloads(reg, one{}, time.Now)
	require.NoError(t, err)
	_, err = telemetry.NewObjects(reg, one{})
	require.NoError(t, err)
	families, err := reg.Gather()
	require.NoError(t, err)
	out := map[string][]string{}
	for _, f := range families {
		out[f.GetName()] = []string{"instance", "job"} // of the scrape
		for _, l := range f.GetMetric()[0].GetLabel() {
			out[f.GetName()] = append(out[f.GetName()], l.GetName())
		}
	}
	require.NotEmpty(t, out)
	return out
}

// one is a process with one workload and one object, of which all is known.
type one struct{}

func (one) Each(f func(live.Key, live.Answer, bool)) {
	f(live.Key{Namespace: "shop", Name: "web", Metric: "m"}, live.Answer{Value: 1, Target: 1, Observed: 1, Predicted: 1, Err: errors.New("none")}, true)
	f(live.Key{Namespace: "shop", Name: "api", Metric: "m"}, live.Answer{Value: 1, Target: 1, Observed: 1, Predicted: 1}, true)
}

func (one) Worths(f func(live.Key, live.Worth)) {
	f(live.Key{Namespace: "shop", Name: "web", Metric: "m"}, live.Worth{Tally: shadow.Tally{}, Trusted: true, Skill: 1})
}

func (one) Leads() bool { return true }

func (one) Objects(f func(telemetry.Object)) {
	f(telemetry.Object{Namespace: "shop", Name: "web", Conditions: []telemetry.Condition{{Type: "Ready", Reason: "Valid", Value: 1}}})
}
