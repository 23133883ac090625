package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	pb "github.com/forescale/forescale/proto/v1"
	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/shadow"
)

// writeExplanation writes x for people: a line for each thing that counts.
func writeExplanation(out io.Writer, x *pb.ExplainResponse) error {
	var spec api.Spec
	if err := json.Unmarshal([]byte(x.GetSpecJson()), &spec); err != nil {
		return fmt.Errorf("read the spec of the answer: %w", err)
	}
	fmt.Fprintf(out, "%s  %s  at %s\n", workloadName(x.GetWorkload()), spec.Mode, x.GetAt().AsTime().Format(time.RFC3339))
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "  %s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	line("query", "%s", spec.Metric.Query)
	line("observed", "%s", orUnknown(x.GetAnswer().Observed))
	line("expected", "%s within %s, %s", orUnknown(x.GetAnswer().Predicted), span(x.GetLeadTime()), made(x.GetParts()))
	line("answer", "%s%s", served(x.GetAnswer(), spec), spares(x.GetAnswer(), x.GetParts(), spec))
	line("model", "%s", modelOf(x))
	for _, o := range x.GetOutlooks() {
		line("at +"+span(o.GetAhead()), "median %s, to provide for %s%s", number(o.GetMedian()), number(o.GetUpper()), experts(o.GetExperts()))
	}
	if x.GetRecordJson() != "" {
		var r scaler.Record
		if err := json.Unmarshal([]byte(x.GetRecordJson()), &r); err != nil {
			return fmt.Errorf("read the decision of the answer: %w", err)
		}
		line("decision", "%d replicas (now %d): %s", r.Decision.Replicas, r.Input.Current, trail(r.Decision))
	}
	for i, of := range standings(x.GetScore()) {
		line([]string{"score", ""}[min(i, 1)], "%s", of)
	}
	if e := x.GetQueryError(); e != "" {
		line("query failed", "%s", e)
	}
	if e := x.GetFitError(); e != "" {
		line("fit failed", "%s", e)
	}
	return w.Flush()
}

// standings says what each policy has come to, a line each, the first with the time.
func standings(s *pb.Score) (lines []string) {
	all := s.GetScored().AsDuration()
	if all <= 0 {
		return nil
	}
	lines = append(lines, fmt.Sprintf("of %s, had each acted alone:", api.Duration(all.Round(time.Second))))
	for _, of := range s.GetStandings() {
		lines = append(lines, fmt.Sprintf("%s: %.3g %% of the time too few replicas, %s on average", policyName(of.GetPolicy()),
			100*of.GetShort().AsDuration().Seconds()/all.Seconds(), api.Figure(of.GetReplicaHours()/all.Hours(), 3)))
	}
	return lines
}

// policyName says what a policy of a score is.
func policyName(policy string) string {
	switch policy {
	case shadow.Forescale.String():
		return "with the forecast"
	case shadow.Plain.String():
		return "an HPA on the same target"
	case shadow.Cautious.String():
		return "an HPA at 70 % of it"
	}
	return policy // of a newer server
}

func number(v float64) string { return api.Figure(v, 5) }

func orUnknown(v *float64) string {
	if v == nil {
		return "unknown"
	}
	return number(*v)
}

func span(d *durationpb.Duration) string { return api.Duration(d.AsDuration()).String() }

// made says what the expected demand consists of.
func made(p *pb.Parts) string {
	list := []string{fmt.Sprintf("forecast %s at the %s %% level", orUnknown(p.Forecast), number(100*p.GetLevel()))}
	for _, part := range []struct {
		name  string
		value float64
	}{
		{"added for the newest sample", p.GetSurprise()},
		{"last value with its usual growth", p.GetReactive()},
		{"burst that lasts", p.GetLatch()},
		{"what comes back after a dip", p.GetReturning()},
		{"burst that is likely", p.GetHedge()},
	} {
		if part.value > 0 {
			list = append(list, part.name+" "+number(part.value))
		}
	}
	if p.GetChance() > 0 {
		list = append(list, fmt.Sprintf("chance of a burst %s %%", number(100*p.GetChance())))
	}
	return strings.Join(list, ", ")
}

func served(a *pb.Answer, spec api.Spec) string {
	switch {
	case a.GetError() != "":
		return "none: " + a.GetError()
	case a.GetTargetPerReplica() <= 0:
		return number(a.GetValue()) + ", for an unknown number of replicas"
	}
	count := scaler.Replicas(a.GetValue(), a.GetTargetPerReplica())
	text := fmt.Sprintf("%s, that is %d replicas at %s each", number(a.GetValue()), count, number(a.GetTargetPerReplica()))
	switch stated := spec.Scale.TargetPerReplica.Float(); {
	case stated == 0:
		text += ", as learned"
	case stated != a.GetTargetPerReplica():
		text += fmt.Sprintf(", as learned (%s is stated)", number(stated))
	}
	if o := spec.Scale.LatencyObjective; o != nil && spec.Scale.Service != nil {
		text = fmt.Sprintf("%d replicas, which keep the quantile %v within %s; one is full at %s", count, o.Quantile, o.Value, number(a.GetTargetPerReplica()))
	}
	if rule := a.GetRule(); rule != "" {
		text += " (" + rule + ")"
	}
	if spec.Mode != api.Active {
		text += "; the forecast does not act in this mode"
	}
	if !a.GetActive() {
		text += ", not active"
	}
	return text
}

// spares says why a burst that begins has more replicas than the demand to expect asks for; empty if
// it has not, or if that cannot be told from a: with scale.service the count is no ratio of the two.
func spares(a *pb.Answer, p *pb.Parts, spec api.Spec) string {
	if a.GetError() != "" || a.GetRule() != string(scaler.Burst) || a.GetTargetPerReplica() <= 0 || spec.Scale.Service != nil {
		return ""
	}
	need := max(a.GetObserved(), a.GetPredicted(), p.GetLatch(), p.GetHedge())
	if scaler.Replicas(a.GetValue(), a.GetTargetPerReplica()) <= scaler.Replicas(need, a.GetTargetPerReplica()) {
		return ""
	}
	return "; while a burst begins, two or three start for each that is missing: enough are then ready soon, and the queue drains"
}

func modelOf(x *pb.ExplainResponse) string {
	switch {
	case x.GetModel() == "":
		return "none is fitted yet: the observed demand serves"
	case x.Skill == nil:
		return x.GetModel() + ", not scored yet"
	case x.GetTrusted():
		return fmt.Sprintf("%s, trusted: its loss is %.2f of that of a rule without a model", x.GetModel(), x.GetSkill())
	}
	return fmt.Sprintf("%s, not trusted: its loss is %.2f of that of a rule without a model, which acts in its place", x.GetModel(), x.GetSkill())
}

func experts(shares []*pb.Share) string {
	if len(shares) == 0 {
		return ""
	}
	var list []string
	for _, s := range shares { // the heaviest first
		if s.GetWeight() < 0.005 && len(list) > 0 { // 0 %
			break
		}
		list = append(list, fmt.Sprintf("%.0f %% %s", 100*s.GetWeight(), s.GetExpert()))
	}
	return ": " + strings.Join(list, ", ")
}

// trail spells the rules of a decision, in order.
func trail(d scaler.Decision) string {
	steps := []string{"demand asks for " + strconv.Itoa(int(d.Asked))}
	if d.Asked < 0 {
		steps[0] = "demand is unknown"
	}
	for _, s := range d.Trail() {
		steps = append(steps, fmt.Sprintf("%s makes it %d", s.Rule, s.Replicas))
	}
	return strings.Join(steps, ", ")
}
