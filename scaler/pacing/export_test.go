package pacing

import "time"

// A Budget is a budget that nothing was spent of.
type Budget struct{ budget }

// NewBudget returns the budget of a target at its start.
func NewBudget(target float64) Budget { return Budget{budget{target: target, odds: HedgeOdds}} }

// Odds returns the odds.
func (b *Budget) Odds() float64 { return b.odds }

// Update is [budget.update].
func (b *Budget) Update(missed float64, dt time.Duration) { b.update(missed, dt) }

// Goal is [Pacer.goal].
func (p *Pacer) Goal() float64 { return p.goal() }
