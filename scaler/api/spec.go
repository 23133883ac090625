package api

// Spec says what to forecast, how to turn the forecast into replicas, and
// whether to act. The zero value of each optional field means its default, which
// [Spec.Default] fills in.
type Spec struct {
	// Metric is the demand: where it comes from and on which grid it is read.
	Metric MetricSpec `json:"metric"`

	// Forecast is how demand is forecast. Left out, the model, the seasons and the
	// horizon are chosen from the data.
	Forecast ForecastSpec `json:"forecast,omitzero"`

	// Scale is how demand becomes replicas.
	Scale ScaleSpec `json:"scale"`

	// +kubebuilder:validation:Enum=Active;Shadow;Paused
	// +kubebuilder:default=Active

	// Mode is Active (act), Shadow (do everything but act, and keep score) or
	// Paused (release what is held and do nothing). Default Active.
	Mode Mode `json:"mode,omitempty"`
}

// Mode says whether decisions are acted on.
type Mode string

// The modes of a workload.
const (
	Active Mode = "Active" // decide and act
	Shadow Mode = "Shadow" // decide, keep score, do not act
	Paused Mode = "Paused" // release what is held, do nothing
)

// MetricSpec is the demand series: load that the target must carry, whatever
// its replica count. A rate of requests is demand; a utilization per replica is
// not, because it answers to the scaler itself.
type MetricSpec struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=65536

	// Query is PromQL that yields exactly one series: the demand, summed over
	// replicas, such as sum(rate(http_requests_total{job="web"}[1m])).
	Query string `json:"query"`

	// LatencyQuery is PromQL that yields exactly one series: the latency quantile
	// of scale.latencyObjective in seconds. Used to learn the capacity of a
	// replica and to pace the error budget; never to steer directly.
	LatencyQuery string `json:"latencyQuery,omitempty"`

	// ReplicasQuery is PromQL that yields exactly one series: the number of ready
	// replicas. Needed to learn capacity, and for the error budget, where no
	// Kubernetes API tells.
	ReplicasQuery string `json:"replicasQuery,omitempty"`

	// +kubebuilder:default="60s"
	// +kubebuilder:validation:XValidation:rule="!self.matches('^([0-9]+([.][0-9]+)?(ns|us|ms|s|m|h))+$') ? false : duration(self) >= duration('1s') && duration(self) <= duration('1h') && duration('24h').getMilliseconds() % duration(self).getMilliseconds() == 0",message="want a step of 1s to 1h that divides a day, such as 15s, 1m or 5m"

	// Step is the cell of the grid that the model runs on, 1s to 1h. Default 60s.
	// The window of a rate() in the query should equal it.
	Step Duration `json:"step,omitempty"`

	// +kubebuilder:default="14d"
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{1,3}d$') ? int(self.substring(0, self.size() - 1)) <= 400 : !self.matches('^[0-9]{4,}d') && !self.matches('^[0-9]{3,}w')",message="want at most 400d"

	// History is how far back the model is fitted, at least ten steps. Default 14d.
	History Duration `json:"history,omitempty"`

	// +kubebuilder:default="5m"
	// +kubebuilder:validation:XValidation:rule="self == '1d' || !self.matches('[wd]') && (!self.matches('^([0-9]+([.][0-9]+)?(ns|us|ms|s|m|h))+$') || duration(self) >= duration('1s') && duration(self) <= duration('24h'))",message="want 1s to 24h"

	// TTL is how long the last good answer is served when no data come, before an
	// error makes the HPA hold or KEDA fall back. Default 5m.
	TTL Duration `json:"ttl,omitempty"`
}

// ForecastSpec is how demand is forecast. At most one of Buffer, Risk,
// MissingReplicaCost, ViolationTarget and Average may be given: they are five ways
// to state one margin.
type ForecastSpec struct {
	// +kubebuilder:validation:Enum=auto;naive;seasonal-naive;drift;holt-winters;holt-winters-multiplicative;holt-winters-double;regress;lstm

	// Model is a forecasting method by name, or auto for the pool that learns
	// which one to believe. Default auto.
	Model string `json:"model,omitempty"`

	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:Pattern=`^(auto|none|([0-9]+w)?([0-9]+d)?([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))*(,([0-9]+w)?([0-9]+d)?([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))*)*)$`

	// Seasons are the periods of the series, such as "1d,7d", or auto to find them
	// in the data. Default auto.
	Seasons Seasons `json:"seasons,omitempty"`

	// Horizon is how far the forecast reaches, or auto. It always covers the sum of
	// the lead time, metric.ttl and two steps, and at least ten steps. Decisions use
	// it up to one step beyond the lead time; the rest is only shown.
	Horizon AutoDuration `json:"horizon,omitzero"`

	// TimeZone is the IANA name of the zone whose wall clock the seasons follow,
	// such as Europe/Berlin. Default UTC.
	TimeZone string `json:"timeZone,omitempty"`

	// +kubebuilder:validation:XValidation:rule="!self.matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') || double(self) >= 1.0",message="want a number from 1"

	// Buffer multiplies the median forecast, such as "1.2". It is the simple rule
	// that users of other tools know; a quantile is nearly always cheaper.
	Buffer Number `json:"buffer,omitempty"`

	// Risk is the quantile of the forecast to provide for, above 0 and below 1:
	// "0.95" runs short in one of twenty cases. Default "0.95" without a latency
	// objective.
	Risk Number `json:"risk,omitempty"`

	// +kubebuilder:validation:XValidation:rule="!self.matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') || double(self) >= 1.0",message="want a number from 1"

	// MissingReplicaCost is the cost of a missing replica, in idle replicas. A cost
	// of k provides for the quantile k/(k+1): "19" is a risk of "0.95".
	MissingReplicaCost Number `json:"missingReplicaCost,omitempty"`

	// +kubebuilder:validation:XValidation:rule="!self.matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') || double(self) > 0.0 && double(self) < 1.0",message="want a number above 0 and below 1, such as \"0.001\""

	// ViolationTarget is the share of time for which the latency objective may be
	// missed, such as "0.001". The quantile is then paced by the error budget.
	// Needs scale.latencyObjective, with which the default is "0.001".
	ViolationTarget Number `json:"violationTarget,omitempty"`

	// Average provides for the whole distribution of the forecast instead of one
	// quantile: the replicas keep scale.latencyObjective on average over the
	// distribution. There is no other margin. Needs scale.service.
	Average bool `json:"average,omitempty"`

	// +kubebuilder:validation:MaxItems=256

	// Events are known exceptions to the pattern.
	Events []Event `json:"events,omitempty"`
}

// +kubebuilder:validation:XValidation:rule="[has(self.multiplier), has(self.add), has(self.learn) && self.learn].filter(x, x).size() == 1",message="want exactly one of multiplier, add and learn"

// Event is a known exception, one-off or recurring. Exactly one of Multiplier,
// Add and Learn says what it does to demand.
type Event struct {
	// Name is what explanations call the event.
	Name string `json:"name"`

	// +kubebuilder:validation:Format=date-time

	// Start is the first instant, RFC 3339, such as 2026-11-27T08:00:00Z.
	Start string `json:"start"`

	// Duration is how long the event lasts.
	Duration Duration `json:"duration"`

	// Every is the period of a recurring event, at least Duration and one minute.
	// Left out, the event happens once.
	Every Duration `json:"every,omitempty"`

	// +kubebuilder:validation:XValidation:rule="!self.matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') || double(self) > 0.0",message="want a number above 0, such as \"3\""

	// Multiplier scales the forecast during the event, such as "3".
	Multiplier Number `json:"multiplier,omitempty"`

	// Add raises the forecast during the event, in the unit of the metric.
	Add Number `json:"add,omitempty"`

	// Learn takes the effect from the last occurrence of a recurring event.
	Learn bool `json:"learn,omitempty"`
}

// ScaleSpec is how demand becomes replicas. TargetPerReplica or
// LatencyObjective must be given; with both, the target serves until the
// capacity under the objective has been learned.
type ScaleSpec struct {
	// TargetPerReplica is the demand that one ready replica serves, in the unit of
	// the metric, such as "50", whatever the number of replicas.
	TargetPerReplica Number `json:"targetPerReplica,omitempty"`

	// LatencyObjective is the latency that must hold.
	LatencyObjective *LatencyObjective `json:"latencyObjective,omitempty"`

	// Service describes one replica as a queue, in place of targetPerReplica. The
	// count is then the least that keeps latencyObjective by a queueing formula, in
	// which many replicas may carry more each than few. What is learned from latency
	// corrects it.
	Service *ServiceSpec `json:"service,omitempty"`

	// +kubebuilder:validation:Minimum=0

	// MinReplicas is the lower bound of the decision, at least 0. Default 1. The
	// bounds of the HPA or the ScaledObject apply as well.
	MinReplicas *int32 `json:"minReplicas,omitempty"`

	// +kubebuilder:validation:Minimum=0

	// MaxReplicas is the upper bound of the decision. Default: the maximum of the
	// target, an HPA or a ScaledObject; in a trigger of KEDA, none.
	MaxReplicas int32 `json:"maxReplicas,omitempty"`

	// +kubebuilder:validation:XValidation:rule="!self.matches('[wd]') && (!self.matches('^([0-9]+([.][0-9]+)?(ns|us|ms|s|m|h))+$') || duration(self) >= duration('1s') && duration(self) <= duration('1h'))",message="want auto or 1s to 1h"

	// LeadTime is how long a decision takes to become a ready replica, or auto to
	// measure it on the target's pods. Default auto.
	LeadTime AutoDuration `json:"leadTime,omitzero"`

	// +kubebuilder:validation:XValidation:rule="!self.matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') || double(self) >= 0.0",message="want 0 or more"

	// ActivationThreshold is the demand above which the target is active. Default
	// 0: any demand activates it.
	ActivationThreshold Number `json:"activationThreshold,omitempty"`

	// ScaleDown says what may lower a count.
	ScaleDown ScaleDownSpec `json:"scaleDown,omitzero"`

	// Behavior limits the speed of changes, with the fields and defaults of
	// autoscaling/v2. Where an HPA stands behind the decision, its own behavior
	// applies and this one should be left out.
	Behavior *Behavior `json:"behavior,omitempty"`
}

// LatencyObjective is the promise to keep: a quantile of latency and its bound.
type LatencyObjective struct {
	// +kubebuilder:validation:XValidation:rule="!self.matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') || double(self) > 0.0 && double(self) < 1.0",message="want a number above 0 and below 1, such as \"0.95\""

	// Quantile of latency, above 0 and below 1, such as "0.95".
	Quantile Number `json:"quantile"`

	// Value is the bound, such as 200ms.
	Value Duration `json:"value"`
}

// ServiceSpec describes one replica as a queue: how many requests it serves at
// once, and how long one takes. The metric is then a rate of requests per second.
type ServiceSpec struct {
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=32768

	// Slots is how many requests one replica serves at once: its workers, or the
	// processors that it may use. 1 to 32768.
	Slots int32 `json:"slots"`

	// Time is how long one request takes on one slot on average, without waiting,
	// such as 80ms.
	Time Duration `json:"time"`

	// +kubebuilder:validation:XValidation:rule="!self.matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') || double(self) > 0.0 && double(self) <= 10.0",message="want a number above 0, at most 10, such as \"1.5\""

	// Variation is the standard deviation of that time over its mean, above 0 and at
	// most 10, such as "1.5"; the time is then taken for lognormal. Not with the discipline
	// Sharing. Default: an exponential time, whose variation is 1.
	Variation Number `json:"variation,omitempty"`

	// +kubebuilder:validation:Enum=Central;Random;Sharing

	// Discipline is how requests find a replica and are served there. Central: one
	// queue for all, as behind a broker or a balancer that knows which replica is
	// free. Random: each replica has a queue of its own, as behind a Service of
	// Kubernetes. Sharing: each replica divides its processors, the slots, among all
	// its requests, as event loops and threads do. Default Central.
	Discipline Discipline `json:"discipline,omitempty"`
}

// Discipline is how requests find a replica and are served there.
type Discipline string

// The disciplines. The empty one stands for Central.
const (
	Central Discipline = "Central"
	Random  Discipline = "Random"
	Sharing Discipline = "Sharing"
)

// ScaleDownSpec says what may lower a count.
type ScaleDownSpec struct {
	// Forecast lets a trusted forecast lower demand below what is observed.
	// Default false: a forecast may add, never take.
	Forecast bool `json:"forecast,omitempty"`
}

// Behavior is the behavior of autoscaling/v2, with the tolerance as text.
type Behavior struct {
	// ScaleUp are the rules for raising a count. Default: no stabilization, and
	// the larger of 4 replicas and 100 percent per 15 s.
	ScaleUp *ScalingRules `json:"scaleUp,omitempty"`

	// ScaleDown are the rules for lowering it. Default: 300 s stabilization, 100
	// percent per 15 s.
	ScaleDown *ScalingRules `json:"scaleDown,omitempty"`
}

// ScalingRules are HPAScalingRules of autoscaling/v2.
type ScalingRules struct {
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=3600

	// StabilizationWindowSeconds is the window over which the most cautious
	// recommendation counts, 0 to 3600.
	StabilizationWindowSeconds *int32 `json:"stabilizationWindowSeconds,omitempty"`

	// +kubebuilder:validation:Enum=Max;Min;Disabled

	// SelectPolicy is Max, Min or Disabled. Default Max.
	SelectPolicy string `json:"selectPolicy,omitempty"`

	// Policies limit the change per period. Left out, the default of the direction.
	Policies []ScalingPolicy `json:"policies,omitempty"`

	// +kubebuilder:validation:XValidation:rule="!self.matches('^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,2})?$') || double(self) >= 0.0",message="want 0 or more, such as \"0.1\""

	// Tolerance is the relative change that is ignored, at least 0. Default "0".
	Tolerance *Number `json:"tolerance,omitempty"`
}

// ScalingPolicy is HPAScalingPolicy of autoscaling/v2.
type ScalingPolicy struct {
	// +kubebuilder:validation:Enum=Pods;Percent

	// Type is Pods or Percent.
	Type string `json:"type"`

	// +kubebuilder:validation:Minimum=1

	// Value is the permitted change per period, above 0.
	Value int32 `json:"value"`

	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1800

	// PeriodSeconds is the period, 1 to 1800.
	PeriodSeconds int32 `json:"periodSeconds"`
}
