package hpa

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

var start = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func view(t *testing.T, minimum int32, claim *Claim, manager string) *View {
	t.Helper()
	kind, err := KindOf("HorizontalPodAutoscaler")
	require.NoError(t, err)
	return &View{Kind: kind, Name: types.NamespacedName{Namespace: "shop", Name: "web"}, UID: "1", Min: new(minimum), Max: 50, Claim: claim, Managed: manager}
}

func TestAFloorThatNobodyHoldsIsTheUsers(t *testing.T) {
	var f Floor
	d := f.Judge(view(t, 3, nil, "kubectl"), start)
	require.Equal(t, Verdict{InForce: 3, Original: new(int32(3)), Base: 3}, d)
}

func TestAReplicaTakesOverWhatAnotherHeld(t *testing.T) {
	var f Floor
	d := f.Judge(view(t, 9, &Claim{Original: new(int32(2)), Floor: 9, Holder: "dead"}, ""), start)
	require.True(t, d.Held)
	require.EqualValues(t, 9, d.InForce)
	require.EqualValues(t, 2, d.Base)
	require.False(t, d.Reverted, "the floor was not put back")
	require.False(t, d.Edited, "nor chose another minimum")
	require.False(t, d.Wait, "so there is nothing to wait for")
}

func TestAnEditIsANewOriginalAndARevertIsNot(t *testing.T) {
	claim := &Claim{Original: new(int32(2)), Floor: 9}
	for name, c := range map[string]struct {
		now              int32
		edited, reverted bool
		original         int32
	}{
		"untouched":       {9, false, false, 2},
		"user wants more": {12, true, false, 12},
		"user wants less": {5, true, false, 5},
		"put back":        {2, false, true, 2},
	} {
		t.Run(name, func(t *testing.T) {
			var f Floor
			f.Wrote(view(t, 9, claim, ""), claim)
			d := f.Judge(view(t, c.now, claim, "argocd-controller"), start)
			require.Equal(t, c.edited, d.Edited)
			require.Equal(t, c.reverted, d.Reverted)
			require.Equal(t, c.original, *d.Original)
			d = f.Judge(view(t, c.now, claim, "argocd-controller"), start)
			require.False(t, d.Edited || d.Reverted, "reported once")
		})
	}
}

// An admission policy that bounds the floor is not an edit by a user: the minimum to give back stays,
// also after a restart, and forescale gives way after a few tries.
func TestAnAdmissionPolicyThatBoundsTheFloorIsNoEdit(t *testing.T) {
	claim := &Claim{Original: new(int32(2)), Floor: 9, Owners: []Owner{{"kubectl", "Update"}}}
	bounded := view(t, 5, claim, "")
	bounded.Ours = true
	var f Floor
	now := start
	for i := range revertsToContest {
		f.Wrote(bounded, claim)
		for tick := range 3 {
			d := f.Judge(bounded, now)
			require.False(t, d.Edited)
			require.Equal(t, tick == 0, d.Reverted, "reported once for each write")
			require.Equal(t, i == revertsToContest-1, d.Contested)
			require.True(t, d.Held && d.Wait)
			require.EqualValues(t, 5, d.InForce)
			require.EqualValues(t, 2, d.Base)
			require.EqualValues(t, 2, *d.Original)
		}
		now = now.Add(30 * time.Second)
	}
	var restarted Floor
	d := restarted.Judge(bounded, now)
	require.EqualValues(t, 2, *d.Original)
	require.False(t, d.Reverted || d.Edited)

	edited := view(t, 5, claim, "kubectl-edit") // the field is then no more ours
	edited.Owners = []Owner{{"kubectl-edit", "Update"}}
	var g Floor
	g.Wrote(view(t, 9, claim, ""), claim)
	d = g.Judge(edited, now)
	require.True(t, d.Edited)
	require.EqualValues(t, 5, *d.Original)
}

// A user who sets the minimum to the value of the floor gets that, and not the former minimum, when
// the floor is given back; a value from before the floor was raised does not count.
func TestAnEditToTheValueOfTheFloorIsOne(t *testing.T) {
	claim := &Claim{Original: new(int32(2)), Floor: 9, Owners: []Owner{{"flux", "Apply"}}}
	for name, c := range map[string]struct {
		owners         []Owner
		applied, known *int32 // in the manifest of kubectl: now, and when the floor was raised
		edited         bool
	}{
		"no entry":              {nil, nil, nil, false},
		"server-side apply":     {[]Owner{{"flux", "Apply"}}, nil, nil, true},
		"an update":             {[]Owner{{"kubectl-replace", "Update"}}, nil, nil, false},
		"kubectl apply":         {nil, new(int32(9)), new(int32(2)), true},
		"kubectl apply, of old": {nil, new(int32(9)), new(int32(9)), false},
		"another manifest":      {nil, new(int32(3)), new(int32(2)), false},
	} {
		t.Run(name, func(t *testing.T) {
			var f Floor
			claim := *claim
			claim.Applied = c.known
			v := view(t, 9, &claim, "flux")
			v.Owners, v.Applied = c.owners, c.applied
			f.Wrote(v, &claim)
			d := f.Judge(v, start)
			require.True(t, d.Held, "the claim is to be removed")
			require.Equal(t, c.edited, d.Edited)
			require.False(t, d.Reverted)
			want := int32(2)
			if c.edited {
				want = 9
			}
			require.Equal(t, want, d.Base)
			require.Equal(t, want, *d.Original)
			d = f.Judge(v, start)
			require.False(t, d.Edited, "reported once")
			require.Equal(t, want, d.Base, "and remembered by the object")
		})
	}
}

// The client that puts a floor back is named. A tool that replaces the object by one without the
// field owns no field afterwards; it is not an admission policy, which leaves the field to us.
func TestTheClientThatPutsTheFloorBackIsNamed(t *testing.T) {
	claim := &Claim{Original: new(int32(2)), Floor: 9}
	for name, c := range map[string]struct {
		managed string
		ours    bool
		want    string
	}{
		"a tool":                            {"argocd-controller", false, "argocd-controller"},
		"a tool that holds it with us":      {"argocd-controller", true, "argocd-controller"},
		"an admission policy":               {"", true, ""},
		"a client that replaced the object": {"", false, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			var f Floor
			f.Wrote(view(t, 9, claim, ""), claim)
			back := view(t, 2, claim, c.managed)
			back.Ours = c.ours
			d := f.Judge(back, start)
			require.True(t, d.Reverted)
			require.Equal(t, c.want, d.Manager)
		})
	}
}

// A replaced object has lost the annotation; the minimum to give back is known from memory.
func TestAReplacedObjectIsRecognized(t *testing.T) {
	var f Floor
	claim := &Claim{Original: new(int32(2)), Floor: 9}
	f.Wrote(view(t, 9, claim, ""), claim)
	d := f.Judge(view(t, 9, nil, "kubectl-replace"), start)
	require.True(t, d.Held)
	require.EqualValues(t, 2, d.Base)
	d = f.Judge(view(t, 2, nil, "kubectl-replace"), start)
	require.True(t, d.Reverted)
	require.False(t, d.Held)
}

// A floor that the acting replica gives back is no revert, neither for a standby nor for that
// replica between the two writes of a release: an elected standby would otherwise take each floor
// for contested that has gone up and down a few times.
func TestAFloorThatAReplicaGivesBackWasNotPutBack(t *testing.T) {
	held, released := &Claim{Original: new(int32(2)), Floor: 9, Holder: "a"}, &Claim{Original: new(int32(2)), Floor: 2, Holder: "a"}
	for name, c := range map[string]struct {
		own      bool // the floor was ours
		claim    *Claim
		reverted bool
	}{
		"a standby, both writes at once":     {false, nil, false},
		"a standby, between the two writes":  {false, released, false},
		"the holder, between the two writes": {true, released, false},
		"a standby sees a tool put it back":  {false, held, true},
		"the holder sees a tool put it back": {true, held, true},
		"the holder, of a replaced object":   {true, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			var f Floor
			if c.own {
				f.Wrote(view(t, 9, held, ""), held)
			}
			f.Judge(view(t, 9, held, ""), start)
			f.Judge(view(t, 9, held, ""), start.Add(time.Second)) // who looks on twice is no holder yet
			d := f.Judge(view(t, 2, c.claim, "kubectl"), start.Add(time.Minute))
			require.Equal(t, c.reverted, d.Reverted)
			require.Equal(t, c.reverted, d.Wait)
			require.False(t, d.Edited)
			require.Equal(t, c.claim != nil, d.Held, "a claim that is left is to be removed")
			require.EqualValues(t, 2, d.Base)
		})
	}
}

// After each revert the next try comes later; the third is a dispute, with a backoff of half an
// hour, the next one with twice as much.
func TestRevertsAreRetriedEverMoreSlowly(t *testing.T) {
	var f Floor
	claim := &Claim{Original: new(int32(2)), Floor: 9}
	now, writes := start, 0
	var backoffs []time.Duration
	for now.Before(start.Add(3 * time.Hour)) {
		d := f.Judge(view(t, 2, claim, "argocd-controller"), now)
		if !d.Wait {
			writes++
			f.Wrote(view(t, 9, claim, ""), claim)
			now = now.Add(100 * time.Millisecond) // the tool is quick
			d = f.Judge(view(t, 2, claim, "argocd-controller"), now)
			require.True(t, d.Reverted)
			require.True(t, d.Wait)
			require.Equal(t, "argocd-controller", d.Manager)
			if d.Contested {
				backoffs = append(backoffs, f.backoffUntil.Sub(now))
			}
		}
		now = now.Add(time.Second)
	}
	require.Equal(t, []time.Duration{30 * time.Minute, time.Hour, 2 * time.Hour}, backoffs)
	require.Equal(t, 5, writes, "three at first, then one after each backoff")
}

// A user who has stopped the reverts need not wait for the end of the backoff. If the reverts go
// on, the floor is contested again after as many as the first time.
func TestRetryForgetsReverts(t *testing.T) {
	var f Floor
	claim := &Claim{Original: new(int32(2)), Floor: 9}
	dispute := func(now time.Time) Verdict {
		for range revertsToContest {
			f.Wrote(view(t, 9, claim, ""), claim)
			f.Judge(view(t, 2, claim, "argocd-controller"), now)
		}
		return f.Judge(view(t, 2, claim, "argocd-controller"), now.Add(time.Second))
	}
	d := dispute(start)
	require.True(t, d.Contested, "the tool has put the floor back too often")
	require.True(t, d.Wait, "a contested floor rests")
	require.Equal(t, start.Add(firstBackoff), d.Until)
	f.Retry()
	d = f.Judge(view(t, 2, claim, "argocd-controller"), start.Add(2*time.Second))
	require.False(t, d.Contested, "a retry begins anew")
	require.False(t, d.Wait, "and does not rest")
	require.Zero(t, d.Until)
	later := start.Add(time.Minute)
	require.Equal(t, later.Add(firstBackoff), dispute(later).Until, "the first wait, not twice as long")
	later = later.Add(24 * time.Hour)
	require.Equal(t, later.Add(firstBackoff), dispute(later).Until, "nor is the wait of yesterday doubled")
}

func TestAnotherObjectOfTheNameStartsAfresh(t *testing.T) {
	var f Floor
	claim := &Claim{Original: new(int32(2)), Floor: 9}
	f.Wrote(view(t, 9, claim, ""), claim)
	other := view(t, 4, nil, "kubectl")
	other.UID = "2"
	require.Equal(t, Verdict{InForce: 4, Original: new(int32(4)), Base: 4}, f.Judge(other, start))
}
