package hpa_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay/hpa"
)

// old is a pod that has been ready for an hour and uses percent of a core.
func old(percent int64) hpa.Pod {
	return hpa.Pod{
		Started: epoch.Add(-time.Hour), Ready: hpa.True, Changed: epoch.Add(-time.Hour),
		Sampled: true, Value: percent * 10, At: epoch, Window: 15 * time.Second, Request: 1000,
	}
}

// young is a pod that started a minute ago and is not ready.
func young() hpa.Pod {
	return hpa.Pod{
		Started: epoch.Add(-time.Minute), Ready: hpa.False, Changed: epoch.Add(-time.Minute),
		Sampled: true, Value: 1000, At: epoch, Window: 15 * time.Second, Request: 1000,
	}
}

func TestUtilization(t *testing.T) {
	missing := hpa.Pod{Started: epoch.Add(-time.Hour), Ready: hpa.True, Request: 1000}
	deleted := old(100)
	deleted.Deleted = true
	for name, c := range map[string]struct {
		spec int32
		pods []hpa.Pod
		want int32
	}{
		"all ready: 90/50 of 2":                     {2, []hpa.Pod{old(90), old(90)}, 4},
		"cut to whole percent: 55.9 is 55, held":    {10, []hpa.Pod{{Ready: hpa.True, Started: epoch.Add(-time.Hour), Sampled: true, Value: 559, At: epoch, Request: 1000}}, 10},
		"unready counts as idle: 90/2=45 is within": {2, []hpa.Pod{old(90), young()}, 2},
		"unready, still growing: 100·2/3=66 of 3":   {3, []hpa.Pod{old(100), old(100), young()}, 4},
		"missing is full when shrinking: 120/2=60":  {2, []hpa.Pod{old(20), missing}, 2},
		"missing, still shrinking: (10·9+100)/10":   {10, append(many(old(10), 9), missing), 4}, // 19 % / 50 % · 10
		"deleted does not count":                    {2, []hpa.Pod{old(90), deleted}, 2},
		"count by pods with metrics, not by spec":   {9, []hpa.Pod{old(100), old(100)}, 4},
	} {
		t.Run(name, func(t *testing.T) {
			q := hpa.Query{Now: epoch, Scale: hpa.Scale{Spec: c.spec, Status: c.spec}, Tolerances: hpa.Tolerances{Up: 0.1, Down: 0.1}, CPUStart: 5 * time.Minute}
			n, err := hpa.Utilization{Target: 50, Pods: c.pods, CPU: true}.Propose(q)
			require.NoError(t, err)
			require.Equal(t, c.want, n)
		})
	}
}

func TestMemoryTakesUnreadyPodsAtTheirWord(t *testing.T) {
	q := hpa.Query{Now: epoch, Scale: hpa.Scale{Spec: 2, Status: 2}}
	n, err := hpa.Utilization{Target: 50, Pods: []hpa.Pod{old(100), young()}}.Propose(q)
	require.NoError(t, err)
	require.Equal(t, int32(4), n)
}

func TestPodsAverageFillsMissingAtTheTarget(t *testing.T) {
	q := hpa.Query{Now: epoch, Scale: hpa.Scale{Spec: 4, Status: 4}, Tolerances: hpa.Tolerances{Up: 0.1, Down: 0.1}, CPUStart: 5 * time.Minute}
	pods := append(many(old(20), 3), hpa.Pod{})
	n, err := hpa.PodsAverage{Target: 500, Pods: pods}.Propose(q)
	require.NoError(t, err)
	require.Equal(t, int32(3), n) // (3·200 + 500)/4 = 275 → 0.55 · 4 = 2.2
}

func TestNoUsableSampleIsAnError(t *testing.T) {
	q := hpa.Query{Now: epoch, Scale: hpa.Scale{Spec: 1, Status: 1}}
	for name, pods := range map[string][]hpa.Pod{
		"no pod":           nil,
		"only pending":     {{Phase: hpa.Pending}},
		"only unready":     {{Ready: hpa.Unset, Sampled: true}},
		"requests nothing": {{Ready: hpa.True, Started: epoch.Add(-time.Hour), Sampled: true, Value: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := hpa.Utilization{Target: 50, Pods: pods, CPU: true}.Propose(q)
			require.ErrorIs(t, err, hpa.ErrMetric)
		})
	}
}

func many(p hpa.Pod, n int) []hpa.Pod {
	pods := make([]hpa.Pod, n)
	for i := range pods {
		pods[i] = p
	}
	return pods
}
