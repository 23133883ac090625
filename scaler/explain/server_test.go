package explain_test

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/forescale/forescale/forecast/auto"
	pb "github.com/forescale/forescale/proto/v1"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/engine"
	"github.com/forescale/forescale/scaler/explain"
	"github.com/forescale/forescale/scaler/live"
	"github.com/forescale/forescale/scaler/shadow"
)

// fake explains what it was given, in the order given.
type fake []live.Explanation

func (f fake) Keys() (keys []live.Key) {
	for _, x := range f {
		keys = append(keys, x.Key)
	}
	return keys
}

func (f fake) Explain(key live.Key) (live.Explanation, bool) {
	i := slices.IndexFunc(f, func(x live.Explanation) bool { return x.Key == key })
	if i < 0 {
		return live.Explanation{}, false
	}
	return f[i], true
}

func key(name, metric string) live.Key {
	return live.Key{Namespace: "shop", Name: name, Metric: metric}
}

func ask(name, metric string) *pb.ExplainRequest {
	return &pb.ExplainRequest{Workload: &pb.Workload{Namespace: "shop", Name: name, Metric: metric}}
}

func TestExplainFindsTheWorkload(t *testing.T) {
	s := explain.New(fake{{Key: key("cart", "rps")}, {Key: key("web", "lag")}, {Key: key("web", "rps")}})
	for name, tt := range map[string]struct {
		request *pb.ExplainRequest
		metric  string
		code    codes.Code
		says    string
	}{
		"by its whole key":        {ask("web", "lag"), "lag", codes.OK, ""},
		"the only metric":         {ask("cart", ""), "rps", codes.OK, ""},
		"one of two metrics":      {ask("web", ""), "", codes.InvalidArgument, "shop/web has 2 metrics, name one of: shop/web/lag, shop/web/rps"},
		"a metric it has not":     {ask("cart", "lag"), "", codes.NotFound, "no workload shop/cart/lag is kept here; kept: shop/cart/rps, shop/web/lag, shop/web/rps"},
		"nothing was asked about": {&pb.ExplainRequest{}, "", codes.NotFound, "kept: shop/cart/rps"},
	} {
		t.Run(name, func(t *testing.T) {
			x, err := s.Explain(t.Context(), tt.request)
			require.Equal(t, tt.code, status.Code(err), err)
			if err != nil {
				require.ErrorContains(t, err, tt.says)
				return
			}
			require.Equal(t, tt.metric, x.GetWorkload().GetMetric())
		})
	}
	list, err := s.List(t.Context(), &pb.ListRequest{})
	require.NoError(t, err)
	require.Len(t, list.GetWorkloads(), 3)
	_, err = explain.New(fake{}).Explain(t.Context(), ask("web", ""))
	require.ErrorContains(t, err, "kept: none is")
}

func TestExplainTellsTheScore(t *testing.T) {
	fresh := live.Explanation{Key: key("web", "rps")}
	scored := fresh
	scored.Tally.Scored = 7200
	scored.Tally.Standings[shadow.Plain] = shadow.Standing{Short: 90, Replicas: 36000}

	x, err := explain.New(fake{fresh}).Explain(t.Context(), ask("web", "rps"))
	require.NoError(t, err)
	require.Nil(t, x.GetScore(), "nothing was scored yet, which is not a perfect score")

	x, err = explain.New(fake{scored}).Explain(t.Context(), ask("web", "rps"))
	require.NoError(t, err)
	require.Equal(t, 2*time.Hour, x.GetScore().GetScored().AsDuration())
	require.Len(t, x.GetScore().GetStandings(), len(shadow.Policies()))
	plain := x.GetScore().GetStandings()[shadow.Plain]
	require.Equal(t, "hpa", plain.GetPolicy())
	require.Equal(t, 90*time.Second, plain.GetShort().AsDuration())
	require.InDelta(t, 10, plain.GetReplicaHours(), 0)
}

func TestExplainLosesNothing(t *testing.T) {
	at := time.Date(2026, 3, 3, 12, 0, 0, 0, time.UTC)
	lowest := int32(2)
	record := scaler.Record{
		Spec: api.ScaleSpec{MinReplicas: &lowest},
		Input: scaler.Input{
			Now: at, Current: 3, Desired: 7, LeadTime: time.Minute, Demand: scaler.Demand{Observed: 300, Predicted: 340},
		},
	}
	record.Decision, _ = scaler.Decide(record.Spec, record.State, record.Input)
	answered := scaler.AnswerRecord{Input: scaler.AnswerInput{Now: at, Need: 340, Target: 50, Count: 7, Desired: 9}}
	answered.Answer, _ = scaler.Respond(answered.Hold, answered.Input)
	s := explain.New(fake{{
		Key:    key("web", "rps"),
		Spec:   api.Spec{Metric: api.MetricSpec{Query: "sum(x)"}}.Default(),
		Answer: live.Answer{Value: 340, Target: 50, Active: true, At: at, Observed: 300, Predicted: 340, Rule: scaler.BreakEvenHold},
		Parts:  engine.Parts{Forecast: 330, Surprise: 10, Reactive: 11, Latch: 12, Return: 13, Hedge: 14, Chance: 0.02, Level: 0.95},
		Model:  "auto", Trusted: true, Skill: math.NaN(), LeadTime: 75 * time.Second,
		Outlooks: []engine.Outlook{{Ahead: time.Minute, Median: 305, Upper: 330, Experts: []auto.Share{{Expert: "week ago", Weight: 1}}}},
		Record:   &record, AnswerRecord: &answered,
		FitErr: errors.New("history too short"),
	}})
	x, err := s.Explain(t.Context(), ask("web", "rps"))
	require.NoError(t, err)
	require.Equal(t, at, x.GetAt().AsTime())
	require.InDelta(t, 340, x.GetAnswer().GetValue(), 0)
	require.Equal(t, "BreakEvenHold", x.GetAnswer().GetRule())
	require.InDelta(t, 330, x.GetParts().GetForecast(), 0)
	parts := x.GetParts()
	require.Equal(t, []float64{10, 11, 12, 13, 14, 0.02, 0.95}, []float64{
		parts.GetSurprise(), parts.GetReactive(), parts.GetLatch(), parts.GetReturning(), parts.GetHedge(), parts.GetChance(), parts.GetLevel(),
	})
	require.Nil(t, x.Skill, "not scored is not zero")
	require.Equal(t, 75*time.Second, x.GetLeadTime().AsDuration())
	require.Equal(t, "week ago", x.GetOutlooks()[0].GetExperts()[0].GetExpert())
	require.Equal(t, "history too short", x.GetFitError())
	require.Empty(t, x.GetQueryError())

	var spec api.Spec
	require.NoError(t, json.Unmarshal([]byte(x.GetSpecJson()), &spec))
	require.Equal(t, "sum(x)", spec.Metric.Query)
	var again scaler.Record
	require.NoError(t, json.Unmarshal([]byte(x.GetRecordJson()), &again))
	d, _, err := again.Replay()
	require.NoError(t, err, "decided again bit for bit")
	require.EqualValues(t, 7, d.Replicas)
	var reply scaler.AnswerRecord
	require.NoError(t, json.Unmarshal([]byte(x.GetAnswerRecordJson()), &reply))
	a, err := reply.Replay()
	require.NoError(t, err, "answered again bit for bit")
	require.Equal(t, scaler.Answer{Value: 450, Rule: scaler.BreakEvenHold}, a)
}
