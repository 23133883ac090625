package hpa

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// How we give way to somebody who reverts our floor: a few tries, then none for a while.
const (
	revertsToContest = 3                // within revertWindow, then the floor is contested
	revertWindow     = 10 * time.Minute // over which reverts count together
	firstBackoff     = 30 * time.Minute // before the next try; doubles
	longestBackoff   = 4 * time.Hour
	revertWait       = time.Second // before the first try after a revert; five times as long each time
)

// A Floor remembers what happened to the floor of one object. The zero Floor is
// ready. It is a plain value and not safe for concurrent use.
type Floor struct {
	uid          types.UID
	claim        *Claim // of the last write of a floor, ours or that of another replica
	own          bool   // that write was ours
	reverts      []time.Time
	backoff      time.Duration
	backoffUntil time.Time // no write before
	manager      string    // who put the floor back last
	contested    bool
}

// A Verdict is how things stand with a floor.
type Verdict struct {
	InForce   int32     // floor in force
	Original  *int32    // to give back; nil = the field was absent
	Base      int32     // the least floor: Original or its default
	Held      bool      // the floor is ours: to lower or to give back
	Wait      bool      // do not write now: somebody put the floor back a moment ago, or contests it
	Contested bool      // somebody puts it back again and again
	Until     time.Time // when a contested floor is tried again; zero if it is none
	Manager   string    // who, by field manager; empty = nobody but an admission webhook or policy, "unknown" = nobody holds the field
	Edited    bool      // the user has set a new value under our floor, which is now the original
	Reverted  bool      // the value was put back since the last call
}

// Judge returns the state of the floor at now, and remembers it. A floor that was
// changed to the value to give back was put back (by a tool that applies its
// manifests again), unless a replica has released it; any other new value is the
// user's new wish. So is the floor in force itself, if the object shows that
// somebody else wants just that.
func (f *Floor) Judge(v *View, now time.Time) Verdict {
	if f.uid != v.UID { // another object of the same name starts afresh
		*f = Floor{uid: v.UID}
	}
	claim := v.Claim
	if claim == nil {
		claim = f.claim // an object that was replaced has lost our annotation
	}
	d := Verdict{InForce: v.Floor(), Original: v.Min, Base: v.Floor()}
	if claim != nil {
		f.compare(&d, claim, v, now)
	}
	if f.contested && !now.Before(f.backoffUntil) {
		f.contested = false
	}
	d.Contested, d.Manager, d.Wait = f.contested, f.manager, now.Before(f.backoffUntil)
	if d.Contested {
		d.Until = f.backoffUntil
	}
	return d
}

// Retry forgets a dispute that the user has settled, so that the next write need not wait
// for its end.
func (f *Floor) Retry() {
	f.reverts, f.backoff, f.backoffUntil, f.contested = nil, 0, time.Time{}, false
}

// compare judges a floor that is or was ours.
func (f *Floor) compare(d *Verdict, claim *Claim, v *View, now time.Time) {
	d.Held = v.Claim != nil // at least a trace to remove
	switch {
	case v.untouched(claim):
		d.Held, d.Original, d.Base = true, claim.Original, base(v, claim.Original)
		f.own = f.own && f.claim != nil && f.claim.Holder == claim.Holder
		f.claim = claim // perhaps taken over from another replica
		return
	case v.altered(claim):
		d.Held, d.Original, d.Base = true, claim.Original, base(v, claim.Original)
		if f.claim != nil && v.Floor() < claim.Floor { // told once for each write
			d.Reverted = true
			f.revert("", now)
		}
	case f.claim == nil: // told already, or not ours to judge: what a former holder left
	case f.givenBack(v, claim):
	case same(v.Min, claim.Original):
		d.Reverted = true
		f.revert(v.writer(), now)
	default:
		d.Edited = true
	}
	f.claim, f.own = nil, false
}

// untouched reports whether the floor of claim is in force, and nobody else asks for the same.
func (v *View) untouched(claim *Claim) bool {
	return v.Min != nil && *v.Min == claim.Floor && !same(v.Min, claim.Original) && !v.stated(claim)
}

// altered reports whether the floor differs from what was written although nobody else has
// written it since: an admission webhook or policy has changed it, for instance to bound it. That
// is not an edit by the user.
func (v *View) altered(claim *Claim) bool {
	return v.Claim != nil && v.Ours && len(v.Owners) == 0 && v.Floor() != claim.Floor && !same(v.Min, claim.Original)
}

// writer names who has written the floor after us, by field manager: empty if that is an
// admission webhook or policy, which leaves the field ours; unknown if nobody holds it, as where
// the object was replaced by one without the field.
func (v *View) writer() string {
	if v.Managed == "" && !v.Ours {
		return "unknown"
	}
	return v.Managed
}

// givenBack reports whether the floor is back because of a release, ours or that of the replica
// that acts, whose writes a standby sees like any others. A release first writes the value that
// it gives back into the claim, and then removes the claim. If the claim is gone, another replica
// has removed it, unless it was ours: then the object was replaced.
func (f *Floor) givenBack(v *View, claim *Claim) bool {
	if v.Claim == nil {
		return !f.own && same(v.Min, claim.Original)
	}
	return claim.Floor == v.Floor() && same(v.Min, claim.Original)
}

// revert counts one more time that the floor was put back.
func (f *Floor) revert(manager string, now time.Time) {
	f.manager = manager
	for len(f.reverts) > 0 && now.Sub(f.reverts[0]) > revertWindow {
		f.reverts = f.reverts[1:]
	}
	f.reverts = append(f.reverts, now)
	again := f.backoff > 0 && now.Sub(f.backoffUntil) < revertWindow // right after the last backoff
	if !again {
		f.backoff = 0
	}
	if again || len(f.reverts) >= revertsToContest {
		f.contested = true
		f.backoff = min(max(firstBackoff, 2*f.backoff), longestBackoff)
		f.backoffUntil = now.Add(f.backoff)
		return
	}
	wait := revertWait
	for range len(f.reverts) - 1 {
		wait *= 5
	}
	f.backoffUntil = now.Add(wait)
}

// Wrote remembers a write that succeeded: claim is nil after a release.
func (f *Floor) Wrote(v *View, claim *Claim) {
	f.uid, f.claim, f.own = v.UID, claim, claim != nil
}

// base returns the floor of v with original in its place.
func base(v *View, original *int32) int32 {
	w := *v
	w.Min = original
	return w.Floor()
}

func same(a, b *int32) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
