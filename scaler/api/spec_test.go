package api_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/api"
)

const whole = `{
 "metric": {"query": "sum(rate(http_requests_total[1m]))", "latencyQuery": "p95", "replicasQuery": "n", "step": "30s", "history": "2w", "ttl": "10m"},
 "forecast": {"model": "auto", "seasons": "1d,7d", "horizon": "30m", "timeZone": "Europe/Berlin", "risk": "0.99",
  "events": [{"name": "sale", "start": "2026-11-27T08:00:00Z", "duration": "4h", "every": "7d", "multiplier": "3"}]},
 "scale": {"targetPerReplica": "50", "latencyObjective": {"quantile": "0.95", "value": "200ms"}, "minReplicas": 2, "maxReplicas": 100,
  "leadTime": "90s", "activationThreshold": "1", "scaleDown": {"forecast": true},
  "behavior": {"scaleUp": {"stabilizationWindowSeconds": 0, "selectPolicy": "Max", "policies": [{"type": "Pods", "value": 4, "periodSeconds": 15}], "tolerance": "0"},
               "scaleDown": {"stabilizationWindowSeconds": 300}}},
 "mode": "Shadow"}`

func TestDecodeReadsEveryField(t *testing.T) {
	spec, err := api.Decode([]byte(whole))
	require.NoError(t, err)
	require.NoError(t, spec.Validate())
	require.Equal(t, 30*time.Second, spec.Metric.Step.Std())
	require.Equal(t, 14*24*time.Hour, spec.Metric.History.Std())
	require.Equal(t, api.Seasons{api.Duration(24 * time.Hour), api.Duration(168 * time.Hour)}, spec.Forecast.Seasons)
	require.Equal(t, 90*time.Second, spec.Scale.LeadTime.Value)
	require.InDelta(t, 0.99, spec.Forecast.Risk.Float(), 0)
	require.Equal(t, int32(2), *spec.Scale.MinReplicas)
	require.True(t, spec.Scale.ScaleDown.Forecast)
	require.NotNil(t, spec.Scale.Behavior.ScaleUp.Tolerance, "a tolerance of zero was given, and differs from none")
}

// The three spellings agree: JSON → Spec → metadata → Spec → JSON.
func TestSpellingsAgree(t *testing.T) {
	spec, err := api.Decode([]byte(whole))
	require.NoError(t, err)
	flat := api.ToMetadata(spec)
	require.Equal(t, "50", flat["scale.targetPerReplica"])
	require.Equal(t, "sale", flat["forecast.events.0.name"])
	back, err := api.FromMetadata(flat)
	require.NoError(t, err)
	require.Equal(t, spec, back)
	text, err := json.Marshal(spec)
	require.NoError(t, err)
	again, err := api.Decode(text)
	require.NoError(t, err)
	require.Equal(t, spec, again)
}

// Each dotted key of the reference sets its field, and each field has a key.
func TestKeysCoverTheSpec(t *testing.T) {
	spec, err := api.Decode([]byte(whole))
	require.NoError(t, err)
	spec.Forecast.Buffer, spec.Forecast.MissingReplicaCost, spec.Forecast.ViolationTarget = 1.2, 19, 0.001
	spec.Forecast.Events[0].Add, spec.Forecast.Events[0].Learn = 5, true
	spec.Forecast.Average = true
	spec.Scale.Service = &api.ServiceSpec{Slots: 8, Time: api.Duration(80 * time.Millisecond), Variation: 0.5, Discipline: api.Sharing}
	spec.Scale.Behavior.ScaleDown = &api.ScalingRules{
		StabilizationWindowSeconds: new(int32), SelectPolicy: "Min", Tolerance: new(api.Number),
		Policies: []api.ScalingPolicy{{Type: "Percent", Value: 10, PeriodSeconds: 60}},
	}
	flat := api.ToMetadata(spec)
	keys := api.Keys()
	require.Len(t, flat, len(keys))
	for _, key := range keys {
		require.Contains(t, flat, key)
	}
	back, err := api.FromMetadata(flat)
	require.NoError(t, err)
	require.Equal(t, spec, back)
}

func TestDecodeFaults(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"a typo is no default":     {`{"scale": {"targetPerReplicas": "50"}}`, "scale.targetPerReplicas: unknown key, did you mean scale.targetPerReplica?"},
		"no likeness in a letter":  {`{"foo": {}}`, "foo: unknown key, known here: metric, "}, // and not mode
		"the last of two is lost":  {`{"mode": "Active", "mode": "Paused"}`, "mode: given twice"},
		"a list for an object":     {`{"metric": []}`, "metric: want an object, found a list"},
		"not a number":             {`{"scale": {"targetPerReplica": "many"}}`, `scale.targetPerReplica: "many": want a decimal number`},
		"NaN is no number":         {`{"scale": {"targetPerReplica": "NaN"}}`, "want a decimal number"},
		"a duration without unit":  {`{"metric": {"step": "60"}}`, `metric.step: "60": want a duration such as 90s`},
		"a fraction of a replica":  {`{"scale": {"minReplicas": 1.5}}`, `scale.minReplicas: "1.5": want a whole number`},
		"more replicas than int32": {`{"scale": {"maxReplicas": 3000000000}}`, "want a whole number"},
		"text for a boolean":       {`{"scale": {"scaleDown": {"forecast": "yes"}}}`, "want true or false"},
		"half a document":          {`{"metric": {`, "want one JSON or YAML document"},
		"two documents":            {`{} {}`, "more text after the end"},
		"nested without end":       {strings.Repeat(`{"metric":`, 40), "nested deeper"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := api.Decode([]byte(c.doc))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// The configuration of a command is decoded over its defaults by the same rules as a specification.
func TestDecodeInto(t *testing.T) {
	type config struct {
		Tick   api.Duration `json:"tick"`
		Limits struct {
			Rate    float64 `json:"rate"`
			Workers int     `json:"workers"`
		} `json:"limits"`
	}
	c := config{Tick: api.Duration(time.Second)}
	c.Limits.Workers = 3
	require.NoError(t, api.DecodeInto(&c, []byte(`{"limits": {"rate": 2.5}}`)))
	require.Equal(t, api.Duration(time.Second), c.Tick, "left out")
	require.Equal(t, 3, c.Limits.Workers, "left out beside another")
	require.InDelta(t, 2.5, c.Limits.Rate, 0)
	require.NoError(t, api.DecodeInto(&c, []byte("null")), "an empty file")
	for name, row := range map[string]struct{ doc, want string }{
		"a key that is none":    {`{"limits": {"worker": 1}}`, "limits.worker: unknown key, did you mean limits.workers?"},
		"text for a number":     {`{"limits": {"rate": "fast"}}`, `limits.rate: "fast": want a number such as 2.5`},
		"more than a float has": {`{"limits": {"rate": 1e999}}`, `limits.rate: "1e999": want a number such as 2.5`},
		"a word":                {`"tick"`, "want an object, found text"}, // and no path before it
	} {
		t.Run(name, func(t *testing.T) {
			require.EqualError(t, api.DecodeInto(&c, []byte(row.doc)), row.want)
		})
	}
}

func TestMetadataFaults(t *testing.T) {
	for name, c := range map[string]struct {
		metadata map[string]string
		want     string
	}{
		"a typo":                 {map[string]string{"scale.targetPerReplika": "5"}, "did you mean scale.targetPerReplica?"},
		"both spellings":         {map[string]string{"metric.query": "a", "metric.queryFromEnv": "b"}, "given together with metric.query"},
		"a value above a key":    {map[string]string{"scale": "x", "scale.minReplicas": "1"}, "a key above it holds a value"},
		"a list with a hole":     {map[string]string{"forecast.events.1.name": "x"}, "forecast.events: want a list"},
		"a capital letter":       {map[string]string{"Metric.Query": "up"}, `Metric.Query: "up": unknown key, did you mean metric.query?`},
		"a space before it":      {map[string]string{" scale.leadTime": "1m"}, ` scale.leadTime: "1m": unknown key, did you mean scale.leadTime?`},
		"the end of a key":       {map[string]string{"activationThreshold": "5"}, `activationThreshold: "5": unknown key, did you mean scale.activationThreshold?`},
		"nothing like it":        {map[string]string{"serverAddress": "x"}, `serverAddress: "x": unknown key, known here: metric,`},
		"below a leaf of a part": {map[string]string{"scale.lead.time": "1m"}, `scale.lead.time: unknown key`},
		"no time to live":        {map[string]string{"metric.ttl": "0s"}, `metric.ttl: "0s": want more than 0, or leave it out`},
		"no risk":                {map[string]string{"forecast.risk": "0"}, `forecast.risk: "0": want more than 0, or leave it out`},
		"a fraction of replicas": {map[string]string{"scale.minReplicas": "two"}, `scale.minReplicas: "two": want a whole number`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := api.FromMetadata(c.metadata)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestMetadataPassesOverForeignKeys(t *testing.T) {
	spec, err := api.FromMetadata(map[string]string{
		"scalerAddress": "forescale:9443", "enableTLS": "true", "unsafeSsl": "false", "caCert": "x", "tlsClientCert": "y", "tlsClientKey": "z",
		"metricName": "demand", "metric.queryFromEnv": "up", "scale.targetPerReplica": "5",
	})
	require.NoError(t, err)
	require.Equal(t, "up", spec.Metric.Query)
}

func TestValidateReportsEveryFault(t *testing.T) {
	two := int32(2)
	spec := api.Spec{
		Metric:   api.MetricSpec{Step: api.Duration(7 * time.Second), History: api.Duration(20 * time.Second)},
		Forecast: api.ForecastSpec{Risk: 2, Buffer: 1.2, TimeZone: "Mars/Olympus", Events: []api.Event{{}}},
		Scale:    api.ScaleSpec{TargetPerReplica: -5, MinReplicas: &two, MaxReplicas: 1},
		Mode:     "On",
	}
	err := spec.Validate()
	for _, want := range []string{
		"metric.query: missing", "metric.step: \"7s\": want a step that divides a day", "metric.history: \"20s\": want at least ten steps",
		`forecast.risk: "2": want a number above 0 and below 1`, "forecast.buffer: given together with risk",
		`forecast.timeZone: "Mars/Olympus"`, "forecast.events.0.name: missing", "forecast.events.0.start", "forecast.events.0.duration",
		"want exactly one of multiplier, add and learn", `scale.targetPerReplica: "-5": want a number above 0`,
		`scale.minReplicas: "2": want at most scale.maxReplicas, 1`, `mode: "On": want one of Active, Shadow, Paused`,
	} {
		require.ErrorContains(t, err, want)
	}
}

// A third one would be silently ignored.
func TestAtMostTwoSeasonsBesideDayAndWeek(t *testing.T) {
	spec := api.Spec{Metric: api.MetricSpec{Query: "q"}, Scale: api.ScaleSpec{TargetPerReplica: 5}}
	require.NoError(t, spec.Forecast.Seasons.UnmarshalText([]byte("2h,8h,1d,7d")))
	require.NoError(t, spec.Validate())
	require.NoError(t, spec.Forecast.Seasons.UnmarshalText([]byte("2h,5h,8h")))
	require.ErrorContains(t, spec.Validate(), `forecast.seasons: "2h,5h,8h": want at most 2 periods besides 1d and 7d`)
}

// With an event that recurs every nanosecond a cell would have too many occurrences to go through.
func TestAnEventRecursByTheMinuteAtMost(t *testing.T) {
	for every, want := range map[time.Duration]string{
		0:                    "",
		time.Minute:          "",
		59 * time.Second:     `forecast.events.0.every: "59s": want at least the duration of the event and a minute, 1m`,
		30 * time.Nanosecond: "forecast.events.0.every",
	} {
		event := api.Event{Name: "job", Start: "2026-11-27T08:00:00Z", Duration: 20, Every: api.Duration(every), Add: 5}
		err := api.Spec{
			Metric:   api.MetricSpec{Query: "q"},
			Forecast: api.ForecastSpec{Events: []api.Event{event}},
			Scale:    api.ScaleSpec{TargetPerReplica: 5},
		}.Validate()
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}

// A season that is not a whole number of cells, or only one, would be silently ignored.
func TestSeasonsFitTheGrid(t *testing.T) {
	for _, c := range []struct {
		step, seasons string
		want          bool
	}{
		{"", "1d,7d", true},
		{"", "auto", true},
		{"", "none", true},
		{"15s", "90s", true},
		{"1h", "2h", true},
		{"", "90s", false},
		{"", "1m", false},
		{"", "30s,1d", false},
		{"1h", "90m", false},
	} {
		s := api.Spec{Metric: api.MetricSpec{Query: "q"}, Scale: api.ScaleSpec{TargetPerReplica: 5}}
		require.NoError(t, s.Forecast.Seasons.UnmarshalText([]byte(c.seasons)))
		if c.step != "" {
			require.NoError(t, s.Metric.Step.UnmarshalText([]byte(c.step)))
		}
		if c.want {
			require.NoError(t, s.Validate(), c.seasons)
			continue
		}
		require.ErrorContains(t, s.Validate(), "forecast.seasons: ", c.seasons)
		require.ErrorContains(t, s.Validate(), "want multiples of metric.step, ", c.seasons)
	}
}

// A service description replaces the target per replica, and needs an objective that a replica can
// meet: the 95th percentile of an exponential service time is three times its mean.
func TestServiceFaults(t *testing.T) {
	ms := func(n int) api.Duration { return api.Duration(time.Duration(n) * time.Millisecond) }
	objective := &api.LatencyObjective{Quantile: 0.95, Value: ms(200)}
	for name, c := range map[string]struct {
		scale api.ScaleSpec
		want  string
	}{
		"fine":               {api.ScaleSpec{LatencyObjective: objective, Service: &api.ServiceSpec{Slots: 8, Time: ms(66)}}, ""},
		"no replica keeps":   {api.ScaleSpec{LatencyObjective: objective, Service: &api.ServiceSpec{Slots: 8, Time: ms(67)}}, `scale.service.time: "67ms": want at most 66.761ms: beyond, even an idle replica does not serve the quantile 0.95 within 200ms`},
		"irregular":          {api.ScaleSpec{LatencyObjective: objective, Service: &api.ServiceSpec{Slots: 8, Time: ms(56), Variation: 2}}, `scale.service.time: "56ms": want at most 55.496ms`},
		"constant":           {api.ScaleSpec{LatencyObjective: objective, Service: &api.ServiceSpec{Slots: 8, Time: ms(190), Variation: 0.01}}, ""},
		"no such variation":  {api.ScaleSpec{LatencyObjective: objective, Service: &api.ServiceSpec{Slots: 8, Time: ms(9), Variation: 11}}, `scale.service.variation: "11": want a number above 0, at most 10`},
		"varies and shares":  {api.ScaleSpec{LatencyObjective: objective, Service: &api.ServiceSpec{Slots: 8, Time: ms(9), Variation: 2, Discipline: api.Sharing}}, `scale.service.variation: "2": want none with the discipline Sharing`},
		"without objective":  {api.ScaleSpec{Service: &api.ServiceSpec{Slots: 8, Time: ms(50)}}, "scale.service: needs scale.latencyObjective"},
		"with a target":      {api.ScaleSpec{TargetPerReplica: 50, LatencyObjective: objective, Service: &api.ServiceSpec{Slots: 8, Time: ms(50)}}, "scale.service: given together with scale.targetPerReplica"},
		"nothing at once":    {api.ScaleSpec{LatencyObjective: objective, Service: &api.ServiceSpec{Time: ms(50)}}, `scale.service.slots: "0": want the requests that one replica serves at once`},
		"discipline":         {api.ScaleSpec{LatencyObjective: objective, Service: &api.ServiceSpec{Slots: 8, Time: ms(50), Discipline: "fifo"}}, `scale.service.discipline: "fifo": want one of Central, Random, Sharing`},
		"no time":            {api.ScaleSpec{LatencyObjective: objective, Service: &api.ServiceSpec{Slots: 8}}, `scale.service.time: "0s": want the mean time of one request`},
		"on average":         {api.ScaleSpec{TargetPerReplica: 5, LatencyObjective: objective}, "forecast.average: \"true\": needs scale.service"},
		"a target too small": {api.ScaleSpec{TargetPerReplica: 1e-7}, `scale.targetPerReplica: "0.0000001": want a number above 0, from 1e-6 to 1e15`},
		"latency of hours":   {api.ScaleSpec{LatencyObjective: &api.LatencyObjective{Quantile: 0.95, Value: ms(7_200_000)}}, `scale.latencyObjective.value: "2h": want a latency above 0, at most 1h, such as 200ms`},
		"no objective again": {api.ScaleSpec{LatencyObjective: &api.LatencyObjective{}, Service: &api.ServiceSpec{Slots: 8, Time: ms(50)}}, "scale.latencyObjective.quantile: missing"},
	} {
		t.Run(name, func(t *testing.T) {
			average := api.ForecastSpec{Average: name == "on average"}
			err := api.Spec{Metric: api.MetricSpec{Query: "q"}, Forecast: average, Scale: c.scale}.Validate()
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}

// With an objective the margin is set by its violations, without one by a quantile.
func TestDefaultMargin(t *testing.T) {
	objective := &api.LatencyObjective{Quantile: 0.95, Value: api.Duration(time.Second)}
	for name, c := range map[string]struct {
		spec api.Spec
		want api.ForecastSpec
	}{
		"a target alone": {api.Spec{Scale: api.ScaleSpec{TargetPerReplica: 50}}, api.ForecastSpec{Risk: 0.95}},
		"an objective":   {api.Spec{Scale: api.ScaleSpec{LatencyObjective: objective}}, api.ForecastSpec{ViolationTarget: 0.001}},
		"both":           {api.Spec{Scale: api.ScaleSpec{TargetPerReplica: 50, LatencyObjective: objective}}, api.ForecastSpec{ViolationTarget: 0.001}},
		"stated":         {api.Spec{Forecast: api.ForecastSpec{Buffer: 1.2}, Scale: api.ScaleSpec{LatencyObjective: objective}}, api.ForecastSpec{Buffer: 1.2}},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.spec.Default().Forecast
			require.Equal(t, c.want, api.ForecastSpec{Risk: got.Risk, ViolationTarget: got.ViolationTarget, Buffer: got.Buffer})
		})
	}
}

func TestDefaultsAreValid(t *testing.T) {
	spec := api.Spec{Metric: api.MetricSpec{Query: "up"}, Scale: api.ScaleSpec{TargetPerReplica: 50}}
	require.NoError(t, spec.Validate())
	full := spec.Default()
	require.NoError(t, full.Validate())
	require.Equal(t, full, full.Default(), "defaults are stable")
	require.Nil(t, spec.Scale.MinReplicas, "the receiver is not changed")
}

func TestDurationText(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"90s": 90 * time.Second, "14d": 336 * time.Hour, "1w2d": 216 * time.Hour, "1d12h": 36 * time.Hour, "200ms": 200 * time.Millisecond, "1h30m": 90 * time.Minute,
	} {
		d, err := api.ParseDuration(text)
		require.NoError(t, err, text)
		require.Equal(t, want, d.Std(), text)
		back, err := api.ParseDuration(d.String())
		require.NoError(t, err)
		require.Equal(t, d, back)
	}
	for _, text := range []string{"", "5", "-5s", "1y", "d", "1.5d", "1d-2h", "99999999w", "101w36499d", "30501w" /* wraps around to three days */} {
		_, err := api.ParseDuration(text)
		require.Error(t, err, text)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte(`{"forecast":{"events":[{"name":1}]},"scale":null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		spec, err := api.Decode(data)
		if err != nil || spec.Validate() != nil {
			return
		}
		again, err := api.FromMetadata(api.ToMetadata(spec))
		require.NoError(t, err)
		require.True(t, reflect.DeepEqual(api.ToMetadata(spec), api.ToMetadata(again)))
	})
}

// What is read says the same when it is written and read again, and never panics.
func FuzzFromMetadata(f *testing.F) {
	f.Add("scale.targetPerReplica", "50", "metric.query", "up")
	f.Add("forecast.events.0.name", "x", "forecast.events", "y")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		spec, err := api.FromMetadata(map[string]string{k1: v1, k2: v2})
		if err != nil {
			return
		}
		_ = spec.Validate()
		back, err := api.FromMetadata(api.ToMetadata(spec))
		require.NoError(t, err)
		require.Equal(t, api.ToMetadata(spec), api.ToMetadata(back))
	})
}
