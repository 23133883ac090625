package controller

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/hpa"
)

// writesOf counts the writes to one target in a day of demand, decided every 15 s.
func writesOf(demand func(time.Time) float64) int {
	now := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	least := int32(2)
	spec := api.ScaleSpec{MinReplicas: &least, MaxReplicas: 100}
	var st scaler.State
	floor, writes, last := least, 0, now.Add(-time.Hour)
	for end := now.Add(24 * time.Hour); now.Before(end); now = now.Add(15 * time.Second) {
		v := demand(now)
		var d scaler.Decision
		d, st = scaler.Decide(spec, st, scaler.Input{
			Now: now, Current: floor, Desired: scaler.Replicas(v, 10),
			Demand: scaler.Demand{Observed: v, Predicted: v}, LeadTime: 75 * time.Second,
		})
		a, n := situation{
			now: now, mode: api.Active, claimed: true, least: least, most: 100, want: d.Replicas, hold: time.Hour, lastWrite: last,
			verdict: hpa.Verdict{InForce: floor, Base: least, Held: floor > least},
		}.plan()
		if a != still {
			floor, last = n, now
			writes++
			if a == release {
				writes++ // the value, and then the traces
			}
		}
	}
	return writes
}

// What the API server has to bear: nothing for a steady workload, and a few
// writes an hour for a daily wave from 3 to 30 replicas, whose noise of 3 percent
// crosses a border of replicas all the time.
func TestWritesPerHour(t *testing.T) {
	require.Zero(t, writesOf(func(time.Time) float64 { return 15 }))
	require.LessOrEqual(t, writesOf(func(time.Time) float64 { return 95 }), 1, "the first raise, and never again")

	const objects = 40
	total := 0
	for i := range uint64(objects) {
		random := rand.New(rand.NewPCG(7, i))
		phase := random.Float64() * 2 * math.Pi
		total += writesOf(func(at time.Time) float64 {
			x := 2*math.Pi*float64(at.Unix()%86400)/86400 + phase
			return (165 - 135*math.Cos(x)) * (1 + 0.03*random.NormFloat64())
		})
	}
	perHour := float64(total) / objects / 24
	t.Logf("%.2f writes per object and hour (seed 7, %d objects)", perHour, objects)
	require.Less(t, perHour, 5.0)
}
