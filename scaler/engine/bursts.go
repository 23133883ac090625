package engine

import (
	"math"
	"time"

	"github.com/forescale/forescale/scaler/model"
	"github.com/forescale/forescale/scaler/pacing"
)

const (
	// seasonSmear is by how much a season smears a sudden rise: models keep seasons in cells of
	// five minutes, so in the forecast a daily rise reaches its height up to five minutes late.
	seasonSmear = 5 * time.Minute

	// hedgeCost is the cost, in lead times, of a hedge against a burst that does not come:
	// one to start the replicas, and about another in which the burst could come and the
	// replicas end.
	hedgeCost = 2.0

	// weeklyChance is the chance that a rise that came again after a week comes after the next
	// one as well: Laplace's rule of succession, (1 + 1)/(1 + 2).
	weeklyChance = 2. / 3

	// drainTime is how long, after the lead time, the replicas beyond the need of a burst
	// stay at most, to serve what has queued up.
	drainTime = 30 * time.Second

	// startsPerMissing is how many replicas are asked for per replica that was missing when
	// a burst began. The faster half of them then suffices, and the others drain the queue.
	startsPerMissing = 2

	// startsPerMissingRare is the same where bursts are rare. If start-up times vary around
	// a minute, by 0.25 in their logarithm, enough replicas are ready after 61, 54 and 50 s
	// when two, three and four are started per missing one. Counting the queue, the third
	// ends harm 11 s sooner. At the price of 20 that is worth 220 s of an idle replica, and
	// costs about 110 s, a start and an end. The fourth gains another 5 s, and is not worth
	// its cost.
	startsPerMissingRare = 3
)

// reach returns until when demand must be provided for at now: for a lead time and a step,
// and, if a rise by the clock lies within them, over its smear as well.
func (w *Workload) reach(now time.Time) time.Time {
	to := now.Add(w.LeadTime() + w.step)
	if w.bursts.ExpectedWithin(now, to.Add(w.step)) { // a rise is noticed when its first cell ends
		to = to.Add(seasonSmear)
	}
	return to
}

// bursting reports whether the cell that closes is part of a burst, which the
// model is not to learn.
func (w *Workload) bursting() bool {
	next := w.Next()
	return w.bursts.Lasts() && w.model.Span() >= model.UsualSpan &&
		next.Add(w.step).After(w.bursts.Onset) && next.Sub(w.bursts.Onset) < w.bursts.Usually(model.LongestBurst) &&
		!w.bursts.Expected(w.bursts.Onset, w.step)
}

// latch returns the demand of a burst that is going on, or that may just have begun; 0 if
// there is none.
func (w *Workload) latch(now time.Time) float64 {
	need := w.bursts.Latch(now, burstLevel)
	if !w.bursts.Lasts() {
		return need
	}
	latest := w.Latest()
	need = max(need, latest.Value)
	if latest.Time.Sub(w.bursts.Onset) >= w.step { // before, samples rise because they hold ever less of the calm
		need = max(need, min(latest.Value+w.nowcast.Rise(), w.bursts.Ceiling(burstLevel)))
	}
	return need
}

// hedge returns the demand of the next burst, or of a weekly rise, if it is likely enough to
// be worth its replicas, else 0. While no samples come it is 0: it is not known whether the
// burst came or has gone, and replicas meant for minutes would be held until the silence ends.
func (w *Workload) hedge(now time.Time) float64 {
	observed := now.Sub(w.lastSample()) <= w.step+w.step/2
	need := w.bursts.Reach(w.bursts.Level, burstLevel)
	if w.hedging = observed && w.pays(now, w.odds(need)); !w.hedging {
		need = 0
	}
	weekly := w.bursts.Due(now, w.LeadTime()+w.step)
	if weekly <= need || !observed || weeklyChance <= hedgeCost*w.odds(weekly)*(1-weeklyChance) {
		return need
	}
	w.parts.Chance = max(w.parts.Chance, weeklyChance)
	return weekly
}

// odds returns the odds at which to hedge the replicas that need, a demand, takes beyond those
// for the level of the last minutes; see pays.
func (w *Workload) odds(need float64) float64 {
	switch {
	case w.pacer != nil:
		return w.pacer.HedgeOdds(w.Replicas(need) - w.Replicas(w.bursts.Level))
	case w.spec.Forecast.Buffer > 0: // which states no price
		return pacing.HedgeOdds
	}
	return (1 - w.level) / w.level
}

// pays reports whether a hedge is worth its replicas. The odds are the cost of a replica
// over the cost of missing one for the same time: 1/k for a forecast.missingReplicaCost of
// k. Without the hedge a burst is missed for one lead time. So a hedge begins when the
// chance of a burst exceeds the odds times the hedge's cost in lead times. It is kept
// while, over some fraction of a lead time ahead, the chance exceeds the odds times that
// fraction. For a hedge against a foreseen burst only the wasted share counts as cost.
func (w *Workload) pays(now time.Time, odds float64) bool {
	if !w.hedging {
		return w.parts.Chance > hedgeCost*odds*w.wasted(w.parts.Chance)
	}
	for part := 1; part <= 8; part *= 2 {
		if c := w.bursts.Chance(now, w.LeadTime()/time.Duration(part)); c > odds/float64(part)*w.wasted(c) {
			return true
		}
	}
	return false
}

// wasted returns the share of the cost of a hedge that is lost on average, where a burst
// comes with the given chance. If bursts come when they are foreseen, the replicas of a
// hedge that meets one would have been started anyway, a lead time later. Otherwise the
// whole cost is lost: 1.
func (w *Workload) wasted(chance float64) float64 {
	if w.bursts.Foreseen() {
		return 1 - chance
	}
	return 1
}

// begins reports whether a burst seems to begin, or began so recently that its replicas
// are still starting or draining its queue.
func (w *Workload) begins(now time.Time) bool {
	starting := w.bursts.Lasts() && now.Sub(w.bursts.Onset) < w.LeadTime()+drainTime
	return starting || w.bursts.Suspects(now)
}

// drains reports whether to ask for more than the missing replicas, so that the queue
// drains: a burst has just begun, and the bill is not exceeded.
func (w *Workload) drains(now time.Time) bool {
	return w.begins(now) && (w.pacer == nil || !w.pacer.Dear())
}

// drained reports whether the replicas that a burst needs are ready and serve within the
// objective, measured over a time that belongs to the burst: the queue is gone.
func (w *Workload) drained(now time.Time, t Target) bool {
	need := w.Replicas(w.parts.Latch)
	return now.Sub(w.bursts.Onset) >= w.step && t.Missed == 0 && need >= 0 && t.Ready >= need
}

// withSpares returns need and, while a burst begins, as many replicas more that enough of them
// are ready soon.
func (w *Workload) withSpares(now time.Time, need int32) int32 {
	switch {
	case !w.drains(now):
		return need
	case !w.bursts.Lasts(): // only suspected: what need holds beyond the latch is no burst
		return max(need, w.oversubscribe(w.Replicas(w.parts.Latch)))
	}
	return w.oversubscribe(need)
}

// oversubscribe asks for a multiple of the replicas that were missing from need when the
// burst began.
func (w *Workload) oversubscribe(need int32) int32 {
	calm := w.last.calm
	if calm < 0 || need <= calm || need > math.MaxInt32/startsPerMissingRare {
		return need
	}
	more := int32(startsPerMissing)
	if w.bursts.Rare() {
		more = startsPerMissingRare
	}
	return calm + more*(need-calm)
}
