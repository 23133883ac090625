package replay

import (
	"math"
	"slices"

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

	now     step
	last    []step // of the last minute, a ring
	at      int
	minute  step      // their sum
	totals  []float64 // latencies since the last question
	tails   histogram
	timeout float64 // s
	area    float64
	retry   float64 // share of failures that come again
	retries []float64
	turn    int
	owed    float64 // fractions of retries
}

func newDiscrete(o Options) *discrete {
	d := &discrete{
		slots: o.Service.Slots, allows: 1 - o.Service.Quantile, slo: o.Service.Latency.Seconds(),
		level: o.Service.Quantile, timeout: o.Clients.Timeout.Seconds(), dt: o.Step.Seconds(), retry: o.Clients.Retry,
		last:    make([]step, minuteSteps(o)),
		retries: make([]float64, max(1, o.Clients.RetryAfter/o.Step)),
	}
	d.judge()
	set := requests.Settings{Slots: d.slots, Work: o.Requests.Work, Discipline: o.Requests.Discipline, Timeout: o.Clients.Timeout}
	d.sim = requests.New(set, o.stream(streamRequests), d.left)
	return d
}

// left counts a request that leaves.
func (d *discrete) left(r requests.Request) {
	if r.Failed {
		d.now.failed++
	} else {
		d.now.served++
		d.totals = append(d.totals, r.Total)
	}
	d.tails.add(r.Total)
	if r.Failed || r.Total > d.slo {
		d.now.lateReqs++
	}
}

func (d *discrete) judge()               { d.tails = histogram{timeout: d.timeout} }
func (d *discrete) latencies() Latencies { return d.tails.latencies() }

func (d *discrete) advance(_, arrived float64, ready int32) step {
	d.owed += d.retries[d.turn]
	again := math.Floor(d.owed)
	d.owed -= again
	d.now = step{offered: arrived + again}
	d.sim.Resize(int(ready))
	d.sim.Advance(d.dt, int(d.now.offered))
	d.retries[d.turn] = d.now.failed * d.retry
	d.turn = (d.turn + 1) % len(d.retries)

	s := d.now
	s.inFlight = (d.sim.Area() - d.area) / d.dt
	d.area = d.sim.Area()
	slots := float64(int(ready) * d.slots)
	s.busy = min(1, s.inFlight/max(slots, 1)) // exact for one line with waiting at full use
	s.queued = max(0, float64(d.sim.Len())-slots)
	d.minute.served += s.served - d.last[d.at].served
	d.minute.failed += s.failed - d.last[d.at].failed
	d.minute.lateReqs += s.lateReqs - d.last[d.at].lateReqs
	d.last[d.at] = s
	d.at = (d.at + 1) % len(d.last)
	if gone := d.minute.served + d.minute.failed; gone > 0 {
		s.late = d.minute.lateReqs / gone
	}
	s.broken = s.late > d.allows
	return s
}

// latency is the quantile over the requests that left since the last question, and
// NaN if none has.
func (d *discrete) latency(float64, int32) float64 {
	defer func() { d.totals = d.totals[:0] }()
	if len(d.totals) == 0 {
		return math.NaN()
	}
	slices.Sort(d.totals)
	return d.totals[min(int(d.level*float64(len(d.totals))), len(d.totals)-1)]
}
