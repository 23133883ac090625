package forescale_test

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/forescale"
	"github.com/forescale/forescale/bench/replay/replaytest"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/scaler/api"
)

// shift is a load of three weeks that rises by the clock to four times its height
// within ten minutes, from nine to two each day.
func shift() trace.Trace {
	rng := rand.New(rand.NewPCG(1, 16))
	t := trace.Trace{Name: "shift", Start: start, Step: time.Minute, Values: make([]float64, 21*1440)}
	for i := range t.Values {
		minute := float64(i%1440 - 9*60)
		busy := min(max(min(minute, 300-minute)/10, 0), 1)
		t.Values[i] = 700 * (1 + 3*busy) * math.Exp(0.01*rng.NormFloat64())
	}
	return t
}

// The negative control: a forecast can gain only from what the past says of the future. With its
// days in any order this load is as predictable as before; with its blocks of five hours shuffled,
// each of which still rises as steeply, it is not, and there must be no gain. The same rules at the
// same quantile are compared with the pool of models and with the last value in its place, so that
// the gain has no other cause.
func TestAShuffledLoadRemovesTheGain(t *testing.T) {
	late := func(tr trace.Trace, model string) float64 {
		p, err := forescale.New(forescale.FloorName, api.Spec{Forecast: api.ForecastSpec{Model: model, Risk: 0.95}})
		require.NoError(t, err)
		r := run(t, tr, replay.Options{Warmup: 12 * 24 * time.Hour, Seed: 1, Cluster: replay.Cluster{Startup: replay.Startup{Median: 3 * time.Minute}}}, p)
		return r.ViolatingTime / 100 * r.Length.Seconds()
	}
	for name, c := range map[string]struct {
		load        trace.Trace
		least, most float64 // share of the violations of the last value that the forecast avoids
	}{
		"in order":            {shift(), 0.9, 1},
		"days in any order":   {shift().ShuffleDays(1), 0.9, 1},
		"blocks in any order": {shift().Shuffle(5*time.Hour, 1), -0.1, 0.1},
	} {
		without, with := late(c.load, "naive"), late(c.load, "auto")
		gain := 1 - with/without
		t.Logf("%s: %.0f s of violation without a forecast, %.0f s with one", name, without, with)
		require.GreaterOrEqual(t, gain, c.least, name)
		require.LessOrEqual(t, gain, c.most, name)
	}
}

// The contract of every policy in a replay: equal runs, nothing from the future, and it survives
// missing samples and overload.
func TestForescaleKeepsTheContractOfAPolicy(t *testing.T) {
	for _, name := range []string{forescale.FloorName, forescale.KedaName} {
		t.Run(name, func(t *testing.T) {
			replaytest.TestPolicy(t, func() replay.Policy {
				p, err := forescale.New(name, api.Spec{})
				require.NoError(t, err)
				return p
			})
		})
	}
}
