package pacing

import "time"

// Level is [Budget.level].
func (b *Budget) Level() float64 { return b.level() }

// Update is [Budget.update].
func (b *Budget) Update(missed float64, dt time.Duration) { b.update(missed, dt) }

// Goal is [Pacer.goal].
func (p *Pacer) Goal() float64 { return p.goal() }
