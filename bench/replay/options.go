package replay

import (
	"errors"
	"fmt"
	"time"

	"github.com/forescale/forescale/bench/replay/pods"
	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/replay/service"
)

// Options set up a replay. The zero value is the setting of the published
// figures, except that the trace is not scaled: pods of 8 slots × 80 ms, 99 % of
// the requests within 500 ms, scrapes every 15 s, rate over 60 s, start-up
// lognormal around 60 s.
type Options struct {
	Service queue.Service // zero = 8 slots of 80 ms, exponential, one central queue; p99 ≤ 500 ms
	Metric  Metric
	Cluster Cluster
	Clients Clients

	// Peak scales the trace such that its largest intensity in the judged part is
	// Peak requests/s; 0 = as it is. The counting noise of the source grows by the same
	// factor, where a real load of that size has only its root: a trace of a few events per
	// second scaled to thousands is mostly noise, unless it is smoothed before.
	Peak float64

	// Dispersion is the variance of the arrivals of a step over their mean; 0 or 1 =
	// Poisson. More than 1 draws a gamma factor per step.
	Dispersion float64

	// Warmup is the least part of the trace that goes before the score: history for
	// the policies, not judged. 0 = a quarter of the trace, at most 7 days.
	Warmup time.Duration
	// Score is the most that is judged, at the end of the trace. 0 = 14 days.
	Score time.Duration
	// Settle is how long a policy runs before it is judged, so that its state does
	// not depend on how it began. 0 = 30 minutes, or half the warm-up if that is shorter.
	Settle time.Duration

	Step     time.Duration // of load and queue, a divisor of 15 s; 0 = 1 s
	Requests RequestMode   // zero = fluid mode
	Timeline time.Duration // distance of the points of Result.Timeline; 0 = none

	// Budget is the share of violating time that the error-budget gap is measured
	// against, in percent; 0 = 0.1.
	Budget float64

	// Seed decides all that is random. Each purpose has a stream of its own, so
	// that one more start-up does not change the arrivals.
	Seed uint64
}

// Metric is the way from the service to the policy.
type Metric struct {
	ScrapeInterval time.Duration // 0 = 15 s
	RateWindow     time.Duration // W of rate()[W]; 0 = 60 s
	Loss           float64       // probability that a scrape fails, in [0, 1)
	Outages        []Outage      // no scrape succeeds within
	Resolution     time.Duration // of metrics-server: window and distance of CPU samples; 0 = 15 s
	// PerPod takes the rate from the counters of the pods, sum(rate(…)), in place of
	// one at the ingress. It misses requests of new pods, and still counts those of
	// deleted ones for a while.
	PerPod bool
}

// Outage is a stretch of time without scrapes, counted from the start of the
// judged part.
type Outage struct{ From, Length time.Duration }

// Cluster says how pods live.
type Cluster = pods.Settings

// Startup says how long pods take to be ready.
type Startup = pods.Startup

// SlowStart says what pods serve at first.
type SlowStart = pods.SlowStart

// Nodes says what pods wait for.
type Nodes = pods.Nodes

// Clients says what callers do with slow answers.
type Clients = service.Clients

// RequestMode plays requests one by one.
type RequestMode = service.RequestMode

// Latencies are quantiles of the response time.
type Latencies = service.Latencies

// serving returns the settings of the service.
func (o Options) serving() service.Settings {
	return service.Settings{Queue: o.Service, Clients: o.Clients, Step: o.Step, Requests: o.Requests}
}

// filled returns o with defaults in place of zeros.
func (o Options) filled() Options {
	if o.Dispersion == 0 {
		o.Dispersion = 1
	}
	if o.Budget == 0 {
		o.Budget = 0.1
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.Score, 14 * 24 * time.Hour},
		{&o.Step, time.Second},
		{&o.Metric.ScrapeInterval, 15 * time.Second},
		{&o.Metric.RateWindow, time.Minute},
		{&o.Metric.Resolution, 15 * time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	o.Cluster = o.Cluster.Filled()
	filled := o.serving().Filled()
	o.Service, o.Clients, o.Requests = filled.Queue, filled.Clients, filled.Requests
	return o
}

// check returns an error if the filled options cannot be replayed.
func (o Options) check() error {
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"Step", o.Step},
		{"Score", o.Score},
		{"Warmup", o.Warmup + 1},
		{"Settle", o.Settle + 1},
		{"Timeline", o.Timeline + 1},
		{"Metric.ScrapeInterval", o.Metric.ScrapeInterval},
		{"Metric.RateWindow", o.Metric.RateWindow},
		{"Metric.Resolution", o.Metric.Resolution},
	} {
		if d.value <= 0 {
			return fmt.Errorf("replay: option %s is negative", d.name)
		}
	}
	switch {
	case (15*time.Second)%o.Step != 0 || o.Step%time.Millisecond != 0:
		return fmt.Errorf("replay: step %v, want whole milliseconds that divide 15 s", o.Step)
	case min(o.Metric.ScrapeInterval, o.Metric.RateWindow, o.Metric.Resolution) < time.Millisecond: // instants are milliseconds
		return fmt.Errorf("replay: scrapes every %v, a rate over %v and samples of processors every %v, want at least 1ms each",
			o.Metric.ScrapeInterval, o.Metric.RateWindow, o.Metric.Resolution)
	case !(o.Metric.Loss >= 0 && o.Metric.Loss < 1):
		return fmt.Errorf("replay: scrape loss %v, want a probability below 1", o.Metric.Loss)
	case !(o.Dispersion >= 1) || !(o.Peak >= 0):
		return fmt.Errorf("replay: dispersion %v and peak %v, want at least 1 and at least 0", o.Dispersion, o.Peak)
	}
	return errors.Join(o.serving().Check(), o.Cluster.Check())
}
