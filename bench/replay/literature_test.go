package replay_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/regress"
)

// holding has as many pods as the rate asks for, and lets one go that was not needed
// for a while: Reactive of Gandhi et al. without a hold, AutoScale with one (Gandhi,
// Harchol-Balter, Raghunathan, Kozuch, AutoScale, ACM TOCS 30(4), 2012, where each
// server waits by itself before it is turned off).
type holding struct {
	perPod float64
	hold   time.Duration
	last   []time.Time // by pod: when it was last needed
}

func (*holding) Name() string          { return "holding" }
func (*holding) Period() time.Duration { return 5 * time.Second }
func (h *holding) Reset(replay.Config) { h.last = nil }
func (h *holding) Decide(now time.Time, o replay.Observation) replay.Action {
	need := int(math.Ceil(o.Arrivals / h.perPod))
	for len(h.last) < need {
		h.last = append(h.last, now)
	}
	keep := 0
	for i := range h.last {
		if i < need {
			h.last[i] = now
		}
		if now.Sub(h.last[i]) <= h.hold {
			keep = i + 1
		}
	}
	h.last = h.last[:max(keep, 1)]
	return replay.Scale(int32(len(h.last)))
}

// quickly is an hour and a half of load that goes up and down threefold every three
// minutes, sooner than a server starts, as their trace "quickly varying" does, after
// half an hour to settle.
func quickly() trace.Trace {
	rng := rand.New(rand.NewPCG(15, 0))
	t := trace.Trace{Name: "quickly varying", Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: 15 * time.Second, Values: make([]float64, 480)}
	for i := range t.Values {
		minute := float64(i) / 4
		t.Values[i] = 450 * (1 + 0.15*math.Sin(minute/25*2*math.Pi) + 0.5*math.Sin(minute/3*2*math.Pi)) * math.Exp(0.05*rng.NormFloat64())
	}
	return t
}

// The order and rough size of what Gandhi et al. measured on a testbed of servers that take 260 s to
// start. Reactive meets the objective least: the 95th percentile is 20 s on their trace of this
// kind. AutoScale, which holds each server for 120 s, lowers it to 0.4 s there, with 16 to 54 % more
// servers: over their six traces 5.8 against 4.1, 15.1 against 10.1, 6.6 against 4.9, 7.2 against
// 6.2, 10.5 against 7.8 and 8.0 against 5.2. Opt, whose servers start at once, needs fewer than
// either: AutoScale has 1.4 times as many on average, 1.8 times on this kind.
func TestTheOrderOfAutoScale(t *testing.T) {
	o := replay.Options{
		Warmup: 30 * time.Minute, Seed: 1,
		Service: queue.Service{Slots: 4, ServiceTime: 60 * time.Millisecond, Latency: 500 * time.Millisecond, Quantile: 0.95},
		Cluster: replay.Cluster{Startup: replay.Startup{Median: 260 * time.Second}},
	}
	const perPod = 60 // requests/s of one server, as theirs
	reactive := run(t, quickly(), &holding{perPod: perPod}, o)
	held := run(t, quickly(), &holding{perPod: perPod, hold: 120 * time.Second}, o)
	s, err := replay.NewScenario(quickly(), o)
	require.NoError(t, err)
	opt, err := s.Run(t.Context(), s.Oracle())
	require.NoError(t, err)
	for name, r := range map[string]replay.Result{"Reactive": reactive, "AutoScale": held, "Opt, with a start-up": opt} {
		t.Logf("%s: p95 %v, %.1f %% of the time missed, %.1f pods of which %.1f are needed", name, r.Latency.P95, r.ViolatingTime,
			r.ReplicaHours/r.Length.Hours(), r.UndelayedHours/r.Length.Hours())
	}
	require.Less(t, held.ViolatingTime, reactive.ViolatingTime/3)
	require.Less(t, held.Latency.P95, reactive.Latency.P95/2)
	require.Less(t, opt.Latency.P95, held.Latency.P95/2)
	require.Zero(t, opt.ViolatingTime)
	more := held.ReplicaHours / reactive.ReplicaHours
	require.Greater(t, more, 1.16)
	require.Less(t, more, 1.54)
	require.Less(t, reactive.UndelayedHours, reactive.ReplicaHours)
	require.InDelta(t, 1.6, held.ReplicaHours/held.UndelayedHours, 0.3)
}

// ahead has as many pods as the median of a forecast so many minutes ahead asks for.
type ahead struct {
	minutes int
	perPod  float64
	next    time.Time // end of the cell that is open
	filter  forecast.Filter
	f       *forecast.Forecast
	err     error
}

func (*ahead) Name() string          { return "ahead" }
func (*ahead) Period() time.Duration { return 15 * time.Second }
func (a *ahead) Err() error          { return a.err }
func (a *ahead) Reset(c replay.Config) {
	a.f, a.next = forecast.New(a.minutes, 0.5), c.History.End().Add(time.Minute)
	var fitted forecast.Fitted
	if fitted, a.err = new(regress.Model).Fit(context.Background(), c.History); a.err == nil {
		a.filter, a.err = fitted.Filter(c.History)
	}
}

func (a *ahead) Decide(now time.Time, o replay.Observation) replay.Action {
	for ; !now.Before(a.next); a.next = a.next.Add(time.Minute) {
		a.filter.Update(o.Rate)
	}
	a.filter.Forecast(a.f)
	return replay.Scale(int32(math.Ceil(a.f.Values[a.minutes-1][0] / a.perPod)))
}

// Where pods start at once, a look-ahead of five minutes is worse than one of a minute: the error
// grows, and nothing is gained by being early. Imdoukh et al. (Neural Computing and Applications 32,
// 2020, doi 10.1007/s00521-019-04507-z) found that on requests of the World Cup of 1998: an LSTM one
// minute ahead is short by 0.48 containers for 16 % of the time, five minutes ahead by 1.88 for 43 %.
func TestALongerLookAheadIsWorse(t *testing.T) {
	tr := trace.Synthetic(trace.Shape{
		Length: 6 * 24 * time.Hour, Base: 2000, Day: 0.5, Noise: trace.Noise{Sigma: 0.15, Memory: 20 * time.Minute},
	}, 15)
	short := func(minutes int) (under, share float64) {
		o := replay.Options{Warmup: 4 * 24 * time.Hour, Seed: 1, Cluster: replay.Cluster{Startup: replay.Startup{Median: time.Second}}}
		e := run(t, tr, &ahead{minutes: minutes, perPod: 95}, o).Elasticity
		t.Logf("%d min ahead: short by %.2f %%, for %.1f %% of the time", minutes, e.Under, e.UnderTime)
		return e.Under, e.UnderTime
	}
	one, oneShare := short(1)
	five, fiveShare := short(5)
	require.Greater(t, five, 1.5*one)
	require.Greater(t, fiveShare, oneShare)
}
