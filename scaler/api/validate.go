package api

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Bounds of what a specification may ask for.
const (
	MaxStep       = time.Hour
	MaxHistory    = 400 * 24 * time.Hour
	MaxHorizon    = 7 * 24 * time.Hour
	MaxLeadTime   = time.Hour
	maxQueryBytes = 64 << 10
	maxEvents     = 256
	maxOthers     = 2 // seasons besides day and week; the pool of models keeps no more
	maxSlots      = 1 << 15
	leastEvery    = Duration(time.Minute)
)

// Default returns s with the defaults in the fields that were left out. It does
// not change s.
func (s Spec) Default() Spec {
	if s.Metric.Step == 0 {
		s.Metric.Step = Duration(time.Minute)
	}
	if s.Metric.History == 0 {
		s.Metric.History = Duration(14 * 24 * time.Hour)
	}
	if s.Metric.TTL == 0 {
		s.Metric.TTL = Duration(5 * time.Minute)
	}
	if s.Forecast.Model == "" {
		s.Forecast.Model = auto
	}
	if s.Forecast.TimeZone == "" {
		s.Forecast.TimeZone = "UTC"
	}
	switch {
	case s.Forecast.stated():
	case s.Scale.LatencyObjective != nil:
		s.Forecast.ViolationTarget = 0.001
	default:
		s.Forecast.Risk = 0.95
	}
	if s.Scale.MinReplicas == nil {
		one := int32(1)
		s.Scale.MinReplicas = &one
	}
	if s.Mode == "" {
		s.Mode = Active
	}
	return s
}

// Validate returns nil or a [Faults] with everything wrong with s. It takes the
// zero value of an optional field for not given, so it accepts a Spec with and
// without its defaults.
func (s Spec) Validate() error {
	v := validator{}
	v.metric(s.Metric)
	v.forecast(s.Forecast)
	if s.Forecast.ViolationTarget != 0 && s.Scale.LatencyObjective == nil {
		v.add("forecast.violationTarget", s.Forecast.ViolationTarget.String(), "needs scale.latencyObjective: without an objective nothing can be violated")
	}
	if s.Forecast.Average && s.Scale.Service == nil {
		v.add("forecast.average", "true", "needs scale.service: without it nothing says which share of the requests is late")
	}
	v.scale(s.Scale)
	v.oneOf("mode", string(s.Mode), string(Active), string(Shadow), string(Paused))
	d := s.Default()
	if d.Metric.Step > 0 && d.Metric.History < 10*d.Metric.Step {
		v.add("metric.history", d.Metric.History.String(), "want at least ten steps of "+d.Metric.Step.String())
	}
	v.seasons(d)
	return v.faults.err()
}

// seasons reports periods that do not fit the grid of s, which has its defaults.
func (v *validator) seasons(s Spec) {
	step, periods := s.Metric.Step, s.Forecast.Seasons
	if step <= 0 || periods.None() {
		return
	}
	if slices.ContainsFunc(periods, func(d Duration) bool { return d < 2*step || d%step != 0 }) {
		v.add("forecast.seasons", periods.String(), "want multiples of metric.step, "+step.String()+", and two of it at least")
	}
}

type validator struct{ faults Faults }

func (v *validator) add(path, value, want string) {
	v.faults = append(v.faults, Fault{Path: path, Value: value, Want: want})
}

// span reports a duration outside [1 s, hi]; zero is "not given".
func (v *validator) span(path string, d Duration, hi time.Duration) {
	if d != 0 && (d.Std() < time.Second || d.Std() > hi) {
		v.add(path, d.String(), fmt.Sprintf("want 1s to %v", Duration(hi)))
	}
}

// share reports a number outside (0, 1); zero is "not given".
func (v *validator) share(path string, n Number, example string) {
	if n != 0 && !(n > 0 && n < 1) {
		v.add(path, n.String(), "want a number above 0 and below 1, such as "+example)
	}
}

func (v *validator) atLeast(path string, n, lo Number) {
	if n != 0 && !(n >= lo && n <= 1e15) {
		v.add(path, n.String(), fmt.Sprintf("want a number from %v to 1e15", lo))
	}
}

func (v *validator) oneOf(path, value string, allowed ...string) {
	if value == "" {
		return
	}
	if !slices.Contains(allowed, value) {
		v.add(path, value, "want one of "+strings.Join(allowed, ", "))
	}
}

func (v *validator) metric(m MetricSpec) {
	if strings.TrimSpace(m.Query) == "" {
		v.add("metric.query", "", `missing, want PromQL for the demand, such as sum(rate(http_requests_total{job="web"}[1m]))`)
	}
	for _, q := range []struct{ path, text string }{
		{"metric.query", m.Query}, {"metric.latencyQuery", m.LatencyQuery}, {"metric.replicasQuery", m.ReplicasQuery},
	} {
		if len(q.text) > maxQueryBytes {
			v.add(q.path, q.text[:40]+"…", fmt.Sprintf("want at most %d bytes, found %d", maxQueryBytes, len(q.text)))
		}
	}
	v.span("metric.step", m.Step, MaxStep)
	if day := 24 * time.Hour; m.Step > 0 && m.Step.Std() <= MaxStep && day%m.Step.Std() != 0 {
		v.add("metric.step", m.Step.String(), "want a step that divides a day, such as 15s, 1m or 5m")
	}
	v.span("metric.history", m.History, MaxHistory)
	v.span("metric.ttl", m.TTL, 24*time.Hour)
}

func (v *validator) forecast(f ForecastSpec) {
	const day = Duration(24 * time.Hour)
	others := slices.DeleteFunc(slices.Clone(f.Seasons), func(d Duration) bool { return d == day || d == 7*day })
	if len(others) > maxOthers {
		v.add("forecast.seasons", f.Seasons.String(), fmt.Sprintf("want at most %d periods besides 1d and 7d", maxOthers))
	}
	v.span("forecast.horizon", Duration(f.Horizon.Value), MaxHorizon)
	if f.TimeZone != "" {
		if _, err := time.LoadLocation(f.TimeZone); err != nil || f.TimeZone == "Local" {
			v.add("forecast.timeZone", f.TimeZone, "want an IANA name such as Europe/Berlin")
		}
	}
	v.margin(f)
	if len(f.Events) > maxEvents {
		v.add("forecast.events", "", fmt.Sprintf("want at most %d events, found %d", maxEvents, len(f.Events)))
		return
	}
	for i, e := range f.Events {
		v.event(fmt.Sprintf("forecast.events.%d", i), e)
	}
}

// stated reports whether a margin is given.
func (f ForecastSpec) stated() bool {
	return f.Buffer != 0 || f.Risk != 0 || f.MissingReplicaCost != 0 || f.ViolationTarget != 0 || f.Average
}

// margin checks the five ways to state one margin.
func (v *validator) margin(f ForecastSpec) {
	v.atLeast("forecast.buffer", f.Buffer, 1)
	v.share("forecast.risk", f.Risk, `"0.95"`)
	v.atLeast("forecast.missingReplicaCost", f.MissingReplicaCost, 1)
	v.share("forecast.violationTarget", f.ViolationTarget, `"0.001"`)
	var given []string
	for _, m := range []struct {
		name  string
		value Number
	}{
		{"buffer", f.Buffer},
		{"risk", f.Risk},
		{"missingReplicaCost", f.MissingReplicaCost},
		{"violationTarget", f.ViolationTarget},
	} {
		if m.value != 0 {
			given = append(given, m.name)
		}
	}
	if f.Average {
		given = append(given, "average")
	}
	if len(given) > 1 {
		v.add("forecast."+given[0], "", "given together with "+strings.Join(given[1:], " and ")+": they state the same margin, want one")
	}
}

func (v *validator) event(path string, e Event) {
	if e.Name == "" {
		v.add(path+".name", "", "missing, want a name for explanations")
	}
	if _, err := time.Parse(time.RFC3339, e.Start); err != nil {
		v.add(path+".start", e.Start, "want an instant such as 2026-11-27T08:00:00Z")
	}
	if e.Duration <= 0 {
		v.add(path+".duration", e.Duration.String(), "want a duration above 0 such as 2h")
	}
	// Without a minimum, one cell could hold any number of occurrences, and applying the events
	// would take as long.
	if e.Every != 0 && e.Every < max(e.Duration, leastEvery) {
		v.add(path+".every", e.Every.String(), "want at least the duration of the event and a minute, "+max(e.Duration, leastEvery).String())
	}
	v.effect(path, e)
}

// effect checks what an event does to demand.
func (v *validator) effect(path string, e Event) {
	effects := 0
	for _, given := range []bool{e.Multiplier != 0, e.Add != 0, e.Learn} {
		if given {
			effects++
		}
	}
	if effects != 1 {
		v.add(path, e.Name, "want exactly one of multiplier, add and learn")
	}
	if e.Multiplier < 0 || e.Multiplier > 1000 {
		v.add(path+".multiplier", e.Multiplier.String(), "want a number above 0, at most 1000")
	}
	if e.Learn && e.Every == 0 {
		v.add(path+".learn", "true", "needs every: a single event has no last occurrence")
	}
}

func (v *validator) scale(s ScaleSpec) {
	if s.TargetPerReplica == 0 && s.LatencyObjective == nil {
		v.add("scale.targetPerReplica", "", `missing, want the demand that one replica serves, such as "50", or scale.latencyObjective`)
	}
	if s.TargetPerReplica != 0 && !(s.TargetPerReplica >= 1e-6 && s.TargetPerReplica <= 1e15) {
		v.add("scale.targetPerReplica", s.TargetPerReplica.String(), `want a number above 0, from 1e-6 to 1e15, such as "50"`)
	}
	if s.LatencyObjective != nil {
		v.objective(*s.LatencyObjective)
	}
	if s.Service != nil {
		v.service(*s.Service, s)
	}
	v.bounds(s)
	v.span("scale.leadTime", Duration(s.LeadTime.Value), MaxLeadTime)
	if s.ActivationThreshold < 0 {
		v.add("scale.activationThreshold", s.ActivationThreshold.String(), "want 0 or more")
	}
	if s.Behavior != nil {
		v.rules("scale.behavior.scaleUp", s.Behavior.ScaleUp)
		v.rules("scale.behavior.scaleDown", s.Behavior.ScaleDown)
	}
}

func (v *validator) objective(o LatencyObjective) {
	if o.Quantile == 0 {
		v.add("scale.latencyObjective.quantile", "", `missing, want a quantile such as "0.95"`)
	}
	v.share("scale.latencyObjective.quantile", o.Quantile, `"0.95"`)
	if o.Value <= 0 || o.Value.Std() > time.Hour {
		v.add("scale.latencyObjective.value", o.Value.String(), "want a latency above 0, at most 1h, such as 200ms")
	}
}

// service checks what a replica is, and that it can keep the objective at all.
func (v *validator) service(r ServiceSpec, s ScaleSpec) {
	if r.Slots < 1 || r.Slots > maxSlots {
		v.add("scale.service.slots", count(r.Slots), fmt.Sprintf("want the requests that one replica serves at once, 1 to %d", maxSlots))
	}
	if r.Time <= 0 {
		v.add("scale.service.time", r.Time.String(), "want the mean time of one request, such as 80ms")
	}
	v.variation(r)
	v.oneOf("scale.service.discipline", string(r.Discipline), string(Central), string(Random), string(Sharing))
	if s.TargetPerReplica != 0 {
		v.add("scale.service", "", "given together with scale.targetPerReplica: they state the same, want one")
	}
	o := s.LatencyObjective
	if o == nil {
		v.add("scale.service", "", "needs scale.latencyObjective: it says what the replicas have to keep")
		return
	}
	if r.Time <= 0 || o.Value <= 0 || !(o.Quantile > 0 && o.Quantile < 1) {
		return // reported already
	}
	if most := o.Value.Std().Seconds() / r.means(o.Quantile.Float()); r.Time.Std().Seconds() > most {
		v.add("scale.service.time", r.Time.String(), fmt.Sprintf("want at most %v: beyond, even an idle replica does not serve the quantile %v within %v",
			Duration(most*float64(time.Second)).Std().Truncate(time.Microsecond), o.Quantile, o.Value))
	}
}

func (v *validator) variation(r ServiceSpec) {
	switch {
	case r.Variation < 0 || r.Variation > 10:
		v.add("scale.service.variation", r.Variation.String(), `want a number above 0, at most 10, such as "1.5"`)
	case r.Variation > 0 && r.Discipline == Sharing:
		v.add("scale.service.variation", r.Variation.String(), "want none with the discipline Sharing, whose formula is for exponential times")
	}
}

// means returns the quantile q of the time of a request, without waiting, over its mean.
func (r ServiceSpec) means(q float64) float64 {
	if !(r.Variation > 0) {
		return -math.Log(1 - q) // exponential
	}
	sigma := math.Sqrt(math.Log1p(r.Variation.Float() * r.Variation.Float()))
	return math.Exp(sigma * (math.Sqrt2*math.Erfinv(2*q-1) - sigma/2))
}

// bounds checks minReplicas and maxReplicas.
func (v *validator) bounds(s ScaleSpec) {
	if s.MinReplicas != nil && *s.MinReplicas < 0 {
		v.add("scale.minReplicas", count(*s.MinReplicas), "want 0 or more")
	}
	if s.MaxReplicas < 0 {
		v.add("scale.maxReplicas", count(s.MaxReplicas), "want 1 or more")
	}
	if s.MinReplicas != nil && s.MaxReplicas > 0 && *s.MinReplicas > s.MaxReplicas {
		v.add("scale.minReplicas", count(*s.MinReplicas), fmt.Sprintf("want at most scale.maxReplicas, %d", s.MaxReplicas))
	}
}

func (v *validator) rules(path string, r *ScalingRules) {
	if r == nil {
		return
	}
	if w := r.StabilizationWindowSeconds; w != nil && (*w < 0 || *w > 3600) {
		v.add(path+".stabilizationWindowSeconds", count(*w), "want 0 to 3600")
	}
	v.oneOf(path+".selectPolicy", r.SelectPolicy, "Max", "Min", "Disabled")
	if r.Tolerance != nil && *r.Tolerance < 0 {
		v.add(path+".tolerance", r.Tolerance.String(), `want 0 or more, such as "0.1"`)
	}
	v.policies(path+".policies", r.Policies)
}

func (v *validator) policies(path string, policies []ScalingPolicy) {
	for i, p := range policies {
		at := fmt.Sprintf("%s.%d", path, i)
		if p.Type != "Pods" && p.Type != "Percent" {
			v.add(at+".type", p.Type, "want Pods or Percent")
		}
		if p.Value <= 0 {
			v.add(at+".value", count(p.Value), "want 1 or more")
		}
		if p.PeriodSeconds <= 0 || p.PeriodSeconds > 1800 {
			v.add(at+".periodSeconds", count(p.PeriodSeconds), "want 1 to 1800")
		}
	}
}

func count(n int32) string { return strconv.Itoa(int(n)) }
