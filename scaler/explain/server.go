package explain

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/forescale/forescale/proto/v1"
	"github.com/forescale/forescale/scaler/live"
	"github.com/forescale/forescale/scaler/shadow"
)

// A Store knows what stands behind its answers, such as live.Store.
type Store interface {
	Keys() []live.Key                          // sorted
	Explain(live.Key) (live.Explanation, bool) // false = no such workload
}

var _ Store = (*live.Store)(nil)

// Server implements the service Explainer over a store. It is safe for concurrent
// use.
type Server struct {
	pb.UnimplementedExplainerServer
	store Store
}

// New returns a server that reads store.
func New(store Store) *Server { return &Server{store: store} }

// List implements pb.ExplainerServer.
func (s *Server) List(context.Context, *pb.ListRequest) (*pb.ListResponse, error) {
	out := &pb.ListResponse{}
	for _, k := range s.store.Keys() {
		out.Workloads = append(out.Workloads, workload(k))
	}
	return out, nil
}

// Explain implements pb.ExplainerServer.
func (s *Server) Explain(_ context.Context, in *pb.ExplainRequest) (*pb.ExplainResponse, error) {
	key, err := s.find(in.GetWorkload())
	if err != nil {
		return nil, err
	}
	x, ok := s.store.Explain(key)
	if !ok { // forgotten since
		return nil, s.missing(in.GetWorkload())
	}
	out, err := message(x)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "%s: %v", key, err)
	}
	return out, nil
}

// find returns the key that w names; without a metric it may be the only one of
// the object.
func (s *Server) find(w *pb.Workload) (live.Key, error) {
	var found []live.Key
	for _, k := range s.store.Keys() {
		if k.Namespace == w.GetNamespace() && k.Name == w.GetName() && (w.GetMetric() == "" || k.Metric == w.GetMetric()) {
			found = append(found, k)
		}
	}
	switch len(found) {
	case 0:
		return live.Key{}, s.missing(w)
	case 1:
		return found[0], nil
	}
	return live.Key{}, status.Errorf(codes.InvalidArgument, "%s/%s has %d metrics, name one of: %s",
		w.GetNamespace(), w.GetName(), len(found), names(found))
}

func (s *Server) missing(w *pb.Workload) error {
	kept := "none is"
	if keys := s.store.Keys(); len(keys) > 0 {
		kept = names(keys)
	}
	asked := live.Key{Namespace: w.GetNamespace(), Name: w.GetName(), Metric: w.GetMetric()}.String()
	return status.Errorf(codes.NotFound, "no workload %s is kept here; kept: %s", strings.TrimSuffix(asked, "/"), kept)
}

// names lists the first of keys, and says how many more there are.
func names(keys []live.Key) string {
	const most = 10
	var list []string
	for _, k := range keys[:min(len(keys), most)] {
		list = append(list, k.String())
	}
	if more := len(keys) - most; more > 0 {
		list = append(list, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, ", ")
}

func workload(k live.Key) *pb.Workload {
	return &pb.Workload{Namespace: k.Namespace, Name: k.Name, Metric: k.Metric}
}

// known leaves out what is not known: NaN.
func known(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// score spells t for the wire; nil before something was scored.
func score(t shadow.Tally) *pb.Score {
	if t.Scored == 0 {
		return nil
	}
	out := &pb.Score{Scored: durationpb.New(seconds(t.Scored))}
	for _, p := range shadow.Policies() {
		of := t.Standings[p]
		out.Standings = append(out.Standings, &pb.Standing{
			Policy: p.String(), Short: durationpb.New(seconds(of.Short)), ReplicaHours: of.Replicas / time.Hour.Seconds(),
		})
	}
	return out
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// message spells x for the wire.
func message(x live.Explanation) (*pb.ExplainResponse, error) {
	spec, err := json.Marshal(x.Spec)
	if err != nil {
		return nil, fmt.Errorf("spell the spec: %w", err)
	}
	out := &pb.ExplainResponse{
		Workload: workload(x.Key),
		At:       timestamppb.New(x.Answer.At),
		SpecJson: string(spec),
		Answer: &pb.Answer{
			Value: x.Answer.Value, TargetPerReplica: x.Answer.Target, Active: x.Answer.Active,
			Observed: known(x.Answer.Observed), Predicted: known(x.Answer.Predicted), Error: text(x.Answer.Err), Rule: string(x.Answer.Rule),
		},
		Parts: &pb.Parts{
			Forecast: known(x.Parts.Forecast), Surprise: x.Parts.Surprise, Reactive: x.Parts.Reactive,
			Latch: x.Parts.Latch, Returning: x.Parts.Return, Hedge: x.Parts.Hedge, Chance: x.Parts.Chance, Level: x.Parts.Level,
		},
		LeadTime:   durationpb.New(x.LeadTime),
		Model:      x.Model,
		Trusted:    x.Trusted,
		Skill:      known(x.Skill),
		QueryError: text(x.QueryErr),
		FitError:   text(x.FitErr),
		Score:      score(x.Tally),
	}
	for _, o := range x.Outlooks {
		outlook := &pb.Outlook{Ahead: durationpb.New(o.Ahead), Median: o.Median, Upper: o.Upper}
		for _, share := range o.Experts {
			outlook.Experts = append(outlook.Experts, &pb.Share{Expert: share.Expert, Weight: share.Weight})
		}
		out.Outlooks = append(out.Outlooks, outlook)
	}
	if x.Record != nil {
		record, err := json.Marshal(x.Record)
		if err != nil {
			return nil, fmt.Errorf("spell the decision: %w", err)
		}
		out.RecordJson = string(record)
	}
	if x.AnswerRecord != nil {
		record, err := json.Marshal(x.AnswerRecord)
		if err != nil {
			return nil, fmt.Errorf("spell what was answered: %w", err)
		}
		out.AnswerRecordJson = string(record)
	}
	return out, nil
}
