package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Without a target per replica it is learned, from latency in the metrics store and
// from ready pods in the cluster, and said to be unknown before.
func TestCapacityIsLearnedFromThePods(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(30)
	latency := fmt.Sprintf("latency{ns=%q}", b.ns)
	b.metrics.Set(latency, steady(0.1))
	b.metrics.Down(latency, true)
	b.start("a")
	b.apply(strings.NewReplacer(`targetPerReplica: "10"`, `latencyObjective: {quantile: "0.95", value: 200ms}`, "step: 1s", "step: 1s, latencyQuery: '"+latency+"'").Replace(b.autoscaler("")))
	b.reason("web", "Acting", "CapacityUnknown")
	require.EqualValues(t, 2, b.floor())
	b.metrics.Down(latency, false)
	b.reason("web", "Acting", "FloorHeld") // 15 were carried, in a cell that begins a little below: a third one
	b.demand(57)
	b.eventually(patience, func() bool { return b.floor() >= 4 }, "57 at 15 a replica are 4")
}
