package controller

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

// Objects to raise come before those to lower, and no object is queued twice.
func TestRaisingGoesFirst(t *testing.T) {
	q := newWriteQueue(1000)
	name := func(n string) types.NamespacedName { return types.NamespacedName{Name: n} }
	q.push(name("down"), lower)
	q.push(name("gone"), release)
	q.push(name("up"), raise)
	q.push(name("up"), raise)
	q.push(name("higher"), raise)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var order []string
	for {
		k, err := q.pop(ctx)
		if err != nil {
			break
		}
		order = append(order, k.Name)
	}
	require.Equal(t, []string{"up", "higher", "down", "gone"}, order)
}

// An object that is queued to be lowered while its demand rises again comes before all those to
// lower.
func TestAnObjectThatWaitsToBeLoweredIsRaisedFirst(t *testing.T) {
	q := newWriteQueue(1000)
	name := func(n string) types.NamespacedName { return types.NamespacedName{Name: n} }
	for _, n := range []string{"a", "b", "c"} {
		q.push(name(n), lower)
	}
	q.promote(name("c"))
	q.promote(name("c"))
	q.promote(name("stranger"))
	for _, want := range []string{"c", "a", "b"} {
		k, err := q.pop(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, k.Name)
	}
	_, found := q.take()
	require.False(t, found)
}
