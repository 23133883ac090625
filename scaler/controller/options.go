package controller

import (
	"cmp"
	"log/slog"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/forescale/forescale/scaler/live"
)

// Options are the settings of a controller.
type Options struct {
	// Store decides; whoever made it runs it.
	Store *live.Store

	// Identity names this process, and no other one: two of one name would both act. Required.
	Identity string

	// Lease is the Lease object of the replicas. Required.
	Lease types.NamespacedName

	// ReadOnly decides and reports, and writes to no target: Shadow for all objects.
	// Floors that were held before are still given back when their object is deleted.
	ReadOnly bool

	// WriteRate bounds the writes to targets per second. Default 100.
	WriteRate float64

	// Workers bounds the writes to targets under way. Default 16.
	Workers int

	// StatusEvery is the least time between two writes of one object's status.
	// Default 5 s.
	StatusEvery time.Duration

	// HoldSilence is how long a floor is held without any data before it comes
	// down, by a tenth a minute. Default 10 min.
	HoldSilence time.Duration

	// HandOver is how long a stopping replica waits for another one before it
	// restores every floor. Default 5 s.
	HandOver time.Duration

	// WatchPods measures start-up times on the pods of the targets.
	WatchPods bool

	// CPU reads what the pods use of their processors, for objects that ask for it.
	// Default nil: CPU use is not read.
	CPU PodCPU

	// Log receives what an operator should know. Default: nothing.
	Log *slog.Logger

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	o.WriteRate = cmp.Or(o.WriteRate, 100)
	o.Workers = cmp.Or(o.Workers, 16)
	o.StatusEvery = cmp.Or(o.StatusEvery, 5*time.Second)
	o.HoldSilence = cmp.Or(o.HoldSilence, 10*time.Minute)
	o.HandOver = cmp.Or(o.HandOver, 5*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
