package auto

import (
	"math"
	"sync"
	"time"

	"github.com/forescale/forescale/forecast/combine"
	"github.com/forescale/forescale/forecast/direct"
	"github.com/forescale/forescale/forecast/interval"
)

// A plan is what follows from the step of a series and the length of its day: the
// rungs, and how fast and from what each learns. It never changes.
type plan struct {
	rungs       []int
	keepsGate   bool               // the combinations must be told what their gates said
	settings    []combine.Settings // by rung
	spans       []int              // steps ahead that are forecast when a gap begins
	queues      []queue            // by rung
	origins     int                // in all queues
	own         []int              // rungs with regressions of their own
	regressions []between          // by rung: which regressions answer
	forget      [direct.Transforms]float64
	timing      []interval.Timing // by rung, of its bands
}

// plans holds the plans made so far. All series with the same step and day share one plan,
// because a fleet has thousands of them.
var plans sync.Map //nolint:gochecknoglobals // of what never changes

// planFor returns the plan of series of the given step with day samples a day, 0 =
// there is none.
func planFor(step time.Duration, day int) *plan {
	type key struct {
		step time.Duration
		day  int
	}
	if p, ok := plans.Load(key{step, day}); ok {
		return p.(*plan) //nolint:forcetypeassert // nothing else is stored
	}
	p, _ := plans.LoadOrStore(key{step, day}, newPlan(combine.Ladder(step), day))
	return p.(*plan) //nolint:forcetypeassert // nothing else is stored
}

func newPlan(rungs []int, day int) *plan {
	p := &plan{rungs: rungs, keepsGate: fewHourly <= day && day <= mostHourly, timing: make([]interval.Timing, len(rungs))}
	day = max(day, 24)
	for k, h := range rungs {
		p.timing[k] = interval.NewTiming(day, h, stride(h))
	}
	p.settings = settings(rungs, max(regretDays*float64(day), leastRegret), max(leadDays*float64(day), leastLead))
	for k := range p.settings {
		p.settings[k].Fades, p.settings[k].Middle = p.keepsGate, p.keepsGate
	}
	p.queues, p.origins = newQueues(rungs)
	for h := 1; h <= min(mostSpans, rungs[len(rungs)-1]); h++ {
		p.spans = append(p.spans, h)
	}
	for _, h := range rungs {
		if h > mostSpans {
			p.spans = append(p.spans, h)
		}
	}
	p.own, p.regressions = neighbours(rungs)
	for t, days := range rowDays {
		p.forget[t] = 1 - 1/max(days*float64(day), leastMemory)
	}
	return p
}

// mostSpans is the number of steps ahead, from one on, up to which each is a span. Beyond it
// the rungs are.
const mostSpans = 30

// settings returns the settings of the combinations by rung: they remember which experts
// are better for regret samples, and which lead for lead samples.
func settings(rungs []int, regret, lead float64) []combine.Settings {
	all := make([]combine.Settings, len(rungs))
	for k, h := range rungs {
		every := float64(stride(h)) // samples that a round stands for
		all[k] = combine.Settings{
			Prior: &priors, Keep: float32(math.Pow(1-1/regret, every)), Lead: float32(min(1, every/lead)),
			Overlap: float32(float64(h) / every),
		}
	}
	return all
}

// newQueues returns the queues of all rungs, and how many origins wait in them.
func newQueues(rungs []int) (queues []queue, origins int) {
	queues = make([]queue, len(rungs))
	for k, h := range rungs {
		queues[k] = queue{first: uint16(origins), waits: uint16(waits(h)), stride: uint16(stride(h))}
		origins += waits(h)
	}
	return queues, origins
}
