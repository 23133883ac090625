package pacing

// Goal is [Pacer.goal].
func (p *Pacer) Goal() float64 { return p.goal() }
