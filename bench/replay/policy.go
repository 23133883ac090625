package replay

import (
	"math"
	"time"

	"github.com/forescale/forescale/bench/replay/hpa"
	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/forecast"
)

// A Policy is asked at its own instants and answers what the cluster should do.
// It must be deterministic: equal observations give equal actions. A Policy
// belongs to one run at a time and is not safe for concurrent use.
type Policy interface {
	// Name is the name under which the report lists the policy.
	Name() string

	// Reset forgets everything and prepares for a run. It is called before each run.
	Reset(c Config)

	// Period is the time between two calls of Decide: 15 s for an HPA, 2 s for a
	// KPA. It is read once, after Reset, and must be a positive multiple of 1 ms.
	// The first call comes after a random part of the period, the same for each
	// policy of that period.
	Period() time.Duration

	// Decide answers for now, in UTC; calls come in order of time.
	Decide(now time.Time, o Observation) Action
}

// Fallible is a [Policy] that may fail to prepare for a run, as one that fits a
// model does. A run begins only if Err is nil after Reset, and else returns it.
type Fallible interface {
	Policy

	Err() error
}

// A Fitting is a [Policy] that fits a model before a run and goes on without one if
// that fails, as forescale does in a cluster. Unfitted then returns why; nil if there is a
// model.
type Fitting interface {
	Policy

	Unfitted() error
}

// Config holds what a policy may know before it runs: what an operator would
// configure, and the history of the metric.
type Config struct {
	Start time.Time // of the run; the first call of Decide comes within one period of it

	Capacity    float64         // requests/s at which one pod is 100 % busy: Slots / ServiceTime
	Slots       int             // requests that one pod serves at once
	ServiceTime time.Duration   // mean time of one request on one slot
	Variation   float64         // coefficient of variation of that time, which is then lognormal; 0 = exponential
	Balancing   queue.Balancing // how requests find a pod
	Objective   Objective       // what the service promises

	Min, Max int32 // bounds of the replica count; Min may be 0
	Replicas int32 // spec.replicas at Start, all ready; at least 1

	Startup    time.Duration // median from the creation of a pod to its readiness
	StartupP90 time.Duration // nine pods in ten are ready within this

	ScrapeInterval time.Duration // of the metric
	RateWindow     time.Duration // W of rate()[W]

	// History is Observation.Rate before Start as a controller would backfill it:
	// cells of one minute, each the query at its end, NaN where that was empty. It
	// ends at the last whole minute before Start, may be empty, and must not be
	// changed.
	History forecast.Series
}

// Objective is a latency objective: Quantile of the requests take at most Latency.
type Objective struct {
	Quantile float64       // in (0, 1), as 0.99
	Latency  time.Duration // > 0
}

// Observation is what a policy sees at the instant of a decision. Nothing in it
// lies in the future, and nothing in it is exact where a real cluster is not.
type Observation struct {
	Rate   float64 // requests/s: rate()[W] of the ingress counter, queried now; NaN when the result is empty
	RateOK bool    // whether Rate is a number

	Replicas int32 // spec.replicas now
	Ready    int32 // pods that take traffic now; those that terminate do not count

	CPU      float64 // mean use of the ready pods that have metrics, 0 to 1 of the request; NaN if none has
	InFlight float64 // requests in the service, queued ones included, averaged since the last Decide
	Arrivals float64 // requests/s that came in since the last Decide, exact: what a proxy in the path of the requests counts
	Latency  float64 // seconds: the quantile of the objective at the last scrape; NaN when that scrape was lost

	// Pods returns the pods as the pods API and metrics-server show them, oldest
	// first and those that terminate included, ready for a metric of package hpa:
	// usage and request in milli-cores, one core per slot. The slice is reused by
	// the next call. It is nil in a hand-made Observation.
	Pods func() []hpa.Pod
}

// Action is the answer of a policy. Start from [Hold] and set what should
// change: the zero Action scales to zero.
type Action struct {
	Replicas int32 // sets spec.replicas now, within [Config.Min, Config.Max]; −1 leaves it
	Floor    int32 // minReplicas of the HPA underneath, kept until changed; −1 leaves it

	// Metric and Target are the external metric (AverageValue) that the HPA
	// underneath reads at its next syncs, kept until the next answer. A NaN metric
	// is an error of the scaler: the HPA then holds. They are read only if the
	// policy has an HPA with External set.
	Metric float64
	Target float64

	// For the picture only, in requests/s; NaN = none. Forecast is what the policy
	// provides for, one lead time ahead. Low and High bound the forecast of the load
	// at that instant: nine cases in ten lie above Low, nine in ten below High.
	Forecast, Low, High float64
}

// Hold returns the action that leaves everything as it is.
func Hold() Action {
	none := math.NaN()
	return Action{Replicas: -1, Floor: -1, Metric: none, Forecast: none, Low: none, High: none}
}

// Scale returns the action that sets spec.replicas to n.
func Scale(n int32) Action {
	a := Hold()
	a.Replicas = n
	return a
}

// Over is a [Policy] that acts through a HorizontalPodAutoscaler, which the
// simulator then runs beneath it at slots of 15 s with a random phase.
type Over interface {
	Policy

	// Underneath describes that HPA. It is read once, after Reset. Its bounds are
	// those of the Config; its minReplicas is the last Floor, at first Config.Min, and at
	// least 1 unless Gates.Zero is set. It does nothing at 0 replicas: who goes there, as
	// KEDA does, has to come back by itself.
	Underneath() HPA
}

// HPA describes the metrics and version of a HorizontalPodAutoscaler underneath
// a policy. Of several metrics the largest proposal wins.
type HPA struct {
	RatePerPod float64 // AverageValue of the ingress rate, requests/s per pod; 0 = not a metric of this HPA
	CPUPercent int32   // target of the mean use of processors; 0 = not a metric of this HPA
	External   bool    // reads Action.Metric and Action.Target, as behind KEDA

	// EmptyIsZero makes an empty rate read as 0, as the Prometheus scaler of KEDA
	// does unless told otherwise; else an empty rate is an error of the metric.
	EmptyIsZero bool

	// Settings of the controller and the behavior; the zero value is a controller
	// with its default flags and an HPA without a behavior. With Gates.Prompt a
	// changed floor acts at once, else it waits for the next slot.
	Settings hpa.Settings
}
