package service

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/forescale/forescale/bench/replay/requests"
)

// discrete is the service request by request. A second holds too few requests to
// tell whether one in a hundred is late; it is judged by the requests that left
// within the last minute.
type discrete struct {
	sim    *requests.Service
	slots  int
	allows float64 // share of late requests
	slo    float64 // s
	level  float64 // quantile of the objective
	dt     float64 // s

	now     Step
	last    []Step // of the last minute, a ring
	at      int
	minute  Step      // their sum
	totals  []float64 // latencies since the last question
	tails   histogram
	timeout float64 // s
	area    float64
	retry   float64 // share of failures that come again
	retries []float64
	turn    int
	owed    float64 // fractions of retries
}

func newDiscrete(o Settings, rng *rand.Rand) *discrete {
	d := &discrete{
		slots: o.Queue.Slots, allows: 1 - o.Queue.Quantile, slo: o.Queue.Latency.Seconds(),
		level: o.Queue.Quantile, timeout: o.Clients.Timeout.Seconds(), dt: o.Step.Seconds(), retry: o.Clients.Retry,
		last:    make([]Step, time.Minute/o.Step),
		retries: make([]float64, max(1, retryAfter/o.Step)),
	}
	d.Judge()
	work := requests.Exponential(o.Queue.ServiceTime.Seconds())
	if o.Queue.Variation > 0 {
		work = requests.Lognormal(o.Queue.ServiceTime.Seconds(), o.Queue.Variation)
	}
	set := requests.Settings{Slots: d.slots, Work: work, Discipline: o.Requests.Discipline, Timeout: o.Clients.Timeout}
	d.sim = requests.New(set, rng, d.left)
	return d
}

// left counts a request that leaves.
func (d *discrete) left(r requests.Request) {
	if r.Failed {
		d.now.Failed++
	} else {
		d.now.Served++
		d.totals = append(d.totals, r.Total)
	}
	d.tails.add(r.Total)
	if r.Failed || r.Total > d.slo {
		d.now.LateReqs++
	}
}

func (d *discrete) Judge()               { d.tails = histogram{timeout: d.timeout} }
func (d *discrete) Latencies() Latencies { return d.tails.latencies() }

func (d *discrete) Advance(_, arrived float64, ready int32) Step {
	d.owed += d.retries[d.turn]
	again := math.Floor(d.owed)
	d.owed -= again
	d.now = Step{Offered: arrived + again}
	d.sim.Resize(int(ready))
	d.sim.Advance(d.dt, int(d.now.Offered))
	d.retries[d.turn] = d.now.Failed * d.retry
	d.turn = (d.turn + 1) % len(d.retries)

	s := d.now
	s.InFlight = (d.sim.Area() - d.area) / d.dt
	d.area = d.sim.Area()
	slots := float64(int(ready) * d.slots)
	s.Busy = min(1, s.InFlight/max(slots, 1)) // exact for one queue with waiting at full use
	s.Queued = max(0, float64(d.sim.Len())-slots)
	d.minute.Served += s.Served - d.last[d.at].Served
	d.minute.Failed += s.Failed - d.last[d.at].Failed
	d.minute.LateReqs += s.LateReqs - d.last[d.at].LateReqs
	d.last[d.at] = s
	d.at = (d.at + 1) % len(d.last)
	switch gone := d.minute.Served + d.minute.Failed; {
	case ready == 0 && d.sim.Len() > 0: // nobody leaves, and who waits for a pod is late
		s.Late = 1
	case gone > 0:
		s.Late = d.minute.LateReqs / gone
	}
	s.Broken = s.Late > d.allows
	return s
}

// latency is the quantile over the requests that left since the last question, and
// NaN if none has.
func (d *discrete) Latency(float64, int32) float64 {
	defer func() { d.totals = d.totals[:0] }()
	if len(d.totals) == 0 {
		return math.NaN()
	}
	slices.Sort(d.totals)
	return d.totals[min(int(d.level*float64(len(d.totals))), len(d.totals)-1)]
}
