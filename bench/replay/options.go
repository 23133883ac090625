package replay

import (
	"errors"
	"fmt"
	"time"

	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/replay/requests"
)

// Options set up a replay. The zero value is the setting of the published
// figures, except that the trace is not scaled: pods of 8 slots × 80 ms, 99 % of
// the requests within 500 ms, scrapes every 15 s, rate over 60 s, start-up
// lognormal around 60 s.
type Options struct {
	Service queue.Service // zero = 8 slots of 80 ms, exponential, one central line; p99 ≤ 500 ms
	Load    Load
	Metric  Metric
	Cluster Cluster
	Clients Clients

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

// Load says how a trace becomes arrivals.
type Load struct {
	// Peak scales the trace such that its largest intensity in the judged part is
	// Peak requests/s; 0 = as it is.
	Peak float64
	// Dispersion is the variance of the arrivals of a step over their mean; 0 or 1 =
	// Poisson. More than 1 draws a gamma factor per step.
	Dispersion float64
}

// Metric is the way from the service to the policy.
type Metric struct {
	ScrapeInterval time.Duration // 0 = 15 s
	RateWindow     time.Duration // W of rate()[W]; 0 = 60 s
	Loss           float64       // probability that a scrape fails, in [0, 1)
	Outages        []Outage      // no scrape succeeds within
	Resolution     time.Duration // of metrics-server: window and distance of CPU samples; 0 = 15 s
	// PerPod takes the rate from the counters of the pods, sum(rate(…)), in place of
	// one at the ingress: it is short of what new pods serve and long of what deleted
	// ones did.
	PerPod bool
}

// Outage is a stretch of time without scrapes, counted from the start of the
// judged part.
type Outage struct{ From, Length time.Duration }

// Cluster is where the pods live.
type Cluster struct {
	Startup    Startup
	Endpoint   time.Duration // from readiness to the first request; 0 = 1 s
	Grace      time.Duration // a deleted pod is billed for so long; 0 = 30 s
	Min, Max   int32         // bounds of the replicas; 0 = 1 and 400
	ZeroMin    bool          // Min 0 means 0
	StartupCPU float64       // processor use of a pod that is not ready, share of its request
	SlowStart  SlowStart
	Nodes      *Nodes // nil = there is always room
}

// Startup is the time from the creation of a pod to its readiness: empirical if
// Observed is given, else lognormal.
type Startup struct {
	Median   time.Duration   // 0 = 60 s
	Sigma    float64         // of the logarithm; 0 = 0.25
	Fixed    bool            // always Median
	Observed []time.Duration // drawn from with equal chances; the other fields are then ignored
}

// SlowStart makes new pods serve less: cold caches, code that is not compiled yet.
type SlowStart struct {
	For   time.Duration // from the first request on; 0 = pods are at their best at once
	Share float64       // of their capacity that they have until then, in [0, 1]
}

// Nodes makes pods wait for a node when there is no room.
type Nodes struct {
	Pods      int           // that fit on one node, > 0
	Provision time.Duration // median from the first pod without room to a usable node; 0 = 60 s
	Sigma     float64       // of the logarithm of that; 0 = 0.25
	Idle      time.Duration // an empty node is returned after this; 0 = 60 s
}

// Clients say what callers do with slow answers.
type Clients struct {
	Timeout    time.Duration // a request that would wait longer fails; 0 = 10 s
	Retry      float64       // share of the failed requests that come again, in [0, 1)
	RetryAfter time.Duration // how long these take to come again; 0 = 1 s
	// Zombies makes the service work on requests whose clients have left, as real
	// servers do that do not notice: the line is not shortened by their leaving, up
	// to four timeouts of work.
	Zombies bool
}

// RequestMode makes each request an event. It costs about a fifth of a microsecond
// per request: for validation and for stretches of hours.
type RequestMode struct {
	On         bool
	Discipline requests.Discipline // how requests find a pod and are served there
	// Work draws the service time; nil = exponential around that of the Service.
	Work requests.Work
}

// filled returns o with defaults in place of zeros.
func (o Options) filled() Options {
	if o.Service == (queue.Service{}) {
		o.Service = queue.Service{Slots: 8, ServiceTime: 80 * time.Millisecond, Latency: 500 * time.Millisecond, Quantile: 0.99}
	}
	if o.Load.Dispersion == 0 {
		o.Load.Dispersion = 1
	}
	if o.Cluster.Min == 0 && !o.Cluster.ZeroMin {
		o.Cluster.Min = 1
	}
	if o.Cluster.Max == 0 {
		o.Cluster.Max = 400
	}
	if o.Cluster.Startup.Sigma == 0 {
		o.Cluster.Startup.Sigma = 0.25
	}
	if o.Budget == 0 {
		o.Budget = 0.1
	}
	if o.Requests.Work == nil {
		o.Requests.Work = requests.Exponential(o.Service.ServiceTime.Seconds())
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
		{&o.Cluster.Startup.Median, time.Minute},
		{&o.Cluster.Endpoint, time.Second},
		{&o.Cluster.Grace, 30 * time.Second},
		{&o.Clients.Timeout, 10 * time.Second},
		{&o.Clients.RetryAfter, time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	if o.Cluster.Nodes != nil {
		n := *o.Cluster.Nodes
		n.fill()
		o.Cluster.Nodes = &n
	}
	return o
}

func (n *Nodes) fill() {
	if n.Provision == 0 {
		n.Provision = time.Minute
	}
	if n.Sigma == 0 {
		n.Sigma = 0.25
	}
	if n.Idle == 0 {
		n.Idle = time.Minute
	}
}

// check returns an error if the filled options cannot be replayed.
func (o Options) check() error {
	if err := o.Service.Check(); err != nil {
		return err
	}
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
		{"Cluster.Startup.Median", o.Cluster.Startup.Median},
		{"Cluster.Endpoint", o.Cluster.Endpoint},
		{"Cluster.Grace", o.Cluster.Grace},
		{"Clients.Timeout", o.Clients.Timeout},
		{"Clients.RetryAfter", o.Clients.RetryAfter},
	} {
		if d.value <= 0 {
			return fmt.Errorf("replay: option %s is negative", d.name)
		}
	}
	return errors.Join(o.checkCluster(), o.checkLoad())
}

func (o Options) checkCluster() error {
	c := o.Cluster
	switch {
	case c.Min < 0 || c.Max < 1 || c.Min > c.Max:
		return fmt.Errorf("replay: replicas from %d to %d, want 0 ≤ min ≤ max and a max of at least 1", c.Min, c.Max)
	case c.Nodes != nil && c.Nodes.Pods < 1:
		return fmt.Errorf("replay: %d pods per node, want at least 1", c.Nodes.Pods)
	case !(c.SlowStart.Share >= 0 && c.SlowStart.Share <= 1) || c.SlowStart.For < 0:
		return fmt.Errorf("replay: a slow start at %v of the capacity for %v, want a share of at most 1 and no negative time", c.SlowStart.Share, c.SlowStart.For)
	case (15*time.Second)%o.Step != 0 || o.Step%time.Millisecond != 0:
		return fmt.Errorf("replay: step %v, want whole milliseconds that divide 15 s", o.Step)
	}
	return nil
}

func (o Options) checkLoad() error {
	switch {
	case !(o.Metric.Loss >= 0 && o.Metric.Loss < 1):
		return fmt.Errorf("replay: scrape loss %v, want a probability below 1", o.Metric.Loss)
	case !(o.Clients.Retry >= 0 && o.Clients.Retry < 1):
		return fmt.Errorf("replay: share of retries %v, want it in [0, 1)", o.Clients.Retry)
	case !(o.Load.Dispersion >= 1) || !(o.Load.Peak >= 0):
		return fmt.Errorf("replay: dispersion %v and peak %v, want at least 1 and at least 0", o.Load.Dispersion, o.Load.Peak)
	}
	return nil
}
