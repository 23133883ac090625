package controller

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
)

// A writeQueue holds the objects that wait for a write: those to raise go first. An
// object stands in it once. It is safe for concurrent use.
type writeQueue struct {
	limit *rate.Limiter
	more  chan struct{} // holds a token while somebody may wait

	mu    sync.Mutex // guards what follows
	ups   []types.NamespacedName
	downs []types.NamespacedName
	in    map[types.NamespacedName]bool
}

func newWriteQueue(perSecond float64) *writeQueue {
	return &writeQueue{
		limit: rate.NewLimiter(rate.Limit(perSecond), max(1, int(2*perSecond))),
		more:  make(chan struct{}, 1),
		in:    map[types.NamespacedName]bool{},
	}
}

// push puts k in the queue, unless it stands there.
func (q *writeQueue) push(k types.NamespacedName, a action) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.in[k] {
		return
	}
	q.in[k] = true
	if a == raise {
		q.ups = append(q.ups, k)
	} else {
		q.downs = append(q.downs, k)
	}
	q.signal()
}

// promote puts k among those to raise if it waits to be lowered: demand has turned since.
func (q *writeQueue) promote(k types.NamespacedName) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if i := slices.Index(q.downs, k); i >= 0 {
		q.downs = slices.Delete(q.downs, i, i+1)
		q.ups = append(q.ups, k)
	}
}

func (q *writeQueue) signal() {
	select {
	case q.more <- struct{}{}:
	default:
	}
}

// pop waits until an object needs a write and the rate limit allows one. It returns an
// error when ctx ends.
func (q *writeQueue) pop(ctx context.Context) (types.NamespacedName, error) {
	for {
		select {
		case <-ctx.Done():
			return types.NamespacedName{}, ctx.Err()
		case <-q.more:
		}
		if err := q.limit.Wait(ctx); err != nil {
			q.signal()
			return types.NamespacedName{}, err
		}
		if k, found := q.take(); found {
			return k, nil
		}
	}
}

func (q *writeQueue) take() (k types.NamespacedName, found bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	from := &q.ups
	if len(*from) == 0 {
		from = &q.downs
	}
	if len(*from) == 0 {
		return k, false
	}
	k = (*from)[0]
	*from = (*from)[1:]
	delete(q.in, k)
	if len(q.ups)+len(q.downs) > 0 {
		q.signal()
	}
	return k, true
}
