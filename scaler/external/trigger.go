package external

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/forescale/forescale/scaler/api"
	"github.com/forescale/forescale/scaler/live"
)

const (
	// maxMisses is after how many calls about a trigger a metadata variant that
	// none of them carried is dropped. KEDA calls about each trigger at most six
	// times between two calls about its neighbour: for the specification, the
	// metrics and the activity, twice each if the first try failed.
	maxMisses = 16

	// maxReturns is how often replaced variants may come back before two triggers are taken
	// to share a name. One return may be a user who reverts an edit, two a call that an edit
	// overtook. Triggers that share a name alternate with each poll and reach four within two
	// or three polls.
	maxReturns = 4
)

// A variant is one metadata map that came with calls about a ScaledObject, decoded.
// All fields but used and misses are fixed once it is in a registry.
type variant struct {
	metadata map[string]string
	entries  entries // the same, to compare encoded metadata with
	spec     api.Spec
	wire     float64  // the constant target on the wire; see wireTarget
	trigger  *trigger // nil if the metadata is faulty
	err      error    // why it is, as a gRPC status

	used   atomic.Int64 // when it was last asked for, in seconds since the epoch
	misses int          // calls about the trigger since; guarded by registry.mu
}

// newVariant decodes metadata, which it copies, of the named ScaledObject. It
// also returns the name of the trigger's metric, empty if the metadata is faulty.
func newVariant(name objectName, metadata map[string]string) (v *variant, metric string) {
	v = &variant{metadata: maps.Clone(metadata), entries: entriesOf(metadata)}
	metric, spec, err := Decode(metadata)
	if err != nil {
		v.err = invalid(name, metadata, err)
		return v, ""
	}
	v.spec = spec
	target := spec.Scale.TargetPerReplica.Float()
	if !usable(target) {
		target = defaultTarget
	}
	v.wire = wireTarget(target)
	return v, metric
}

// target returns the demand that one replica serves: the target that a was made
// with, which may be a learned one or, while an edit is being adopted, the former
// one; without it what the user said. Zero means that nothing is known.
func (v *variant) target(a live.Answer) float64 {
	if usable(a.Target) {
		return a.Target
	}
	return v.spec.Scale.TargetPerReplica.Float()
}

// touch notes that v was asked for, without a write if it has been in this second.
func (v *variant) touch(second int64) {
	if v.used.Load() != second {
		v.used.Store(second)
	}
}

// A trigger is one metric of a ScaledObject and the workload behind it.
type trigger struct {
	key live.Key

	current   atomic.Pointer[variant] // what the workload should be; written under registry.mu
	contested atomic.Bool             // whether rivals is not empty
	rivals    []*variant              // replaced variants that may still be in use; guarded by registry.mu
	returns   int                     // how often a rival came back; guarded by registry.mu

	adopted atomic.Pointer[variant] // what the store was given; nil before the first time
	mu      sync.Mutex              // guards what follows
	start   *start                  // the hand-over under way, nil if none
	began   time.Time               // when the first one began since the store knows of no workload
	failure string                  // why the last answer was refused, empty if it was served
}

// settle notes a call with the metadata of v, and makes v the current variant if it is not. It
// reports whether the trigger is contested, because variants take turns, and returns the
// variants that were dropped. The caller holds registry.mu.
func (t *trigger) settle(v *variant) (contest bool, gone []*variant) {
	v.misses = 0
	now := t.current.Load()
	if now != v {
		if t.drop(v) {
			t.returns++
		}
		if now != nil {
			now.misses = 0
			t.rivals = append(t.rivals, now)
		}
		t.current.Store(v)
	}
	for _, r := range slices.Clone(t.rivals) {
		if r.misses++; r.misses >= maxMisses {
			t.drop(r)
			gone = append(gone, r)
		}
	}
	if len(t.rivals) == 0 {
		t.returns = 0
	}
	t.contested.Store(len(t.rivals) > 0)
	return t.returns >= maxReturns, gone
}

// drop removes v from the rivals and reports whether it was one.
func (t *trigger) drop(v *variant) bool {
	i := slices.Index(t.rivals, v)
	if i < 0 {
		return false
	}
	t.rivals = slices.Delete(t.rivals, i, i+1)
	return true
}

// begun is when the workload began to start.
func (t *trigger) begun() time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.began
}

// blame notes why the trigger cannot be served, empty if it can, and reports
// whether that has changed, so that it is logged once and not at each poll.
func (t *trigger) blame(failure string) (changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	changed = t.failure != failure
	t.failure = failure
	return changed
}
