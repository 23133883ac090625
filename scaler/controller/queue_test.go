package controller

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

// Those to raise go before those that only lower, and nobody stands twice.
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
