package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/scaler/api"
)

// readSpec reads the spec and takes its objective, its bounds and its service over.
func (o *backtestOptions) readSpec() (api.Spec, error) {
	flags := api.MetricSpec{Query: o.query, LatencyQuery: o.latency, ReplicasQuery: o.replicas}
	if o.spec == "" {
		return withMargin(api.Spec{Metric: flags}), nil
	}
	text, err := os.ReadFile(o.spec)
	if err != nil {
		return api.Spec{}, fmt.Errorf("--spec: %w", err)
	}
	spec, err := decodeSpec(text)
	if err != nil {
		return api.Spec{}, fmt.Errorf("--spec: %s: %w", o.spec, err)
	}
	if obj := spec.Scale.LatencyObjective; obj != nil {
		o.slo = fmt.Sprintf("p%v=%s", 100*obj.Quantile.Float(), obj.Value)
	}
	if r := spec.Scale.Service; r != nil {
		o.slots, o.capacity, o.stated = int(r.Slots), float64(r.Slots)/r.Time.Std().Seconds(), true
		switch r.Discipline {
		case api.Central:
			o.balancing = "central"
		case api.Random, api.Sharing: // sharing itself needs --mode requests
			o.balancing = "per-pod"
		}
	}
	if spec.Scale.MinReplicas != nil {
		o.min = *spec.Scale.MinReplicas
	}
	if spec.Scale.MaxReplicas > 0 {
		o.max = spec.Scale.MaxReplicas
	}
	o.asked = spec.Metric
	if o.query != "" {
		spec.Metric.Query, spec.Metric.LatencyQuery, spec.Metric.ReplicasQuery = flags.Query, flags.LatencyQuery, flags.ReplicasQuery
	}
	return withMargin(spec), nil
}

// decodeSpec reads a spec, or the object that carries one, as the backtest prints it:
// the first of several documents that is a PredictiveAutoscaler.
func decodeSpec(text []byte) (api.Spec, error) {
	for document := range bytes.SplitSeq(text, []byte("\n---")) {
		body, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return api.Spec{}, err
		}
		var object struct {
			Kind string                     `json:"kind"`
			Spec map[string]json.RawMessage `json:"spec"`
		}
		if json.Unmarshal(body, &object) != nil || object.Kind == "" { // a spec as it is, or what Decode has words for
			if bytes.Equal(bytes.TrimSpace(body), []byte("null")) {
				continue
			}
			return checked(body)
		}
		if object.Kind == "PredictiveAutoscaler" {
			delete(object.Spec, "targetRef") // who is scaled, which a replay does not ask
			delete(object.Spec, "podCPU")
			if body, err = json.Marshal(object.Spec); err != nil {
				return api.Spec{}, err
			}
			return checked(body)
		}
	}
	return api.Spec{}, errors.New("neither a spec nor a PredictiveAutoscaler")
}

// checked decodes a spec. What is left out is taken from the flags, so that only what
// is given can be wrong.
func checked(document []byte) (api.Spec, error) {
	spec, err := api.Decode(document)
	if err != nil {
		return spec, err
	}
	full := spec
	if full.Metric.Query == "" {
		full.Metric.Query = "the load of the replay"
	}
	if full.Forecast.Average && full.Scale.Service == nil && full.Scale.TargetPerReplica == 0 { // that of the flags, too
		full.Scale.Service = &api.ServiceSpec{Slots: 1, Time: api.Duration(time.Millisecond)}
	}
	if full.Scale.LatencyObjective == nil { // that of the flags, which is checked with them
		full.Scale.LatencyObjective = &api.LatencyObjective{Quantile: 0.5, Value: api.Duration(time.Hour)}
	}
	return spec, full.Validate()
}

// withMargin states the margin that a spec without one has by default, so that what
// is replayed is what runs. Where nothing is said of what a replica serves, the
// objective of the flags is the spec's.
func withMargin(spec api.Spec) api.Spec {
	full := spec
	if full.Scale.LatencyObjective == nil && full.Scale.TargetPerReplica == 0 {
		full.Scale.LatencyObjective = &api.LatencyObjective{}
	}
	full = full.Default()
	spec.Forecast.Risk, spec.Forecast.ViolationTarget = full.Forecast.Risk, full.Forecast.ViolationTarget
	return spec
}

// margin returns the margin as a line of a spec; empty if there is none.
func margin(f api.ForecastSpec) string {
	for _, m := range []struct {
		name  string
		value api.Number
	}{
		{"risk", f.Risk},
		{"buffer", f.Buffer},
		{"missingReplicaCost", f.MissingReplicaCost},
		{"violationTarget", f.ViolationTarget},
	} {
		if m.value != 0 {
			return fmt.Sprintf("%s: %q", m.name, m.value.String())
		}
	}
	if f.Average {
		return "average: true"
	}
	return ""
}

// carries returns what a replica is taken to carry as a line of a spec: as the spec
// says it, or else the pods of the replay.
func (o *backtestOptions) carries(s api.ScaleSpec) string {
	switch {
	case s.TargetPerReplica != 0:
		return fmt.Sprintf("targetPerReplica: %q", s.TargetPerReplica.String())
	case s.Service != nil:
		return serviceLine(*s.Service)
	}
	service, err := o.service()
	if err != nil {
		return "" // said where it is used
	}
	r := api.ServiceSpec{Slots: int32(min(service.Slots, math.MaxInt32)), Time: api.Duration(service.ServiceTime)}
	if service.Balancing == queue.PerPod {
		r.Discipline = api.Random
	}
	return serviceLine(r)
}

func serviceLine(r api.ServiceSpec) string {
	if r.Discipline == "" {
		return fmt.Sprintf("service: {slots: %d, time: %s}", r.Slots, r.Time)
	}
	return fmt.Sprintf("service: {slots: %d, time: %s, discipline: %s}", r.Slots, r.Time, r.Discipline)
}
