package live

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// KEDA's two callers may ask for a new workload at the same moment: it starts once, or
// what the first has begun would be thrown away.
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
