package replay

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/forescale/forescale/bench/replay/optimum"
	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/replay/scrape"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/forecast"
)

// The streams of random numbers, one per purpose.
const (
	streamArrivals = iota + 1
	streamHistory
	streamScrape
	streamPhase
	streamStartup
	streamNode
	streamRequests
)

func (o Options) stream(purpose uint64) *rand.Rand { return rand.New(rand.NewPCG(o.Seed, purpose)) }

// A Scenario is a trace prepared for replay: what all policies have in common. It
// does not change after [NewScenario] and is safe for concurrent use; it holds
// about 30 bytes per step.
type Scenario struct {
	Trace   string        // name of the trace
	Start   time.Time     // of the judged part
	Length  time.Duration // of the judged part
	Options Options       // with defaults in place of zeros

	load    trace.Intensity
	scaled  float64   // what the load was multiplied by
	begin   time.Time // of the run: Start less the time to settle
	stepMS  int64
	settle  int       // steps before Start
	rate    []float64 // intensity per step, requests/s
	arrived []float64 // arrivals up to the start of each step, len(rate)+1
	demand  []int32   // fewest ready pods that keep the objective, per step
	need    []int32   // the same within the bounds of the replicas
	optimal float64   // replica-hours, see Optimum
	instant float64
	samples []scrape.Sample
	history forecast.Series
}

// NewScenario prepares t for replay under o. It returns an error if an option is
// out of its range, the objective cannot be kept by any number of pods, or the
// trace is too short to be judged for at least a minute.
func NewScenario(t trace.Trace, o Options) (*Scenario, error) {
	s, first, err := loaded(t, o)
	if err != nil {
		return nil, err
	}
	o = s.Options
	s.draw()
	s.scrapes(first)
	s.backfill(first)
	staffing := queue.NewStaffing(o.Service)
	s.demand, s.need = make([]int32, len(s.rate)), make([]int32, len(s.rate))
	for i, r := range s.rate {
		s.demand[i] = int32(staffing.Pods(r))
		s.need[i] = min(max(s.demand[i], o.Cluster.Min), o.Cluster.Max)
	}
	s.optimize()
	return s, nil
}

// Check returns the error of NewScenario in a fraction of its time. It also returns one if
// no pod is needed in the judged part, not even by the bounds: the optimum then costs nothing,
// and no cost can be compared with it.
func Check(t trace.Trace, o Options) error {
	s, _, err := loaded(t, o)
	if err != nil {
		return err
	}
	if s.Options.Cluster.Min == 0 && slices.Max(s.rate[s.settle:]) <= 0 {
		return errors.New("replay: there is no load in the judged part, and the least replicas are 0: want some load, or a minimum of 1")
	}
	return nil
}

// loaded returns a scenario of which only the load is prepared, and the start of its history.
func loaded(t trace.Trace, o Options) (s *Scenario, first time.Time, err error) {
	o = o.filled()
	if err := o.check(); err != nil {
		return nil, first, err
	}
	s = &Scenario{Trace: t.Name, Options: o, stepMS: o.Step.Milliseconds()}
	if first, err = s.cut(t); err != nil {
		return nil, first, err
	}
	s.load = t.Intensity()
	s.settle = int(s.Start.Sub(s.begin) / o.Step)
	s.rate = make([]float64, int((s.Length+s.Start.Sub(s.begin))/o.Step))
	s.load.Fill(s.rate, s.begin, o.Step)
	s.scaled, err = s.scale()
	return s, first, err
}

// cut decides which part of the trace is history, settling and score, and returns
// where the history begins. All borders are whole minutes.
func (s *Scenario) cut(t trace.Trace) (time.Time, error) {
	o := s.Options
	first, end := t.Start.Add(time.Minute-1).Truncate(time.Minute), t.End().Truncate(time.Minute)
	span := end.Sub(first)
	warmup := o.Warmup
	if warmup == 0 {
		warmup = min(span/4, 7*24*time.Hour)
	}
	s.Length = min(o.Score, span-warmup).Truncate(time.Minute)
	if s.Length < time.Minute {
		return first, fmt.Errorf("replay: the load is %v long, of which %v is warm-up: nothing is left to judge, want a whole minute after it at least", forecast.Span(t.Span()), forecast.Span(warmup))
	}
	s.Start = end.Add(-s.Length)
	settle := o.Settle
	if settle == 0 {
		settle = min(30*time.Minute, s.Start.Sub(first)/2)
	}
	s.begin = s.Start.Add(-min(settle, s.Start.Sub(first)).Truncate(time.Minute))
	return first, nil
}

// scale brings the judged part to the peak of the options and returns the factor.
func (s *Scenario) scale() (float64, error) {
	if s.Options.Peak == 0 {
		return 1, nil
	}
	peak := 0.0
	for _, r := range s.rate[s.settle:] {
		peak = max(peak, r)
	}
	if peak == 0 {
		return 0, fmt.Errorf("replay: there is no load in the judged part to scale to a peak of %v", s.Options.Peak)
	}
	f := s.Options.Peak / peak
	if math.IsInf(f, 0) { // of a load below 1e-300
		return 0, fmt.Errorf("replay: the peak of the judged part is %v, too little to be scaled to %v", peak, s.Options.Peak)
	}
	for i := range s.rate {
		s.rate[i] *= f
	}
	return f, nil
}

// draw draws the arrivals of each step.
func (s *Scenario) draw() {
	d := newArrivals(s.Options, streamArrivals)
	s.arrived = make([]float64, len(s.rate)+1)
	dt := s.Options.Step.Seconds()
	for i, r := range s.rate {
		s.arrived[i+1] = s.arrived[i] + d.next(r*dt)
	}
}

// arrivals draws counts around a mean.
type arrivals struct {
	poisson distuv.Poisson
	gamma   distuv.Gamma
	excess  float64 // index of dispersion less 1
}

func newArrivals(o Options, purpose uint64) *arrivals {
	src := o.stream(purpose)
	return &arrivals{poisson: distuv.Poisson{Src: src}, gamma: distuv.Gamma{Src: src}, excess: o.Dispersion - 1}
}

func (a *arrivals) next(mean float64) float64 {
	if mean <= 0 {
		return 0
	}
	if a.excess > 0 { // a gamma factor of mean 1 and variance excess/mean
		a.gamma.Alpha, a.gamma.Beta = mean/a.excess, 1/a.excess
		mean = a.gamma.Rand()
	}
	a.poisson.Lambda = mean
	return a.poisson.Rand()
}

// scrapes makes the samples of the ingress counter from first, the start of the history,
// to the end of the run. Before the run the arrivals are drawn per scrape.
func (s *Scenario) scrapes(first time.Time) {
	o := s.Options
	rng, past := o.stream(streamScrape), newArrivals(o, streamHistory)
	interval := o.Metric.ScrapeInterval
	at := first.Add(time.Duration(rng.Int64N(interval.Milliseconds())) * time.Millisecond)
	end := s.Start.Add(s.Length)
	counter, last := 0.0, first
	s.samples = make([]scrape.Sample, 0, end.Sub(first)/interval+1)
	for ; at.Before(end); at = at.Add(interval) {
		rate, seen := s.load.At(at)
		if last.Before(s.begin) { // the run may begin between two scrapes
			until := at
			if until.After(s.begin) {
				until = s.begin
			}
			counter += past.next(rate * s.scaled * until.Sub(last).Seconds())
		}
		value := counter
		if at.After(s.begin) {
			value += s.arrivedBy(at)
		}
		last = at
		if lost := rng.Float64() < o.Metric.Loss; seen && !lost && !s.out(at) {
			s.samples = append(s.samples, scrape.Sample{Millis: at.UnixMilli(), Value: math.Floor(value)})
		}
	}
}

// arrivedBy returns the arrivals from the begin of the run to now.
func (s *Scenario) arrivedBy(now time.Time) float64 {
	x := float64(now.Sub(s.begin)) / float64(s.Options.Step)
	i := min(int(x), len(s.rate)-1)
	return s.arrived[i] + (x-float64(i))*(s.arrived[i+1]-s.arrived[i])
}

// out returns whether now lies in an outage.
func (s *Scenario) out(now time.Time) bool {
	for _, o := range s.Options.Metric.Outages {
		if d := now.Sub(s.Start); d >= o.From && d-o.From < o.Length { // a sum could overflow
			return true
		}
	}
	return false
}

// unseen returns whether now lies in a gap of the trace.
func (s *Scenario) unseen(now time.Time) bool {
	_, seen := s.load.At(now)
	return !seen
}

// backfill makes the history that a controller would read at the begin of the run: a
// range query in steps of a minute, whose values are rate() at the end of each.
func (s *Scenario) backfill(first time.Time) {
	s.history = forecast.Series{Start: first, Step: time.Minute, Values: make([]float64, s.begin.Sub(first)/time.Minute)}
	seen := 0
	for i := range s.history.Values {
		rate, ok := s.query(s.history.At(i+1), &seen)
		if !ok {
			rate = math.NaN()
		}
		s.history.Values[i] = rate
	}
}

// query returns rate() of the ingress counter at now. Seen counts the samples up
// to the last query, to go on from; queries come in order of time.
func (s *Scenario) query(now time.Time, seen *int) (float64, bool) {
	ms := now.UnixMilli()
	for *seen < len(s.samples) && s.samples[*seen].Millis <= ms {
		*seen++
	}
	return scrape.Rate(s.samples[:*seen], ms, s.Options.Metric.RateWindow.Milliseconds())
}

// Intensity returns the true load in requests/s at now, which no policy may know
// but an oracle does. Beyond the run it is that of the nearest step.
func (s *Scenario) Intensity(now time.Time) float64 { return s.rate[s.index(now)] }

// Demand returns the fewest ready pods that keep the objective at now.
func (s *Scenario) Demand(now time.Time) int32 { return s.demand[s.index(now)] }

func (s *Scenario) index(now time.Time) int {
	return min(max(int(now.Sub(s.begin)/s.Options.Step), 0), len(s.rate)-1)
}

// Optimum returns the replica-hours of the clairvoyant over the judged part at the
// median start-up time, and those of one whose pods start at once and end at
// once, which is the sum of the demand. Both keep at least the minimum of replicas.
func (s *Scenario) Optimum() (hours, undelayed float64) { return s.optimal, s.instant }

func (s *Scenario) optimize() {
	need, o := s.need[s.settle:], s.Options
	startup := int64((o.Cluster.Startup.Quantile(0.5) + o.Cluster.Endpoint + o.Step - 1) / o.Step)
	grace := int64(o.Cluster.Grace / o.Step)
	perHour := float64(time.Hour / o.Step)
	s.optimal = float64(optimum.Cost(need, startup, grace)) / perHour
	s.instant = float64(optimum.Cost(need, 0, 0)) / perHour
}
