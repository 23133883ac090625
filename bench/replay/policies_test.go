package replay_test

import (
	"errors"
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

// rateHPA is an HPA on the ingress rate, by requests/s per pod.
func rateHPA(perPod float64) plainHPA {
	return plainHPA{name: "hpa-rate", hpa: replay.HPA{RatePerPod: perPod}}
}

// fixed keeps a count.
type fixed int32

func (fixed) Name() string          { return "fixed" }
func (fixed) Reset(replay.Config)   {}
func (fixed) Period() time.Duration { return time.Minute }
func (n fixed) Decide(time.Time, replay.Observation) replay.Action {
	return replay.Scale(int32(n))
}

// script answers by a function, over an HPA if it has one.
type script struct {
	period time.Duration
	hpa    *replay.HPA
	reset  func(replay.Config)
	decide func(now time.Time, o replay.Observation) replay.Action
}

func (script) Name() string { return "script" }
func (s script) Reset(c replay.Config) {
	if s.reset != nil {
		s.reset(c)
	}
}
func (s script) Period() time.Duration { return s.period }
func (s script) Decide(now time.Time, o replay.Observation) replay.Action {
	return s.decide(now, o)
}

// overHPA is a script that has an HPA underneath.
type overHPA struct{ script }

func (s overHPA) Underneath() replay.HPA { return *s.hpa }

// broken cannot prepare.
type broken struct{ script }

func (broken) Err() error { return errors.ErrUnsupported }
