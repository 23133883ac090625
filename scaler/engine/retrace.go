package engine

import (
	"context"
	"math"
	"time"

	"github.com/forescale/forescale/collector"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/scaler/model"
	"github.com/forescale/forescale/scaler/reactive"
	"github.com/forescale/forescale/scaler/shadow"
)

const (
	// A retrace makes up four samples a cell, as of a minute that is scraped every 15 s, but
	// with no less than shortestPace and no more than longestPace between them.
	shortestPace = shadow.Slot
	longestPace  = time.Minute
)

// A Retrace is a second workload, of the same spec, that goes over the last days of a history
// as if they were the present. It learns what a process would know by now if it had run all
// the time: whether the forecast is to be trusted, what each quantile on trial would have
// missed, and what forescale and an autoscaler without a forecast would each have missed and
// cost. A process that starts knows nothing of that, and would have to begin with defaults.
//
// The decisions of a retrace act on an imagined target, whose replicas are ready one
// start-up after they were asked for. So what is missed and paid in it is an estimate, as it
// is for the reactive autoscaler: what the same decisions cost on this load. The real bill of
// those days may be that of another autoscaler, and is not known. Neither harm nor the
// correction of the trials by real misses is taken over, and of the bills no more than the last
// day gives: see Absolve of package pacing.
//
// A history has one value a cell, where the present has a sample each scrape. Apart from
// noise, a rate over the length of a cell moves on a line between two cells, and so do the
// samples that a retrace makes up. They come half a slot before the decisions of the
// trials, as scrapes do on average. Without that lag the trials missed a quarter less than
// those of the present; with it they miss a sixth less.
type Retrace struct {
	w     *Workload
	fleet fleet
	grown bool // whether the history is long enough to judge a forecast by

	// most is what the reactive autoscaler would have cost if each day had been like the last
	// one, replica-seconds. The bills weigh no more: what would have been saved at a level that
	// the load has left would pay for more than can be saved at the present one.
	most float64
}

// grownUp is how much of a history must be observed to judge a forecast by it.
const grownUp = 48 * time.Hour

// Retrace returns a retrace for a start of w: first its Fit, then [Workload.Start]. It is
// nil once forecasts of w itself have been scored, because these tell more.
func (w *Workload) Retrace() *Retrace {
	if w.gate.Scored() {
		return nil
	}
	again := newWorkload(w.spec, w.staffing.Clone(), w.bursts.Zone)
	again.SetStartup(w.startup)
	again.last.target = Target{Min: *w.spec.Scale.MinReplicas, Max: w.spec.Scale.MaxReplicas}
	if !w.last.at.IsZero() {
		again.last.target = w.last.target
	}
	return &Retrace{w: again}
}

// Fit is [model.Fit] for the workload that made r, and goes over the last days of
// history. Network joins the experts of the pool; nil means none but the built-in one. Fit
// is slow, needs no lock of the workload, and is called once.
func (r *Retrace) Fit(ctx context.Context, history forecast.Series, network *lstm.Network) (*model.Fitted, error) {
	r.grown = time.Duration(history.Observed())*history.Step >= grownUp
	return model.Fit(ctx, r.w.spec, history, model.Options{Network: network, Retrace: r.run})
}

// Start installs the fit that r has made, see [Workload.Install], and takes over what r has
// found out, unless the workload itself has seen more meanwhile. A nil r has found out
// nothing.
func (w *Workload) Start(fit *model.Fitted, r *Retrace) error {
	if err := w.Install(fit); err != nil || r == nil || w.gate.Scored() || r.w.gate.Count <= w.gate.Count {
		return err
	}
	w.gate, w.tried = r.w.gate, r.w.gate.Count
	w.gain = r.w.gain
	w.expect(math.NaN()) // the cells of the present are other ones
	if w.pacer != nil && r.w.pacer.Known() > w.pacer.Known() {
		w.pacer = r.w.pacer
		w.pacer.Absolve(r.most)
	}
	if w.pacer != nil && r.grown {
		w.pacer.Grow()
	}
	return nil
}

// run is a [model.Retrace].
func (r *Retrace) run(before *model.Fitted, seen, clean forecast.Series) {
	w, last := r.w, math.NaN()
	if w.Install(before) != nil { // impossible: it has no cells yet
		return
	}
	pace := min(max(seen.Step/4, shortestPace), longestPace, seen.Step)
	yesterday, then := seen.End().Add(-24*time.Hour), 0.0
	for i, v := range seen.Values {
		start, end := seen.At(i), seen.At(i+1)
		if w.pacer != nil && !start.After(yesterday) {
			then = w.pacer.Cost()
		}
		for at := start.Add(pace); at.Before(end); at = at.Add(pace) {
			r.sample(at.Add(-pace/2), last+float64(at.Sub(start))/float64(seen.Step)*(v-last))
			r.decide(at)
		}
		r.sample(end.Add(-pace/2), v)
		w.learn(clean.Values[i])
		r.decide(end)
		last = v
	}
	if w.pacer != nil {
		days := seen.End().Sub(seen.Start).Hours() / 24
		r.most = max(days, 1) * w.pacer.CostSince(then, seen.End().Sub(yesterday))
	}
}

// sample shows a sample, unless it is NaN, and decides on it.
func (r *Retrace) sample(at time.Time, v float64) {
	r.w.Observe(collector.Sample{Time: at, Value: v})
	r.decide(at)
}

// decide decides at an instant, and lets the fleet follow. It does nothing where that teaches
// nothing: without a pacer, while it is unknown what a replica carries, and before the first
// sample.
func (r *Retrace) decide(at time.Time) {
	w := r.w
	if w.pacer == nil || !(w.Target() > 0) || w.Latest().Time.IsZero() {
		return
	}
	t := w.last.target
	if r.fleet.slot == 0 {
		asked := w.Latest().Value / (reactive.Utilization * w.Target())
		r.fleet.begin(at, shadow.Replicas(asked, t.Min, t.Max))
	}
	t.Current, t.Ready = r.fleet.count(), r.fleet.ready(time.Duration(startShare*float64(w.LeadTime())))
	t.Missed = math.NaN()
	r.fleet.follow(at, w.Decide(at, t).Replicas)
}

// A fleet is the replicas of an imagined target that follows each decision at once.
type fleet struct {
	slot   int64               // the newest, since the epoch; 0 = none yet
	counts [shadow.Slots]int32 // ready or starting, by slot modulo their count
}

// begin makes n the count of now and of all before.
func (f *fleet) begin(now time.Time, n int32) {
	f.slot = shadow.SlotOf(now)
	for i := range f.counts {
		f.counts[i] = n
	}
}

// follow makes n the count from now on.
func (f *fleet) follow(now time.Time, n int32) {
	for slot := shadow.SlotOf(now); f.slot < slot; f.slot++ {
		f.counts[(f.slot+1)%shadow.Slots] = f.count()
	}
	f.counts[f.slot%shadow.Slots] = n
}

// count returns the replicas, ready or starting.
func (f *fleet) count() int32 { return f.counts[f.slot%shadow.Slots] }

// ready returns those that have been there for a start-up.
func (f *fleet) ready(startup time.Duration) int32 {
	n := f.count()
	for i := range shadow.Spanned(startup, shadow.Slots-1) {
		n = min(n, f.counts[(f.slot-i)%shadow.Slots])
	}
	return n
}
