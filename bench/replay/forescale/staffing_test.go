package forescale_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/requests"
	"github.com/forescale/forescale/scaler/capacity"
)

// The rate that each formula allows per replica holds for simulated requests: at the highest one
// allowed, the allowed share is late.
func TestStaffingHoldsForSingleRequests(t *testing.T) {
	const latency, allowed = 500 * time.Millisecond, 0.01
	const mean = 0.08 // seconds
	for name, c := range map[string]struct {
		staffed   capacity.Discipline
		simulated requests.Discipline
		replicas  int
		tolerance float64 // of the share of late requests
	}{
		"one line":          {capacity.Central, requests.Central, 4, 0.003},
		"each its own":      {capacity.Random, requests.Random, 4, 0.002},
		"shared processors": {capacity.Sharing, requests.Sharing, 1, 0.002},
	} {
		t.Run(name, func(t *testing.T) {
			curve, err := capacity.Queue(capacity.Service{Slots: 8, Time: 80 * time.Millisecond, Discipline: c.staffed},
				capacity.Objective{Quantile: 1 - allowed, Latency: latency})
			require.NoError(t, err)
			rate := curve.Rate(int32(c.replicas)) //nolint:gosec // at most four
			served, late := 0, 0
			rng := rand.New(rand.NewPCG(7, 7))
			s := requests.New(requests.Settings{Slots: 8, Work: requests.Exponential(mean), Discipline: c.simulated}, rng, func(r requests.Request) {
				served++
				if r.Total > latency.Seconds() {
					late++
				}
			})
			s.Resize(c.replicas)
			for range 1_500_000 {
				s.Advance(rng.ExpFloat64()/rate, 1)
			}
			require.InDelta(t, allowed, float64(late)/float64(served), c.tolerance)
		})
	}
}
