package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/forescale/forescale/collector"
	pb "github.com/forescale/forescale/proto/v1"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/explain"
	"github.com/forescale/forescale/scaler/external"
	"github.com/forescale/forescale/scaler/live"
)

// steady is a metric that never changes.
type steady float64

func (s steady) Range(_ context.Context, _ string, from, to time.Time, step time.Duration) (out []collector.Sample, _ error) {
	for at := from.Truncate(step).Add(step); !at.After(to); at = at.Add(step) {
		out = append(out, collector.Sample{Time: at, Value: float64(s)})
	}
	return out, nil
}

func (s steady) Instant(_ context.Context, _ string, at time.Time) (collector.Sample, error) {
	return collector.Sample{Time: at, Value: float64(s)}, nil
}

// startExplained runs a server as serve does, whose clock stands still, with one
// workload that is fitted; it returns its address and the store.
func startExplained(t *testing.T) (string, *live.Store, live.Key) {
	t.Helper()
	now := time.Date(2026, 3, 3, 12, 0, 30, 0, time.UTC)
	store := live.NewStore(steady(120), live.Options{Now: func() time.Time { return now }, Tick: 10 * time.Millisecond, Forget: -1})
	server, err := external.New(store, external.Options{
		Register: func(r grpc.ServiceRegistrar) { pb.RegisterExplainerServer(r, explain.New(store)) },
	})
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	var done sync.WaitGroup
	done.Go(func() { _ = store.Run(ctx) })
	done.Go(func() { _ = server.Serve(ctx, listener) })
	t.Cleanup(func() { stop(); done.Wait() })

	key := live.Key{Namespace: "shop", Name: "web", Metric: "rps"}
	require.NoError(t, store.Ensure(key, api.Spec{
		Metric: api.MetricSpec{Query: "sum(rate(requests_total[1m]))", History: api.Duration(6 * time.Hour)},
		Scale:  api.ScaleSpec{TargetPerReplica: 50},
	}))
	require.Eventually(t, func() bool {
		a, _ := store.Answer(key)
		_, model := store.Forecast(key)
		return a.Err == nil && model == "auto"
	}, time.Minute, 10*time.Millisecond)
	return listener.Addr().String(), store, key
}

func runExplain(args ...string) (string, error) {
	cmd := newExplainCommand()
	var out bytes.Buffer
	cmd.SetArgs(append([]string{}, args...)) // not nil: cobra would take those of the test binary
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SilenceUsage, cmd.SilenceErrors = true, true
	err := cmd.Execute()
	return out.String(), err
}

func TestExplainTellsWhatIsBehindAnAnswer(t *testing.T) {
	address, store, key := startExplained(t)
	list, err := runExplain("--address", address)
	require.NoError(t, err)
	require.Equal(t, "shop/web/rps\n", list)

	text, err := runExplain("--address", address, "shop/web")
	require.NoError(t, err)
	for _, want := range []string{
		"shop/web/rps  Active  at 2026-03-03T12:00:30Z",
		"query     sum(rate(requests_total[1m]))",
		"observed  120",
		"within 1m15s, forecast 120 at the 95 % level",
		"120, that is 3 replicas at 50 each",
		"model     auto, not scored yet",
		"at +1m    median 120, to provide for 120: ",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "decision", "behind KEDA the HPA decides")

	_, ok := store.Scale(key, engine.Target{Current: 2, Ready: 2, Min: 1, Max: 10})
	require.True(t, ok)
	text, err = runExplain("--address", address, "shop/web/rps")
	require.NoError(t, err)
	require.Contains(t, text, "replicas (now 2): demand asks for 3")
}

// An expert of no weight explains nothing, unless all are.
func TestExplainNamesExpertsWithAWeight(t *testing.T) {
	got := experts([]*pb.Share{{Expert: "last value", Weight: 0.994}, {Expert: "week-ago", Weight: 0.006}, {Expert: "day-ago", Weight: 0.0049}, {Expert: "LSTM"}})
	require.Equal(t, ": 99 % last value, 1 % week-ago", got)
	require.Equal(t, ": 0 % LSTM", experts([]*pb.Share{{Expert: "LSTM"}}))
	require.Empty(t, experts(nil))
}

// Under an objective the demand is no multiple of what one replica serves: the count
// is what is said.
func TestExplainTellsOfAnObjective(t *testing.T) {
	spec := api.Spec{Mode: api.Active, Scale: api.ScaleSpec{
		LatencyObjective: &api.LatencyObjective{Quantile: 0.95, Value: api.Duration(300 * time.Millisecond)},
		Service:          &api.ServiceSpec{Slots: 8, Time: api.Duration(80 * time.Millisecond)},
	}}
	a := &pb.Answer{Value: 700, TargetPerReplica: 100, Active: true}
	require.Equal(t, "7 replicas, which keep the quantile 0.95 within 300ms; one is full at 100", served(a, spec))
	a.Rule = "BreakEvenHold"
	require.Contains(t, served(a, spec), "one is full at 100 (BreakEvenHold)", "more than the demand needs")
}

// While a burst begins, more replicas are asked for than its demand needs: that is told.
func TestExplainTellsOfTheSparesOfABurst(t *testing.T) {
	answer := func(value float64, rule string) *pb.Answer {
		return &pb.Answer{Value: value, TargetPerReplica: 10, Observed: new(100.0), Predicted: new(100.0), Rule: rule}
	}
	for name, c := range map[string]struct {
		answer *pb.Answer
		parts  *pb.Parts
		spec   api.Spec
		told   bool
	}{
		"it begins":               {answer(260, "Burst"), &pb.Parts{Latch: 100}, api.Spec{}, true},
		"it lasts":                {answer(100, "Burst"), &pb.Parts{Latch: 100}, api.Spec{}, false},
		"it is likely":            {answer(260, "Burst"), &pb.Parts{Hedge: 255}, api.Spec{}, false},
		"another rule":            {answer(260, "BreakEvenHold"), &pb.Parts{}, api.Spec{}, false},
		"by a queueing formula":   {answer(260, "Burst"), &pb.Parts{}, api.Spec{Scale: api.ScaleSpec{Service: &api.ServiceSpec{}}}, false},
		"capacity is not known":   {&pb.Answer{Value: 260, Rule: "Burst"}, &pb.Parts{}, api.Spec{}, false},
		"there is no such answer": {&pb.Answer{Error: "no data"}, &pb.Parts{}, api.Spec{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			text := spares(c.answer, c.parts, c.spec)
			require.Equal(t, c.told, strings.Contains(text, "two or three start for each that is missing"), text)
		})
	}
}

// A replica may be taken to serve another demand than is stated, by its latency or the use of
// its processors: that is told.
func TestExplainTellsOfALearnedTarget(t *testing.T) {
	a := &pb.Answer{Value: 412, TargetPerReplica: 45.8, Active: true}
	for stated, words := range map[float64]string{
		45.8: "412, that is 9 replicas at 45.8 each",
		60:   "412, that is 9 replicas at 45.8 each, as learned (60 is stated)",
		0:    "412, that is 9 replicas at 45.8 each, as learned",
	} {
		spec := api.Spec{Mode: api.Active, Scale: api.ScaleSpec{TargetPerReplica: api.Number(stated)}}
		require.Equal(t, words, served(a, spec))
	}
}

func TestExplainTellsWhatTheForecastIsWorth(t *testing.T) {
	require.Empty(t, standings(nil), "nothing was scored yet")
	require.Equal(t, []string{
		"of 1d, had each acted alone:",
		"with the forecast: 0.0174 % of the time too few replicas, 8.5 on average",
		"an HPA on the same target: 2.5 % of the time too few replicas, 8 on average",
		"an HPA at 70 % of it: 0 % of the time too few replicas, 11.4 on average",
	}, standings(&pb.Score{Scored: durationpb.New(24 * time.Hour), Standings: []*pb.Standing{
		{Policy: "forescale", Short: durationpb.New(15 * time.Second), ReplicaHours: 204},
		{Policy: "hpa", Short: durationpb.New(36 * time.Minute), ReplicaHours: 192},
		{Policy: "hpa-70", ReplicaHours: 273.6},
	}}))
}

func TestAnExplainedDecisionIsReplayed(t *testing.T) {
	address, store, key := startExplained(t)
	_, ok := store.Scale(key, engine.Target{Current: 2, Ready: 2, Min: 1, Max: 10})
	require.True(t, ok)
	answer, err := runExplain("--address", address, "shop/web", "--json")
	require.NoError(t, err)
	var x struct {
		RecordJSON string `json:"recordJson"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &x))

	file := filepath.Join(t.TempDir(), "decision.json")
	require.NoError(t, os.WriteFile(file, []byte(x.RecordJSON), 0o600))
	text, err := runExplain("--replay", file)
	require.NoError(t, err)
	require.Contains(t, text, "3 replicas, as recorded: demand asks for 3")
	require.NotContains(t, text, "answer")

	require.NoError(t, os.WriteFile(file, []byte(answer), 0o600))
	again, err := runExplain("--replay", file)
	require.NoError(t, err)
	require.Contains(t, again, text, "the whole output will do")
	require.Contains(t, again, "an answer of ", "which has that too")
	require.NoError(t, os.WriteFile(file, []byte(`{"workload": {"name": "web"}, "answer": {"value": 450}}`), 0o600))
	_, err = runExplain("--replay", file)
	require.ErrorContains(t, err, "nothing had been answered yet, or demand was unknown")

	for _, other := range []string{text, "{}", `{"decision": {}}`} {
		require.NoError(t, os.WriteFile(file, []byte(other), 0o600))
		_, err = runExplain("--replay", file)
		require.ErrorContains(t, err, "no record of a decision, want the output of explain --json, or its recordJson")
	}
}

// Behind KEDA nobody asks for replicas: what is recorded and replayed is the answer.
func TestAnExplainedAnswerIsReplayed(t *testing.T) {
	address, _, _ := startExplained(t)
	output, err := runExplain("--address", address, "shop/web", "--json")
	require.NoError(t, err)
	require.NotContains(t, output, "recordJson")
	file := filepath.Join(t.TempDir(), "answer.json")
	require.NoError(t, os.WriteFile(file, []byte(output), 0o600))
	text, err := runExplain("--replay", file)
	require.NoError(t, err)
	require.Regexp(t, `^an answer of [0-9.]+, as recorded: what demand needs\n$`, text)

	var x struct {
		Record string `json:"answerRecordJson"`
	}
	require.NoError(t, json.Unmarshal([]byte(output), &x))
	require.NoError(t, os.WriteFile(file, []byte(x.Record), 0o600))
	alone, err := runExplain("--replay", file)
	require.NoError(t, err)
	require.Equal(t, text, alone)
	for change, want := range map[[2]string]string{
		{`"need":`, `"need":1`}:     "replay answers",
		{`"slot":`, `"slot":-`}:     "want a time from 1970 to 2261 and no later hold",
		{`"now":"2`, `"now":"1`}:    "want a time from 1970 to 2261 and no later hold",
		{`"target":`, `"target":x`}: "no record of a decision",
	} {
		require.NoError(t, os.WriteFile(file, []byte(strings.Replace(x.Record, change[0], change[1], 1)), 0o600))
		_, err = runExplain("--replay", file)
		require.ErrorContains(t, err, want)
	}
}

// A server that hangs up may want TLS; one that is not there does not.
func TestExplainSaysWhatAServerMayWant(t *testing.T) {
	for _, c := range []struct {
		o             explainOptions
		message, want string
	}{
		{explainOptions{}, "error reading server preface: EOF", "; a server with --grpc-cert wants --ca"},
		{explainOptions{ca: "ca.pem"}, "write: broken pipe", "; a server with --grpc-client-ca wants --cert and --key"},
		{explainOptions{ca: "ca.pem", cert: "me.pem", key: "me.key"}, "write: broken pipe", ""},
		{explainOptions{}, "the frame header looked like an HTTP/1.1 header", ""},
		{explainOptions{}, "invalid target address http://localhost:9443", "; want host:port, such as localhost:9443"},
		{explainOptions{address: "http://forescale:9443"}, "transport: Error while dialing: dial tcp 10.0.0.1:3128: connect: connection refused", "; want host:port, such as localhost:9443"},
		{explainOptions{}, "name resolver error: produced zero addresses", ""},
		{explainOptions{}, "transport: Error while dialing: dial tcp 127.0.0.1:9443: connect: connection refused", ""},
	} {
		require.Equal(t, c.want, c.o.hint(c.message))
	}
}

func TestExplainSaysWhatIsWrong(t *testing.T) {
	address, _, _ := startExplained(t)
	for name, tt := range map[string]struct {
		args []string
		want string
	}{
		"no name of a workload": {[]string{"--address", address, "web"}, `"web" is no workload, want namespace/name`},
		"not kept":              {[]string{"--address", address, "shop/cart"}, "no workload shop/cart is kept here; kept: shop/web/rps"},
		"a URL":                 {[]string{"--address", "http://127.0.0.1:1"}, "; want host:port, such as localhost:9443"},
		"nobody listens":        {[]string{"--address", "127.0.0.1:1"}, "connection refused"},
		"keys without a CA":     {[]string{"--cert", "a.pem"}, "--cert and --key need --ca"},
		"a record of what":      {[]string{"--replay", "decision.json", "shop/web"}, `--replay decision.json: want it without "shop/web"`},
		"no such CA":            {[]string{"--ca", "missing.pem"}, "--ca: open missing.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := runExplain(tt.args...)
			require.ErrorContains(t, err, tt.want)
		})
	}
}
