package controller

import (
	"context"
	"sync"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
)

// A line holds the objects that wait for a write: those to raise go first. An
// object stands in it once. It is safe for concurrent use.
type line struct {
	limit *rate.Limiter
	more  chan struct{} // holds a token while somebody may wait

	mu    sync.Mutex // guards what follows
	ups   []types.NamespacedName
	downs []types.NamespacedName
	in    map[types.NamespacedName]bool
}

func newLine(perSecond float64) *line {
	return &line{
		limit: rate.NewLimiter(rate.Limit(perSecond), max(1, int(2*perSecond))),
		more:  make(chan struct{}, 1),
		in:    map[types.NamespacedName]bool{},
	}
}

// push puts k in line, unless it stands there.
func (l *line) push(k types.NamespacedName, a action) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.in[k] {
		return
	}
	l.in[k] = true
	if a == raise {
		l.ups = append(l.ups, k)
	} else {
		l.downs = append(l.downs, k)
	}
	l.signal()
}

func (l *line) signal() {
	select {
	case l.more <- struct{}{}:
	default:
	}
}

// pop waits for leave to write and for somebody to write for. It returns an
// error when ctx ends.
func (l *line) pop(ctx context.Context) (types.NamespacedName, error) {
	for {
		select {
		case <-ctx.Done():
			return types.NamespacedName{}, ctx.Err()
		case <-l.more:
		}
		if err := l.limit.Wait(ctx); err != nil {
			l.signal()
			return types.NamespacedName{}, err
		}
		if k, found := l.take(); found {
			return k, nil
		}
	}
}

func (l *line) take() (k types.NamespacedName, found bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := &l.ups
	if len(*from) == 0 {
		from = &l.downs
	}
	if len(*from) == 0 {
		return k, false
	}
	k = (*from)[0]
	*from = (*from)[1:]
	delete(l.in, k)
	if len(l.ups)+len(l.downs) > 0 {
		l.signal()
	}
	return k, true
}
