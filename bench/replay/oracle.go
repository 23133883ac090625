package replay

import (
	"time"

	"github.com/forescale/forescale/bench/replay/optimum"
)

// Oracle returns the policy "oracle", which knows the demand of s at all instants
// and drives the same cluster as the others: the plan of [optimum.Plan], with pods
// started early enough that at most one in a thousand is late. Its cost is that of the
// optimum when start-up times vary; with fixed ones the two agree.
func (s *Scenario) Oracle() Policy {
	o := s.Options
	// A call comes within one step, and what it starts serves from a whole step on.
	startup := int64((o.Cluster.Startup.Quantile(0.999)+o.Cluster.Endpoint)/o.Step) + 2
	return &oracle{s: s, plan: optimum.Plan(s.need, startup, int64(o.Cluster.Grace/o.Step))}
}

type oracle struct {
	s    *Scenario
	plan []int32
}

func (*oracle) Name() string            { return "oracle" }
func (*oracle) Reset(Config)            {}
func (p *oracle) Period() time.Duration { return p.s.Options.Step }

// Decide plans for the step that the answer first takes effect in.
func (p *oracle) Decide(now time.Time, o Observation) Action {
	step := p.s.Options.Step
	i := min(int((now.Sub(p.s.begin)+step-1)/step), len(p.plan)-1)
	if p.plan[i] == o.Replicas {
		return Hold()
	}
	return Scale(p.plan[i])
}
