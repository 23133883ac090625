package replaytest_test

import (
	"testing"
	"time"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/replaytest"
)

// follow keeps one pod per fifty requests per second of the last rate.
type follow struct{ last float64 }

func (*follow) Name() string          { return "follow" }
func (f *follow) Reset(replay.Config) { *f = follow{} }
func (*follow) Period() time.Duration { return 30 * time.Second }
func (f *follow) Decide(_ time.Time, o replay.Observation) replay.Action {
	if o.RateOK {
		f.last = o.Rate
	}
	return replay.Scale(1 + int32(f.last/50))
}

func TestASimplePolicyKeepsTheContract(t *testing.T) {
	replaytest.TestPolicy(t, func() replay.Policy { return &follow{} })
}
