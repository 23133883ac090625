// Package prior is the LSTM that is ready before the first sample: what loads of
// services have in common, learned from artificial ones.
//
// # The idea
//
// A model that is fitted on a workload's own history has nothing to say in its
// first hours. A network that was trained on many loads has: how much of a jump
// lasts, how noise and level tell apart, how fast a burst fades, what the day
// before is worth on the second day. [Network] was trained by generate/main.go on
// the loads of package load, seeded random mixtures of the shapes that services show, and on
// nothing else: no recorded trace went into it, so that recorded traces are a
// fair test of it.
//
// It forecasts 1 to 60 steps ahead for steps of 15 seconds to 10 minutes, see
// [Covers]. It is meant for the pool of experts; once a workload has days of its
// own, models that are fitted to it forecast better, and the weighting says so.
package prior

import (
	_ "embed" // the weights
	"fmt"
	"sync"
	"time"

	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/weights"
)

// The weights are written by make prior, which trains them anew; that takes minutes.

//go:embed prior.safetensors
var file []byte

var network = sync.OnceValue(func() *lstm.Network { //nolint:gochecknoglobals // decoded once, never changed
	n, err := weights.Decode(file)
	if err != nil {
		panic(fmt.Sprintf("prior: the embedded weights: %v", err)) // a fault of the build, seen by the tests
	}
	return n
})

// Network returns the network. It is shared and safe for concurrent use.
func Network() *lstm.Network { return network() }

// Covers reports whether the network was trained for series of that step.
func Covers(step time.Duration) bool { return step >= 15*time.Second && step <= 10*time.Minute }
