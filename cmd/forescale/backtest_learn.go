package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/report"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/collector/export"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/capacity"
)

// mostSlots bounds what is taken for the requests that a pod serves at once.
const mostSlots = 1024

// learn takes what a pod carries from the latency and the ready replicas that were
// recorded beside the load, and reports what it could tell; nil without those
// columns. Unless --capacity is given the replay then has pods that carry as much,
// and unless --scale-peak is, the load as recorded, to which the counts belong.
func (o *backtestOptions) learn(d export.Data, given func(flag string) bool) (*report.Learned, error) {
	if len(d.Latency.Values) == 0 || len(d.Replicas.Values) == 0 {
		return nil, nil //nolint:nilnil // nothing was recorded, and that is fine
	}
	quantile, latency, err := parseSLO(o.slo)
	if err != nil {
		return nil, fmt.Errorf("--slo: %w", err)
	}
	learner := capacity.Learner{Objective: capacity.Objective{Quantile: quantile, Latency: latency}}
	d = byTheMinute(d, learner.Objective)
	counts, latencies := observe(&learner, d)
	if len(counts) == 0 {
		return &report.Learned{Words: "cannot tell: no interval with a whole number of replicas"}, nil
	}
	typical := counts[len(counts)/2]
	e := learner.Estimate(typical)
	l := &report.Learned{
		Known: e.Knowledge == capacity.Learned, SafeRate: e.SafeRate, MissRate: e.MissRate,
		SeenFrom: e.SeenFrom, SeenTo: e.SeenTo, Intervals: e.Intervals, Replicas: typical,
	}
	if o.stated && !given("scale-peak") {
		o.scalePeak = 0 // such pods were seen under the load as recorded
	}
	if by := o.statedBy(given); by != "" || !l.Known || !(e.SafeRate > 0) {
		l.Words = wordsOf(l, by)
		if words := hardlyEverKept(latencies, latency); words != "" && !l.Known {
			l.Words = words
		}
		return l, nil
	}
	return l, o.take(l, queue.Service{Quantile: quantile, Latency: latency}, idle(d), given)
}

// byTheMinute returns what was recorded as means over a minute where its cells are shorter: the
// requests of a second are too few for a quantile, and a queue makes many seconds one. A latency
// of zero is that of a second without requests. A count that changed, so that it shows in the
// latency by objective, is NaN.
func byTheMinute(d export.Data, objective capacity.Objective) export.Data {
	if d.Rate.Step >= time.Minute {
		return d
	}
	d.Latency.Values = slices.Clone(d.Latency.Values)
	for i, v := range d.Latency.Values {
		if v == 0 {
			d.Latency.Values[i] = math.NaN()
		}
	}
	per := int(time.Minute / d.Replicas.Step)
	counts := make([]float64, 0, len(d.Replicas.Values)/per+1)
	for cells := range slices.Chunk(d.Replicas.Values, per) {
		counts = append(counts, countOf(cells, objective))
	}
	d.Replicas.Step, d.Replicas.Values = time.Duration(per)*d.Replicas.Step, counts
	for _, s := range []*forecast.Series{&d.Rate, &d.Latency} {
		t := trace.Trace{Start: s.Start, Step: s.Step, Values: s.Values}.Coarsen(time.Minute)
		*s = forecast.Series{Start: t.Start, Step: t.Step, Values: t.Values}
	}
	return d
}

// countOf returns the first count of cells that is known; NaN if none is, or if another one may
// show in the latency.
func countOf(cells []float64, objective capacity.Objective) float64 {
	count := math.NaN()
	for _, v := range cells {
		switch {
		case math.IsNaN(v):
		case math.IsNaN(count):
			count = v
		case objective.Unsettles(whole(count), whole(v)):
			return math.NaN()
		}
	}
	return count
}

// observe lets learner see what was recorded, and returns the counts of ready replicas and
// the latencies in seconds that are known, ascending.
func observe(learner *capacity.Learner, d export.Data) (counts []int32, latencies []float64) {
	for i, rate := range d.Rate.Values {
		interval := capacity.Interval{Rate: rate, Latency: d.Latency.Values[i], Ready: whole(d.Replicas.Values[i]), CPU: math.NaN()}
		learner.Observe(interval)
		if interval.Ready > 0 {
			counts = append(counts, interval.Ready)
		}
		if interval.Latency > 0 {
			latencies = append(latencies, interval.Latency)
		}
	}
	slices.Sort(counts)
	slices.Sort(latencies)
	return counts, latencies
}

// whole returns the count that v stands for, 0 if it changed within the interval
// or is not known.
func whole(v float64) int32 {
	if n := math.Round(v); n >= 1 && n <= math.MaxInt32 && math.Abs(v-n) < 1e-6 {
		return int32(n)
	}
	return 0
}

// idle returns the latency where there is hardly a queue: the median of the tenth
// of the intervals with the least rate per replica; 0 if nothing is known.
func idle(d export.Data) time.Duration {
	type seen struct{ load, latency float64 }
	var all []seen
	for i, rate := range d.Rate.Values {
		if s := (seen{rate / d.Replicas.Values[i], d.Latency.Values[i]}); s.load > 0 && s.latency > 0 && !math.IsInf(s.load, 0) {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.SortFunc(all, func(a, b seen) int { return cmp.Compare(a.load, b.load) })
	all = all[:max(len(all)/10, 1)]
	slices.SortFunc(all, func(a, b seen) int { return cmp.Compare(a.latency, b.latency) })
	return time.Duration(all[len(all)/2].latency * float64(time.Second))
}

// take sets capacity and slots such that the typical count of pods carries the
// learned rate. Two things are seen and two set: the latency without a queue is a quantile of
// the service time, which gives its mean; the slots then follow from the rate.
func (o *backtestOptions) take(l *report.Learned, s queue.Service, idle time.Duration, given func(string) bool) error {
	means := s.Means(s.Quantile)
	longest := time.Duration(float64(s.Latency) / means)
	s.ServiceTime = min(time.Duration(float64(idle)/means), longest*9/10)
	n := int(l.Replicas)
	carried := func() float64 { return s.MaxRate(n) / float64(n) }
	if s.Slots = o.slots; !given("slots") {
		for s.Slots = 1; s.Slots < mostSlots && carried() < l.SafeRate; {
			s.Slots++
		}
	}
	low, high := time.Microsecond, longest
	for high-low > time.Microsecond {
		if s.ServiceTime = (low + high) / 2; carried() >= l.SafeRate {
			low = s.ServiceTime
		} else {
			high = s.ServiceTime
		}
	}
	s.ServiceTime = low
	if got := carried(); math.Abs(got/l.SafeRate-1) > 0.05 {
		return fmt.Errorf("--slots: pods with %d slots that keep %s carry %s requests/s, and %s were learned: give other --slots, or --capacity", s.Slots, o.slo, api.Figure(got, 4), api.Figure(l.SafeRate, 4))
	}
	o.slots, o.capacity, l.Used = s.Slots, s.Capacity(1), true
	if !given("scale-peak") {
		o.scalePeak = 0
	}
	l.Words = wordsOf(l, "")
	return nil
}

// statedBy says what states the capacity of a pod; empty if nothing does.
func (o *backtestOptions) statedBy(given func(flag string) bool) string {
	switch {
	case o.stated:
		return "scale.service"
	case given("capacity"):
		return "--capacity"
	}
	return ""
}

// wordsOf says what was learned, and what becomes of it, where by states it anyhow.
func wordsOf(l *report.Learned, by string) string {
	seen := fmt.Sprintf("seen from %s to %s in %.0f intervals", api.Figure(l.SeenFrom, 3), api.Figure(l.SeenTo, 3), l.Intervals)
	beside := fmt.Sprintf("beside %d pods each", l.Replicas)
	if l.Replicas == 1 {
		beside = "a pod by itself"
	}
	switch {
	case !l.Known && l.Intervals == 0:
		return "cannot tell: no interval with load, latency and a steady count of replicas"
	case !l.Known && !(l.SafeRate > 0) && !(l.MissRate > 0):
		return fmt.Sprintf("cannot tell what a pod carries: no rate per pod was seen for long enough (%s). The capacity is the setting", seen)
	case !l.Known && !(l.SafeRate > 0): // of late: a deployment may have made pods slower
		return fmt.Sprintf("cannot tell what a pod carries: of late the objective was missed at all rates (%s). The capacity is the setting", seen)
	case !l.Known:
		return fmt.Sprintf("cannot tell what a pod carries: the objective was hardly ever missed, or the rate per pod hardly moved; up to %s requests/s were fine (%s). The capacity is the setting", api.Figure(l.SafeRate, 3), seen)
	case by != "":
		return fmt.Sprintf("%s carries between %s requests/s, kept, and %s, missed (%s); %s overrides it", beside, api.Figure(l.SafeRate, 3), api.Figure(l.MissRate, 3), seen, by)
	}
	return fmt.Sprintf("%s carries between %s requests/s, kept, and %s, missed (%s); the replay takes the lower end", beside, api.Figure(l.SafeRate, 3), api.Figure(l.MissRate, 3), seen)
}

// hardlyEverKept says so of latencies, ascending and in seconds, nine in ten of which are
// above most; empty if they are not.
func hardlyEverKept(latencies []float64, most time.Duration) string {
	if n := len(latencies); n == 0 || latencies[n/10] <= most.Seconds() {
		return ""
	}
	return fmt.Sprintf("cannot tell what a pod carries: the objective was hardly ever kept, by latencies of %s s at the median (they are read as seconds). The capacity is the setting",
		api.Figure(latencies[len(latencies)/2], 3))
}

// learned returns what the record of a load that is given alone tells of its pods, and in words
// what it does not; nil if nothing was recorded.
func (o *backtestOptions) learned(recorded []export.Data, loads int, given func(string) bool) (*report.Learned, error) {
	if len(recorded) == 0 {
		return nil, nil //nolint:nilnil // nothing was recorded beside the load
	}
	if loads > 1 {
		return &report.Learned{Words: "nothing: all loads of a run have the same pods, which are therefore learned only from a load that is given alone"}, nil
	}
	l, err := o.learn(recorded[0], given)
	if err != nil {
		return nil, err
	}
	if l == nil {
		l = &report.Learned{Words: "nothing about what a pod carries, because no latency was recorded"}
	}
	o.told = l.Words
	l.Words += ". " + o.learnStartup(l, recorded[0], given)
	return l, nil
}

// learnStartup takes the start-up of a pod from the replicas that were asked for and those
// that were ready, unless it is stated, and says so.
func (o *backtestOptions) learnStartup(l *report.Learned, d export.Data, given func(flag string) bool) string {
	if len(d.Desired.Values) == 0 {
		return fmt.Sprintf("Start-up cannot be told from ready replicas alone, which hide when a pod was asked for: it is taken as %s; record the desired ones too (--desired-query), or state it with --startup", o.startupWords())
	}
	mean, starts := capacity.MeanStartup(d.Desired.Values, d.Replicas.Values, d.Desired.Step)
	mean = mean.Round(time.Second)
	if starts == 0 || mean <= 0 {
		return "Start-up cannot be told: too few starts were seen, or the long ones were not seen to their end; it is taken as " + o.startupWords()
	}
	l.StartupS, l.Starts = mean.Seconds(), starts
	seen := fmt.Sprintf("From being asked for to ready a pod took %s on average over %d starts", api.Duration(mean), starts)
	if given("startup") {
		return seen + "; --startup overrides it"
	}
	o.startup = api.Duration(mean).String()
	return seen + "; the replay takes that"
}

func (o *backtestOptions) startupWords() string {
	if d, err := api.ParseDuration(o.startup); err == nil {
		return d.String()
	}
	return "that of " + o.startup
}
