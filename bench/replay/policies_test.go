package replay_test

import (
	"time"

	"github.com/forescale/forescale/bench/replay"
)

// plainHPA leaves everything to the HPA underneath.
type plainHPA struct {
	name string
	hpa  replay.HPA
}

func (p plainHPA) Name() string                                     { return p.name }
func (plainHPA) Reset(replay.Config)                                {}
func (plainHPA) Period() time.Duration                              { return 15 * time.Second }
func (plainHPA) Decide(time.Time, replay.Observation) replay.Action { return replay.Hold() }
func (p plainHPA) Underneath() replay.HPA                           { return p.hpa }

// rate70 is an HPA on the ingress rate at 70 % of the capacity of 100 requests/s.
func rateHPA(perPod float64) plainHPA {
	return plainHPA{name: "hpa-rate", hpa: replay.HPA{RatePerPod: perPod}}
}

// fixed keeps a count.
type fixed int32

func (fixed) Name() string                                         { return "fixed" }
func (fixed) Reset(replay.Config)                                  {}
func (fixed) Period() time.Duration                                { return time.Minute }
func (n fixed) Decide(time.Time, replay.Observation) replay.Action { return replay.Scale(int32(n)) }
