package replay_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/collector/export"
)

// sudden is 800 requests/s that become 3200 within 15 s.
func sudden() trace.Trace {
	tr := trace.Trace{Name: "sudden", Start: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Step: 5 * time.Second, Values: make([]float64, 4*720)}
	for i := range tr.Values {
		tr.Values[i] = 800
		if i >= 3*720 {
			tr.Values[i] = 3200
		}
	}
	return tr
}

// The seconds of violation after a step to four times the load agree with those of an independent
// simulator. The use of processors saturates, so an HPA on it needs several rounds.
func TestSecondsOfViolationAfterAStep(t *testing.T) {
	for name, c := range map[string]struct {
		hpa  replay.HPA
		want float64
	}{
		"rate at 70 %": {replay.HPA{RatePerPod: 70}, 149},
		"rate at 50 %": {replay.HPA{RatePerPod: 50}, 121},
		"CPU at 70 %":  {replay.HPA{CPUPercent: 70}, 389},
		"CPU at 50 %":  {replay.HPA{CPUPercent: 50}, 174},
	} {
		seconds := 0.0
		for seed := range uint64(5) {
			r := run(t, sudden(), plainHPA{name: name, hpa: c.hpa}, replay.Options{Seed: seed})
			seconds += r.ViolatingTime / 100 * r.Length.Seconds() / 5
		}
		require.InEpsilon(t, c.want, seconds, 0.12, name)
	}
}

// The cost relative to the optimum and the violating time of an HPA on public traces, scaled to
// 4000 requests/s, agree with those of the same simulator.
func TestFiguresOnPublicTraces(t *testing.T) {
	dir := os.Getenv("FORESCALE_TRACES")
	if dir == "" {
		t.Skip("FORESCALE_TRACES names no directory")
	}
	smooth := []string{
		"worldcup98-group-stage", "ms-mongo-app-1", "ms-mongo-app-3", "ms-ingress-1", "ms-ingress-3", "ms-ingress-4",
		"ms-ingress-5", "azure-vm-deployments", "decentraland-users-2021", "wikimedia-pageviews-2009",
	}
	for name, c := range map[string]struct {
		traces     []string
		startup    time.Duration
		target     float64
		cost, late float64
	}{
		"smooth at 70 %":        {smooth, time.Minute, 70, 1.407, 0.040},
		"smooth at 50 %":        {smooth, time.Minute, 50, 1.963, 0.016},
		"smooth at 70 %, 180 s": {smooth, 3 * time.Minute, 70, 1.391, 0.120},
		"bursts at 70 %":        {[]string{"twitter-stream-1s"}, time.Minute, 70, 1.44, 2.36},
		"bursts at 50 %":        {[]string{"twitter-stream-1s"}, time.Minute, 50, 2.01, 1.73},
		"bursts at 70 %, 180 s": {[]string{"twitter-stream-1s"}, 3 * time.Minute, 70, 1.35, 4.14},
		"noisy at 70 %":         {[]string{"ms-mongo-app-4"}, time.Minute, 70, 1.41, 0.75},
	} {
		logs, late := 0.0, 0.0
		for _, file := range c.traces {
			d, err := export.Read(t.Context(), filepath.Join(dir, file+".csv.gz"), export.Options{})
			require.NoError(t, err)
			tr := trace.Trace{Name: file, Start: d.Rate.Start, Step: d.Rate.Step, Values: d.Rate.Values}
			r := run(t, tr, rateHPA(c.target), replay.Options{
				Peak: 4000, Cluster: replay.Cluster{Startup: replay.Startup{Median: c.startup}},
			})
			logs += math.Log(r.CostRatio)
			late += r.ViolatingTime / float64(len(c.traces))
		}
		cost := math.Exp(logs / float64(len(c.traces)))
		t.Logf("%s: cost %.3f (%.3f), violating %.3f %% (%.3f %%)", name, cost, c.cost, late, c.late)
		require.InEpsilon(t, c.cost, cost, 0.02, name)
		require.InDelta(t, c.late, late, 0.1+0.1*c.late, name)
	}
}

// One fortnight of seconds under ten policies.
func BenchmarkFortnight(b *testing.B) {
	tr := trace.Synthetic(trace.Shape{
		Length: 21 * 24 * time.Hour, Day: 0.6, Week: 0.3, Noise: trace.Noise{Sigma: 0.05, Memory: time.Hour}, Burst: trace.Burst{PerDay: 2, Height: 2},
	}, 1)
	for b.Loop() {
		s, err := replay.NewScenario(tr, replay.Options{Peak: 4000})
		require.NoError(b, err)
		for target := range 10 {
			_, err := s.Run(b.Context(), rateHPA(50+5*float64(target)))
			require.NoError(b, err)
		}
	}
}
