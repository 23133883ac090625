package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/model"
)

// readSpec reads the spec and takes its objective, its bounds and its service over.
func (o *backtestOptions) readSpec() (api.Spec, error) {
	flags := o.metric()
	if o.spec == "" {
		return withMargin(api.Spec{Metric: flags}), nil
	}
	text, err := o.named.file(o.spec)
	if err != nil {
		return api.Spec{}, fmt.Errorf("--spec: %w", err)
	}
	spec, err := decodeSpec(text)
	if err != nil {
		return api.Spec{}, fmt.Errorf("--spec: %s: %w", o.spec, err)
	}
	if step := spec.Metric.Step; step.Std()%time.Minute != 0 {
		return api.Spec{}, fmt.Errorf("--spec: %s: metric.step: %s: the history of a replay is kept by the minute: want whole minutes", o.spec, step)
	}
	if obj := spec.Scale.LatencyObjective; obj != nil {
		o.slo = fmt.Sprintf("p%v=%s", 100*obj.Quantile.Float(), obj.Value)
	}
	if r := spec.Scale.Service; r != nil {
		o.slots, o.capacity, o.variation, o.stated = int(r.Slots), float64(r.Slots)/r.Time.Std().Seconds(), r.Variation.Float(), true
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
	if flags.Query != "" {
		spec.Metric.LatencyQuery, spec.Metric.ReplicasQuery = "", ""
	}
	m := &spec.Metric
	m.Query, m.LatencyQuery, m.ReplicasQuery = cmp.Or(flags.Query, m.Query), cmp.Or(flags.LatencyQuery, m.LatencyQuery), cmp.Or(flags.ReplicasQuery, m.ReplicasQuery)
	return withMargin(spec), nil
}

// metric returns the queries of the flags. Names of columns are left out, because they
// cannot be recommended as queries.
func (o *backtestOptions) metric() api.MetricSpec {
	if o.columns {
		return api.MetricSpec{}
	}
	return api.MetricSpec{Query: o.query, LatencyQuery: o.latency, ReplicasQuery: o.replicas}
}

// decodeSpec reads a spec, or the object that carries one, as the backtest prints it. Of
// several documents, or items of a list, it takes the one that is a PredictiveAutoscaler, or
// a ScaledObject with a trigger that asks for a forecast. Two of them are an error.
func decodeSpec(text []byte) (api.Spec, error) {
	var decode func() (api.Spec, error)
	object := false
	documents, err := documentsOf(text)
	if err != nil {
		return api.Spec{}, err
	}
	for _, document := range documents {
		next, isObject := carried(document)
		if next == nil || object && !isObject { // as what is printed for the HPA beside the object
			continue
		}
		if decode != nil {
			return api.Spec{}, errors.New("more than one document or object has a spec, want one")
		}
		decode, object = next, isObject
	}
	if decode == nil {
		return api.Spec{}, errors.New("neither a spec nor a PredictiveAutoscaler, nor a ScaledObject with a trigger of type external and the key metric.query")
	}
	return checked(decode())
}

// documentsOf returns the documents of YAML text as JSON, and in place of a list, as kubectl
// get prints several objects, its items.
func documentsOf(text []byte) (documents [][]byte, err error) {
	for document := range bytes.SplitSeq(text, []byte("\n---")) {
		body, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return nil, err
		}
		var list struct {
			Kind  string            `json:"kind"`
			Items []json.RawMessage `json:"items"`
		}
		if json.Unmarshal(body, &list) != nil || !strings.HasSuffix(list.Kind, "List") {
			documents = append(documents, body)
			continue
		}
		for _, item := range list.Items {
			documents = append(documents, item)
		}
	}
	return documents, nil
}

// carried returns how to read the spec that a document has, nil for one that has none, and
// whether the document is an object that carries it.
func carried(document []byte) (decode func() (api.Spec, error), object bool) {
	var o struct {
		Kind string                     `json:"kind"`
		Spec map[string]json.RawMessage `json:"spec"`
	}
	if json.Unmarshal(document, &o) != nil || o.Kind == "" { // a spec as it is, or what Decode has words for
		if bytes.Equal(bytes.TrimSpace(document), []byte("null")) {
			return nil, false
		}
		if metadata := dotted(document); metadata != nil {
			return func() (api.Spec, error) { return api.FromMetadata(metadata) }, false
		}
		return func() (api.Spec, error) { return api.Decode(document) }, false
	}
	switch o.Kind {
	case "PredictiveAutoscaler":
		return func() (api.Spec, error) {
			delete(o.Spec, "targetRef") // who is scaled, which a replay does not ask
			delete(o.Spec, "podCPU")
			body, err := json.Marshal(o.Spec)
			if err != nil {
				return api.Spec{}, err
			}
			return api.Decode(body)
		}, true
	case "ScaledObject":
		if metadata := triggerOf(document); metadata != nil {
			return func() (api.Spec, error) { return api.FromMetadata(metadata) }, true
		}
	}
	return nil, true
}

// triggerOf returns the metadata of the first trigger of a ScaledObject that asks for a
// forecast, with the bounds of the object where it states none; nil if there is none.
func triggerOf(object []byte) map[string]string {
	var scaled struct {
		Spec struct {
			Min      *int32 `json:"minReplicaCount"` // 0 is a bound, too
			Max      *int32 `json:"maxReplicaCount"`
			Triggers []struct {
				Type     string            `json:"type"`
				Metadata map[string]string `json:"metadata"`
			} `json:"triggers"`
		} `json:"spec"`
	}
	if json.Unmarshal(object, &scaled) != nil {
		return nil
	}
	for _, t := range scaled.Spec.Triggers {
		if _, asks := t.Metadata["metric.query"]; !asks || !strings.HasPrefix(t.Type, "external") {
			continue
		}
		for key, bound := range map[string]*int32{"scale.minReplicas": scaled.Spec.Min, "scale.maxReplicas": scaled.Spec.Max} {
			if _, stated := t.Metadata[key]; !stated && bound != nil {
				t.Metadata[key] = strconv.Itoa(int(*bound))
			}
		}
		return t.Metadata
	}
	return nil
}

// dotted returns document if it has the keys of a trigger's metadata, such as
// metric.query; nil if it does not.
func dotted(document []byte) map[string]string {
	var fields map[string]any
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	if dec.Decode(&fields) != nil {
		return nil
	}
	metadata, found := map[string]string{}, false
	for key, value := range fields {
		metadata[key] = fmt.Sprint(value) // 50 and true as well as "50" and "true"
		found = found || strings.Contains(key, ".")
	}
	if !found {
		return nil
	}
	return metadata
}

// checked returns a decoded spec, or all that is wrong with it. What is left out is taken
// from the flags, so that only what is given can be wrong.
func checked(spec api.Spec, err error) (api.Spec, error) {
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
	if faults := (api.Faults{}).With(err).With(full.Validate()).With(model.Check(full)); len(faults) > 0 {
		return spec, faults
	}
	return spec, nil
}

// withMargin states the margin that a spec without one has by default, so that what
// is replayed is what runs. If the spec does not say what a replica serves, it takes the
// objective of the flags.
func withMargin(spec api.Spec) api.Spec {
	full := spec
	if full.Scale.LatencyObjective == nil && full.Scale.TargetPerReplica == 0 {
		full.Scale.LatencyObjective = &api.LatencyObjective{}
	}
	full = full.Default()
	spec.Forecast.Risk, spec.Forecast.ViolationTarget = full.Forecast.Risk, full.Forecast.ViolationTarget
	return spec
}

// withService states the pods of the replay where spec does not say what a replica
// carries.
func (o *backtestOptions) withService(s api.ScaleSpec) api.ScaleSpec {
	if s.TargetPerReplica != 0 || s.Service != nil {
		return s
	}
	service, err := o.service()
	if err != nil {
		return s // said where it is used
	}
	s.Service = &api.ServiceSpec{
		Slots: int32(min(service.Slots, math.MaxInt32)), Time: api.Duration(service.ServiceTime), Variation: api.Number(service.Variation),
	}
	if service.Balancing == queue.PerPod {
		s.Service.Discipline = api.Random
	}
	return s
}
