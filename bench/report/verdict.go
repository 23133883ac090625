package report

import (
	"fmt"
)

// A Verdict says in words what the figures mean.
type Verdict struct {
	Headline  string   `json:"headline"`
	Sentences []string `json:"sentences"`
	Policy    string   `json:"policy"` // that the headline is about
	// HPATarget is the recommended target of the HPA or ScaledObject beneath, in
	// percent of the safe rate per pod.
	HPATarget float64 `json:"hpa_target_pct"`
}

// What counts as a difference: a hundredth of a percentage point of time is nine
// seconds a day, a fiftieth of the bill is what seeds and days move it by.
const (
	sameTime  = 0.01 // percentage points
	sameShare = 0.02 // of the violating time, where that is more
	sameCost  = 2    // percent
)

// safetyNet is the target of the HPA beneath a forecast, in percent of the safe
// rate: high, because the headroom sits in the quantile of the forecast and would
// be paid for twice.
const safetyNet = 95

// leastJudged is the time in seconds, over all traces, below which nothing is said of
// which policy is better: an HPA alone takes minutes to come down.
const leastJudged = 3600

// judge makes the verdict.
func (r *Report) judge() {
	reference, _ := r.Aggregate(All, r.Reference())
	champion, ours := r.champion()
	v := &r.Verdict
	v.Policy, v.HPATarget = champion.Policy, safetyNet
	v.Sentences = append(v.Sentences, r.canPay())
	if judged := r.judged(); judged < leastJudged {
		v.Headline = fmt.Sprintf("Too little is judged to say what is better: %s, where an hour is the least.", Span(judged))
		v.Sentences = append(v.Sentences, "A day shows more, and two weeks show what is usual: give a longer history, or judge more of this one by a shorter --warmup.")
		return
	}
	if !ours {
		v.Headline = r.without(champion)
		return
	}
	v.Headline = headline(champion, reference, r.Settings.BudgetPct)
	if champion.Policy == reference.Policy {
		v.Sentences = append(v.Sentences, "What forescale is worth here shows beside another policy, such as hpa-rate-70 in --policies.")
		return
	}
	v.Sentences = append(v.Sentences, r.compare(champion, reference))
	if s := byChance(champion, reference, r.Settings.BudgetPct); s != "" {
		v.Headline += " It may be chance."
		v.Sentences = append(v.Sentences, s)
	}
	if s := r.byRequests(champion, reference); s != "" {
		v.Sentences = append(v.Sentences, s)
	}
	if s := r.hindsight(champion); s != "" {
		v.Sentences = append(v.Sentences, s)
	}
	v.Sentences = append(v.Sentences, r.losses(champion.Policy, reference.Policy))
	if s := r.behindKEDAToo(champion); s != "" {
		v.Sentences = append(v.Sentences, s)
	}
	if s := r.outOfReach(reference); s != "" {
		v.Sentences = append(v.Sentences, s)
	}
}

// judged returns the time that is judged, over all traces, in seconds.
func (r *Report) judged() (seconds float64) {
	for _, t := range r.Traces {
		seconds += t.JudgedS
	}
	return seconds
}

// canPay says whether prediction can pay at all: what reactive scaling would have
// to keep as headroom.
func (r *Report) canPay() string {
	growth, where := 0.0, ""
	for _, t := range r.Traces {
		if g := float64(t.GrowthLead); g > growth {
			growth, where = g, t.Name
		}
	}
	lead := Span(r.Settings.LeadS)
	if r.still() {
		return "The least number of pods carries the load at all times: there is nothing to scale."
	}
	if where == "" {
		return "The load is too low or too short to say how fast it grows."
	}
	at := ""
	if len(r.Traces) > 1 {
		at = " on " + where
	}
	limit := 100 / growth
	if late := r.late(limit); late != "" && limit > 70 {
		return fmt.Sprintf("Within one lead time of %s the load grows by up to ×%.2f%s (99.9 %% of the time), which reactive scaling follows with a target below %.0f %%. Yet %s missed the objective for longer than the budget: prediction can pay in money, and in kept objectives as far as what it missed can be foreseen.",
			lead, growth, at, limit, late)
	}
	switch {
	case limit > 95:
		return fmt.Sprintf("Within one lead time of %s the load grows by ×%.2f at most%s (99.9 %% of the time): reactive scaling keeps up at any target, and prediction can only save the headroom of a cautious one.",
			lead, growth, at)
	case limit > 70:
		return fmt.Sprintf("Within one lead time of %s the load grows by up to ×%.2f%s (99.9 %% of the time): reactive scaling keeps up with a target below %.0f %%, so prediction can pay in money.",
			lead, growth, at, limit)
	case limit < 25:
		return fmt.Sprintf("Within one lead time of %s the load grows by up to ×%.2f%s (99.9 %% of the time): reactive scaling keeps up at no target that anybody would pay for, so prediction can pay in kept objectives and in money.",
			lead, growth, at)
	default:
		return fmt.Sprintf("Within one lead time of %s the load grows by up to ×%.2f%s (99.9 %% of the time): reactive scaling keeps up only with a target below %.0f %%, so prediction can pay in kept objectives and in money.",
			lead, growth, at, limit)
	}
}

// late returns the HPA with the lowest target below limit that misses the objective for
// longer than the budget: a quantile of the growth does not show what is rarer, as one step
// a day is. It returns "" if there is none.
func (r *Report) late(limit float64) (policy string) {
	for _, a := range r.Aggregates {
		family, target := familyOf(a.Policy)
		if a.Class == All && family == "hpa-rate" && target < limit && a.ViolatingTime > r.Settings.BudgetPct+sameTime {
			policy, limit = a.Policy, target
		}
	}
	return policy
}

// still reports whether the least number of pods is enough for each load at all times,
// however it grows.
func (r *Report) still() bool {
	for _, t := range r.Traces {
		if needed := t.UndelayedHours; !(needed > 0) || needed > float64(r.Settings.Min)*t.JudgedS/3600*(1+1e-9) {
			return false
		}
	}
	return r.Settings.Min > 0 && len(r.Traces) > 0
}

// headline says how the policy c compares with the reference.
func headline(c, ref Aggregate, budget float64) string {
	if c.Against == nil {
		return fmt.Sprintf("%s: %s %% violating time at %.2f × the optimum.", c.Policy, Percent(c.ViolatingTime), c.CostRatio)
	}
	cost := c.Against.Cost
	less := missesLess(c, ref)
	if c.ViolatingTime <= 0 && less {
		return neverMisses(c, ref)
	}
	if keeps(c, ref, budget) && cost < -sameCost {
		what := "keeps the objective"
		if ref.ViolatingTime > budget {
			what = "misses the objective no more often,"
		}
		if ref.ViolatingTime > budget && less {
			what = "misses the objective " + times(ref.ViolatingTime, c.ViolatingTime) + ","
		}
		return fmt.Sprintf("%s %s with %s.", c.Policy, what, beside(cost, ref.Policy))
	}
	if less {
		bill := "at the same bill"
		if cost > sameCost {
			bill = "for " + moreOrLess(cost)
		}
		return fmt.Sprintf("%s misses the objective %s than %s, %s.", c.Policy, times(ref.ViolatingTime, c.ViolatingTime), ref.Policy, bill)
	}
	return headlineWithoutGain(c, ref, budget)
}

// alike is the violating time, in percentage points, by which a policy may differ from the
// reference and still be no different. Where both miss the objective for hours, because there
// may not be enough replicas, it is more than seconds.
func alike(ref Aggregate) float64 { return max(sameTime, sameShare*ref.ViolatingTime) }

// missesLess reports whether c misses the objective less than the reference.
func missesLess(c, ref Aggregate) bool { return c.Against.ViolatingTime < -alike(ref) }

// keeps reports whether c misses the objective no longer than the budget allows, or no longer
// than the reference.
func keeps(c, ref Aggregate, budget float64) bool {
	return c.ViolatingTime <= max(budget, ref.ViolatingTime+alike(ref))
}

// byChance returns a remark if the headline says that c misses the objective less, or more,
// but the judged days do not show that it would on other days of the kind.
func byChance(c, ref Aggregate, budget float64) string {
	if c.Against == nil || c.Against.ViolatingTimeCI == nil {
		return ""
	}
	var what string
	ci := c.Against.ViolatingTimeCI
	switch {
	case missesLess(c, ref) && ci[1] > 0:
		what = "less"
	case !keeps(c, ref, budget) && ci[0] < 0:
		what = "more"
	default:
		return ""
	}
	return "That it misses " + what + " may be chance: the 95 % interval of the difference includes zero. A longer record says more."
}

// neverMisses is the headline of a policy that keeps the objective where the reference
// misses it.
func neverMisses(c, ref Aggregate) string {
	bill := "at the same bill"
	switch cost := c.Against.Cost; {
	case cost < -sameCost:
		bill = "with " + moreOrLess(cost)
	case cost > sameCost:
		bill = "for " + moreOrLess(cost)
	}
	return fmt.Sprintf("%s keeps the objective all the time, which %s does not, %s.", c.Policy, ref.Policy, bill)
}

func headlineWithoutGain(c, ref Aggregate, budget float64) string {
	kept := keeps(c, ref, budget)
	switch cost := c.Against.Cost; {
	case kept && cost <= sameCost && c.ViolatingTime > budget:
		return fmt.Sprintf("%s does as well as %s, and no better: neither keeps the objective.", c.Policy, ref.Policy)
	case kept && cost <= sameCost:
		return fmt.Sprintf("%s does as well as %s, and no better: this load needs no forecast.", c.Policy, ref.Policy)
	case cost < -sameCost:
		return fmt.Sprintf("%s needs %s but misses the objective more often: do not use it here as it is.", c.Policy, beside(cost, ref.Policy))
	}
	return fmt.Sprintf("%s does worse here than %s: do not use it for this load.", c.Policy, ref.Policy)
}

// times says in words how much less c > 0 is than ref. Beyond a hundred times it gives no figure,
// because c then rests on very few violations.
func times(ref, c float64) string {
	switch ratio := ref / c; {
	case ratio < 1.5:
		return fmt.Sprintf("%.0f %% less", 100*(1-c/ref))
	case ratio < 10:
		return fmt.Sprintf("%.1f times less", ratio)
	case ratio <= 100:
		return fmt.Sprintf("%.0f times less", ratio)
	}
	return "over a hundred times less"
}

// without is the headline when no policy of forescale ran.
func (r *Report) without(best Aggregate) string {
	if best.ViolatingTime <= r.Settings.BudgetPct {
		return fmt.Sprintf("%s is the cheapest within %s %% violating time: %.2f × the optimum.", best.Policy, Percent(r.Settings.BudgetPct), best.CostRatio)
	}
	return fmt.Sprintf("No policy stays within %s %% violating time; %s misses least: %s %% at %.2f × the optimum.",
		Percent(r.Settings.BudgetPct), best.Policy, Percent(best.ViolatingTime), best.CostRatio)
}

func (r *Report) compare(c, ref Aggregate) string {
	s := fmt.Sprintf("%s violates the objective for %s %% of the time (%s) at %.2f × the clairvoyant optimum, %s for %s %% (%s) at %.2f ×",
		c.Policy, Percent(c.ViolatingTime), minutesADay(c.ViolatingTime), c.CostRatio,
		ref.Policy, Percent(ref.ViolatingTime), minutesADay(ref.ViolatingTime), ref.CostRatio)
	if a := c.Against; a != nil && a.CostCI != nil {
		s += minus(fmt.Sprintf(" (difference %+.1f %% of the bill, 95 %% interval %+.1f to %+.1f; %+.3f points of time, %+.3f to %+.3f)",
			a.Cost, a.CostCI[0], a.CostCI[1], a.ViolatingTime, a.ViolatingTimeCI[0], a.ViolatingTimeCI[1]))
	}
	return s + "."
}

// byRequests says so where the requests tell otherwise than the time: more of them are late
// than under the reference, and than the objective allows. A short violation under a high
// load costs more of them than a long one at night.
func (r *Report) byRequests(c, ref Aggregate) string {
	allowed := 100 * (1 - r.Settings.Objective.Quantile)
	if c.ViolatingTime > ref.ViolatingTime || c.ViolatingRequests <= max(allowed, (1+sameShare)*ref.ViolatingRequests) {
		return ""
	}
	return fmt.Sprintf("Counted by requests it is the other way round: with %s %s %% of them are late, with %s %s %%.",
		c.Policy, Percent(c.ViolatingRequests), ref.Policy, Percent(ref.ViolatingRequests))
}

// hindsight compares with the best target that an HPA could have had.
func (r *Report) hindsight(c Aggregate) string {
	t, ok := r.Aggregate(All, tuned)
	if !ok {
		return ""
	}
	cost := 100 * (c.CostRatio/t.CostRatio - 1)
	return fmt.Sprintf("An HPA whose target is chosen per trace in hindsight, which nobody can do beforehand, reaches %s %% at %.2f ×: %s needs %s.",
		Percent(t.ViolatingTime), t.CostRatio, c.Policy, beside(cost, "that"))
}

// losses names the traces on which the policy does harm: it violates or costs more than the
// reference, beyond sameTime and sameCost.
func (r *Report) losses(policy, reference string) string {
	var worse []string
	judged, figures := 0, "one of the two figures"
	for _, t := range r.Traces {
		c, ok := r.Of(t.Name, policy)
		ref, both := r.Of(t.Name, reference)
		if !ok || !both {
			continue
		}
		judged++
		cost, bill := billOver(c, ref)
		violates, costs := c.ViolatingTime > ref.ViolatingTime+sameTime, cost > sameCost
		if violates && costs && len(r.Traces) == 1 {
			figures = "both figures"
		}
		if violates || costs {
			worse = append(worse, t.Name+minus(fmt.Sprintf(" (%+.3f points of time%s)", c.ViolatingTime-ref.ViolatingTime, bill)))
		}
	}
	if len(worse) == 0 {
		where := ""
		if judged > 1 {
			where = fmt.Sprintf(" on each of %d traces", judged)
		}
		return fmt.Sprintf("It does no harm:%s it violates at most %v points of time more than %s, and costs at most %d %% more.", where, sameTime, reference, sameCost)
	}
	if judged == 1 {
		return fmt.Sprintf("It loses to %s in %s: %s.", reference, figures, worse[0])
	}
	return fmt.Sprintf("It loses to %s in one of the two figures at least on %d of %d traces: %s.", reference, len(worse), judged, list(worse))
}

// behindKEDAToo says what the other way in is worth, if it was replayed beside the floor.
func (r *Report) behindKEDAToo(c Aggregate) string {
	a, ok := r.Aggregate(All, kedaPolicy)
	if !ok || c.Policy != floorPolicy {
		return ""
	}
	return fmt.Sprintf("Behind KEDA (%s) it violates the objective for %s %% of the time (%s) at %.2f ×.",
		kedaPolicy, Percent(a.ViolatingTime), minutesADay(a.ViolatingTime), a.CostRatio)
}

// billOver returns by how many percent the bill of c exceeds that of ref, and the words for
// it. A ref that never had a pod has no bill: then it is 0, and there are none.
func billOver(c, ref Run) (percent float64, words string) {
	percent = 100 * (c.CostRatio/ref.CostRatio - 1)
	if !finite(percent) {
		return 0, ""
	}
	return percent, fmt.Sprintf(", %+.0f %% of the bill", percent)
}

func (r *Report) outOfReach(ref Aggregate) string {
	if ref.ViolatingTime <= r.Settings.BudgetPct || ref.Unavoidable == 0 {
		return ""
	}
	return fmt.Sprintf("Of the violating time of %s (%s) no reactive policy could have avoided %s: the demand more than doubled within one lead time.",
		ref.Policy, minutesADay(ref.ViolatingTime), minutesADay(ref.Unavoidable))
}
