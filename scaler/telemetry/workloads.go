package telemetry

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/forescale/forescale/scaler/live"
	"github.com/forescale/forescale/scaler/shadow"
)

// Answers lists what each workload says now, whether somebody is expected to ask for that, and
// what it has been worth.
type Answers interface {
	Each(f func(key live.Key, newest live.Answer, wanted bool))
	Worths(f func(live.Key, live.Worth))
}

// Workloads exports the newest answer of each workload, labelled by namespace,
// name and metric:
//
//	forescale_demand_observed          newest sample, unit of the metric
//	forescale_demand_predicted         forecast to provide for, same unit
//	forescale_demand_served            what is served, same unit
//	forescale_target_per_replica       demand that one replica serves, same unit
//	forescale_active                   1 unless demand is known to be idle
//	forescale_answer_failing           1 while nothing can be served, 0 else; left out while nobody asks
//	forescale_answer_age_seconds       since the tick that made the answer
//	forescale_workloads                number of workloads, without labels
//
// The score of its answers beside autoscalers without a forecast, by policy, see package
// shadow:
//
//	forescale_scored_seconds_total          time that was scored, without the label policy
//	forescale_policy_short_seconds_total    of it, with too few ready replicas
//	forescale_policy_replica_seconds_total  replicas over it
//
// The score of the forecast alone, once there is one, see package trust:
//
//	forescale_forecast_loss_ratio  its loss over that of the last value; below 1 it is the better one
//	forescale_forecast_trusted     0 while the last value stands in for it, 1 else
//
// Values that are not known are left out rather than exported as zero. It is
// safe for concurrent use.
type Workloads struct {
	answers Answers
	now     func() time.Time

	count                               *prometheus.Desc
	observed, predicted, served, target *prometheus.Desc
	active, failing, age                *prometheus.Desc
	scored, short, replicas             *prometheus.Desc
	loss, trusted                       *prometheus.Desc
}

var _ prometheus.Collector = (*Workloads)(nil)

// NewWorkloads registers the metrics of answers on reg. It returns the error of
// reg if they are registered already.
func NewWorkloads(reg prometheus.Registerer, answers Answers, now func() time.Time) (*Workloads, error) {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("forescale_"+name, help, []string{"namespace", "name", "metric"}, nil)
	}
	byPolicy := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("forescale_policy_"+name, help, []string{"namespace", "name", "metric", "policy"}, nil)
	}
	w := &Workloads{
		answers:   answers,
		now:       now,
		count:     prometheus.NewDesc("forescale_workloads", "Workloads kept.", nil, nil),
		observed:  desc("demand_observed", "Newest sample of demand, in the unit of the metric."),
		predicted: desc("demand_predicted", "Demand that the forecast asks to provide for, in the unit of the metric."),
		served:    desc("demand_served", "Demand in the answer to the autoscaler, in the unit of the metric."),
		target:    desc("target_per_replica", "Demand that one replica serves, in the unit of the metric."),
		active:    desc("active", "Whether the target is active: 0 only if demand is known to be at or under the activation threshold."),
		failing:   desc("answer_failing", "Whether there is no answer for the autoscaler: 1 while there is none."),
		age:       desc("answer_age_seconds", "Time since the tick that made the answer."),
		scored:    desc("scored_seconds_total", "Time over which the policies were compared in memory."),
		short:     byPolicy("short_seconds_total", "Time for which the policy would have had too few ready replicas."),
		loss:      desc("forecast_loss_ratio", "Loss of the forecast over that of the last value; below 1 the forecast is the better one."),
		trusted:   desc("forecast_trusted", "Whether the forecast acts: 0 while the last value stands in for it."),
		replicas:  byPolicy("replica_seconds_total", "Replicas over time that the policy would have had."),
	}
	return w, reg.Register(w)
}

// Describe implements prometheus.Collector.
func (w *Workloads) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{w.count, w.observed, w.predicted, w.served, w.target, w.active, w.failing, w.age, w.scored, w.short, w.replicas, w.loss, w.trusted} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (w *Workloads) Collect(out chan<- prometheus.Metric) {
	now, n := w.now(), 0
	w.answers.Each(func(k live.Key, a live.Answer, wanted bool) {
		n++
		gauge := func(d *prometheus.Desc, v float64) {
			if !math.IsNaN(v) {
				out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, k.Namespace, k.Name, k.Metric)
			}
		}
		served, target := a.Value, a.Target
		if a.Err != nil {
			served = math.NaN()
		}
		if target <= 0 { // not known yet
			target = math.NaN()
		}
		gauge(w.observed, a.Observed)
		gauge(w.predicted, a.Predicted)
		gauge(w.served, served)
		gauge(w.target, target)
		gauge(w.active, truth(a.Active))
		if wanted {
			gauge(w.failing, truth(a.Err != nil))
		}
		gauge(w.age, now.Sub(a.At).Seconds())
	})
	w.answers.Worths(func(k live.Key, worth live.Worth) {
		t := worth.Tally
		counter := func(d *prometheus.Desc, v float64, more ...string) {
			labels := append([]string{k.Namespace, k.Name, k.Metric}, more...)
			out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, v, labels...)
		}
		counter(w.scored, t.Scored)
		for _, p := range shadow.Policies() {
			counter(w.short, t.Standings[p].Short, p.String())
			counter(w.replicas, t.Standings[p].Replicas, p.String())
		}
		if math.IsNaN(worth.Skill) && worth.Trusted {
			return // it acts until it has lost, and has not been scored yet
		}
		out <- prometheus.MustNewConstMetric(w.trusted, prometheus.GaugeValue, truth(worth.Trusted), k.Namespace, k.Name, k.Metric)
		if !math.IsNaN(worth.Skill) {
			out <- prometheus.MustNewConstMetric(w.loss, prometheus.GaugeValue, worth.Skill, k.Namespace, k.Name, k.Metric)
		}
	})
	out <- prometheus.MustNewConstMetric(w.count, prometheus.GaugeValue, float64(n))
}

// truth is 1 for true and 0 for false.
func truth(b bool) float64 { //nolint:revive // flag-parameter: the flag is the value
	if b {
		return 1
	}
	return 0
}
