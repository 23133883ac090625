package forescale

import "time"

// KEDA's defaults of a ScaledObject.
const (
	pollingInterval = 30 * time.Second
	cooldownPeriod  = 300 * time.Second
)

// An activation is how KEDA scales from zero and to zero: at a poll at which the trigger is
// active, and at one before which it has not been active for the cooldown. A poll that ends in
// an error does not count.
//
// Source: KEDA v2.21.0, pkg/scaling/executor/scale_scaledobjects.go.
type activation struct {
	active time.Time // when the trigger was last active
	polled time.Time
}

// poll returns the replicas that KEDA sets at now, −1 if it leaves them to the HPA.
func (k *activation) poll(now time.Time, replicas int32, active bool) int32 {
	if now.Sub(k.polled) < pollingInterval {
		return -1
	}
	k.polled = now
	switch {
	case active:
		k.active = now
		if replicas == 0 {
			return 1
		}
	case replicas > 0 && now.Sub(k.active) >= cooldownPeriod:
		return 0
	}
	return -1
}
