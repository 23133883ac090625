package live

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// KEDA's operator and its metrics server may ask for a new workload at the same moment: it starts
// only once, else the work of the first start would be thrown away.
func TestCallsThatStartAWorkloadAtOnceStartItOnce(t *testing.T) {
	s := NewStore(&fakeSource{value: wave}, Options{})
	for i := range 200 {
		k := Key{Namespace: "shop", Name: fmt.Sprint("web-", i), Metric: "demand"}
		begin := make(chan struct{})
		var calls sync.WaitGroup
		for range 8 {
			calls.Go(func() {
				<-begin
				if err := s.Ensure(k, demand()); err != nil {
					t.Error(err)
				}
			})
		}
		close(begin)
		calls.Wait()
		require.Equal(t, 1, s.find(k).epoch, k.Name)
	}
}

// While a tick goes over thousands of workloads, a query may return and lead to a decision that is
// newer than the begin of the tick: the tick does not replace it with an older one.
func TestATickDoesNotGoBackBehindAQuery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: wave}, Options{})
		require.NoError(t, s.Ensure(key, demand()))
		time.Sleep(10*time.Second + time.Millisecond)
		synctest.Wait()
		e, began := s.find(key), time.Now()
		at := func(decide func(*entry)) time.Time {
			decide(e)
			a, _ := s.Answer(key)
			require.NoError(t, a.Err)
			return a.At
		}
		later := began.Add(20 * time.Millisecond)
		require.Equal(t, later, at(func(e *entry) {
			e.mu.Lock()
			defer e.mu.Unlock()
			e.decide(later)
		}))
		require.Equal(t, later, at(func(e *entry) { e.tick(began) }))
		next := later.Add(time.Second)
		require.Equal(t, next, at(func(e *entry) { e.tick(next) }))
	})
}
