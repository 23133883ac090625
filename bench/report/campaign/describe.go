package campaign

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/measure"
	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/report"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/scaler/api"
)

// described is a trace as the report has it, and what one of the pods that its mean
// needs can carry under the objective, requests/s.
type described struct {
	report.Trace

	safe float64
}

// describe notes the trace of st, and the settings that all scenarios share.
func (c *campaign) describe(st *stage) {
	t, s := st.load, st.scenario
	const every = 15 * time.Second
	rate := make([]float64, s.Length/every)
	peak, sum := 0.0, 0.0
	for i := range rate {
		rate[i] = s.Intensity(s.Start.Add(time.Duration(i) * every))
		peak, sum = max(peak, rate[i]), sum+rate[i]
	}
	warmup := s.Start.Sub(t.Start)
	startup := s.Options.Cluster.Startup
	d := report.Trace{
		Name: t.Name, Start: s.Start.UTC(), SpanS: t.Span().Seconds(), WarmupS: warmup.Seconds(),
		JudgedS: s.Length.Seconds(), StepS: t.Step.Seconds(), MissingPct: 100 * t.Missing(),
		ScaleFactor: factor(t, s), Peak: peak,
		Growth2M:   report.Float(measure.Growth(rate, int(2*time.Minute/every), 1, peak/50, 0.999)),
		GrowthLead: report.Float(s.Growth()),
	}
	d.Class = report.Class(float64(d.Growth2M), startup.Quantile(0.5).Seconds())
	d.OptimumHours, d.UndelayedHours = s.Optimum()
	d.Warnings = slices.Concat(warnings(t, d), beyond(s), tooLate(s))
	safe := safeRate(s.Options.Service, sum/float64(max(len(rate), 1)))
	settings := c.settingsOf(s)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.traces[st.index] = described{d, safe}
	c.settings = settings
}

// factor is what s multiplied t by.
func factor(t trace.Trace, s *replay.Scenario) float64 {
	in := t.Intensity()
	for i := range int(s.Length / time.Minute) {
		now := s.Start.Add(time.Duration(i) * time.Minute)
		if native, _ := in.At(now); native > 0 {
			return s.Intensity(now) / native
		}
	}
	return 1
}

// safeRate returns what one of the pods that mean needs can carry under the
// objective, requests/s.
func safeRate(service queue.Service, mean float64) float64 {
	const enough = 1000 // pods, beyond which one carries hardly more
	n := min(max(queue.NewStaffing(service).Pods(mean), 1), enough)
	return service.MaxRate(n) / float64(n)
}

// beyond warns if the load needs more pods than the maximum, and says for how long.
func beyond(s *replay.Scenario) []string {
	most, out, steps := int32(0), 0, int(s.Length/s.Options.Step)
	for i := range steps {
		n := s.Demand(s.Start.Add(time.Duration(i) * s.Options.Step))
		most = max(most, n)
		if n > s.Options.Cluster.Max {
			out++
		}
	}
	if out == 0 {
		return nil
	}
	return []string{fmt.Sprintf("up to %s pods are needed, and the maximum is %d: for %s %% of the time no policy can keep the objective; check the capacity of a pod, the scale of the load and the maximum",
		report.Count(float64(most)), s.Options.Cluster.Max, report.Percent(100*float64(out)/float64(steps)))}
}

// tooLate warns of outages that begin after the end of the load: they would seem to have
// done no harm.
func tooLate(s *replay.Scenario) []string {
	var out []string
	for _, o := range s.Options.Metric.Outages {
		if o.From >= s.Length {
			out = append(out, fmt.Sprintf("the outage at %s has no effect: only %s are judged", api.Duration(o.From), api.Duration(s.Length)))
		}
	}
	return out
}

// settingsOf returns the settings of the report but for what depends on all traces.
func (c *campaign) settingsOf(s *replay.Scenario) report.Settings {
	o := s.Options
	r := report.Settings{
		StartupS: o.Cluster.Startup.Quantile(0.5).Seconds(), StartupP90S: o.Cluster.Startup.Quantile(0.9).Seconds(),
		Capacity: o.Service.Capacity(1), Slots: o.Service.Slots, Variation: o.Service.Variation,
		Objective: report.Objective{Quantile: o.Service.Quantile, LatencyS: o.Service.Latency.Seconds()},
		Balancing: o.Service.Balancing.String(), ScalePeak: o.Peak,
		ScrapeS: o.Metric.ScrapeInterval.Seconds(), RateWindowS: o.Metric.RateWindow.Seconds(),
		LeadS: s.Lead().Seconds(), BudgetPct: o.Budget, Price: c.o.Price, Resamples: c.o.Resamples,
		Min: o.Cluster.Min, Max: o.Cluster.Max, Learned: c.o.Learned,
		Spec: c.o.Spec,
	}
	for seed := 1; seed <= c.o.Seeds; seed++ {
		r.Seeds = append(r.Seeds, uint64(seed))
	}
	return r
}

// common returns the settings of the report.
func (c *campaign) common() report.Settings {
	r := c.settings
	r.SafeRate = math.Inf(1)
	for _, t := range c.traces {
		r.SafeRate = min(r.SafeRate, t.safe)
	}
	return r
}

// warnings says what makes the figures of a trace weaker than they look.
func warnings(t trace.Trace, d report.Trace) []string {
	var out []string
	// Scaling by f multiplies the counting noise by √f against that of a stream of
	// the scaled size. Above a tenth of a typical interval it is what is judged.
	step := max(t.Step, 15*time.Second)
	rate, noise := texture(t.Values)
	count := rate * step.Seconds()
	if t.Kind != trace.Gauge && d.ScaleFactor > 3 && count < 100 && noise*t.Step.Seconds() > rate/2 {
		out = append(out, fmt.Sprintf("%.3g events per %v scaled by %s: the noise of counting is scaled as well and makes up much of what is judged", count, api.Duration(step), report.Figure(d.ScaleFactor)))
	}
	if t.Step > 5*time.Minute {
		out = append(out, fmt.Sprintf("intervals of %v: the load within them is interpolated by a straight line, which flatters all policies", api.Duration(t.Step)))
	}
	if d.MissingPct > 1 {
		out = append(out, report.Percent(d.MissingPct)+" % of the intervals are missing: there the load keeps its last value, and no policy sees a sample")
	}
	if d.JudgedS <= 86400 {
		out = append(out, "no more than a day is judged, too little for intervals")
	}
	return out
}

// texture returns the mean of values, and the variance of their noise: half the mean square
// of the steps between neighbours. Where events are counted, the variance times the length
// of an interval in seconds is the mean at least. Averages and made-up loads have less. NaN
// is left out; of nothing both are 0.
func texture(values []float64) (mean, noise float64) {
	n, steps := 0, 0
	last := math.NaN()
	for _, v := range values {
		if !math.IsNaN(v) {
			mean, n = mean+v, n+1
		}
		if step := v - last; !math.IsNaN(step) {
			noise, steps = noise+step*step/2, steps+1
		}
		last = v
	}
	return mean / float64(max(n, 1)), noise / float64(max(steps, 1))
}
