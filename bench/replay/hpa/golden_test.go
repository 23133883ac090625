package hpa_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/hpa"
)

func read(t *testing.T, path string, to any) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, to))
}

// The traces are recorded from the real controller; see ../differential.
func TestWalksOfTheRealController(t *testing.T) {
	var golden struct {
		Walks []struct {
			Name, Kind string
			Settings   hpa.Settings
			Steps      [][10]int64
		}
	}
	read(t, "testdata/walks.json", &golden)
	require.NotEmpty(t, golden.Walks)
	for _, w := range golden.Walks {
		t.Run(w.Name, func(t *testing.T) {
			a, err := hpa.New(w.Settings)
			require.NoError(t, err)
			for i, s := range w.Steps {
				first := hpa.Metric(hpa.ExternalAverage{Value: s[1], Target: 100_000})
				if w.Kind == "one External metric, Value" {
					first = hpa.ExternalValue{Value: s[1], Target: 3_000_000, Pods: 60, Ready: int(s[8])}
				}
				if s[3]&1 != 0 {
					first = hpa.Unavailable{}
				}
				metrics := []hpa.Metric{first}
				if w.Kind == "two External metrics that fail now and then" {
					metrics = append(metrics, hpa.ExternalAverage{Value: s[2], Target: 40_000})
					if s[3]&2 != 0 {
						metrics[1] = hpa.Unavailable{}
					}
				}
				d := a.Sync(epoch.Add(time.Duration(s[0])*time.Second), hpa.Bounds{Min: int32(s[4]), Max: int32(s[5])},
					hpa.Scale{Spec: int32(s[6]), Status: int32(s[7])}, metrics...)
				require.Equal(t, int32(s[9]), d.Replicas, "step %d: %v, port: %+v", i, s, d)
			}
		})
	}
}

func TestPodsInTheRealCalculator(t *testing.T) {
	var golden struct {
		Cases []struct {
			Spec, Percent, Want int32
			Average             int64
			CPU, Error          bool
			Up, Down            float64
			Pods                [][9]int64
		}
	}
	read(t, "testdata/pods.json", &golden)
	require.NotEmpty(t, golden.Cases)
	ago := func(s int64) time.Time { return epoch.Add(-time.Duration(s) * time.Second) }
	for i, c := range golden.Cases {
		var pods []hpa.Pod
		for _, p := range c.Pods {
			pod := hpa.Pod{
				Phase: hpa.Phase(p[0]), Deleted: p[1]&1 != 0, Sampled: p[1]&2 != 0, Ready: hpa.Condition(p[3]), Changed: ago(p[4]),
				Value: p[5], At: ago(p[6]), Window: time.Duration(p[7]) * time.Second, Request: p[8],
			}
			if p[2] >= 0 {
				pod.Started = ago(p[2])
			}
			pods = append(pods, pod)
		}
		q := hpa.Query{
			Now: epoch, Scale: hpa.Scale{Spec: c.Spec, Status: c.Spec}, Tolerances: hpa.Tolerances{Up: c.Up, Down: c.Down},
			CPUStart: 5 * time.Minute, FirstReadiness: 30 * time.Second,
		}
		m := hpa.Metric(hpa.PodsAverage{Target: c.Average, CPU: c.CPU, Pods: pods})
		if c.Percent > 0 {
			m = hpa.Utilization{Target: c.Percent, CPU: c.CPU, Pods: pods}
		}
		n, err := m.Propose(q)
		if c.Error {
			require.ErrorIs(t, err, hpa.ErrMetric, "case %d", i)
			continue
		}
		require.NoError(t, err, "case %d", i)
		require.Equal(t, c.Want, n, "case %d: %+v", i, c)
	}
}
