package live

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// A caller that asks rarely, as KEDA does at zero replicas with a long pollingInterval, is expected
// to ask again; one that has stopped is not. Showing a workload is not asking for it.
func TestARareCallerIsExpectedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := run(t, &fakeSource{value: flat(1)}, Options{Forget: time.Hour})
		require.NoError(t, s.Ensure(key, demand()))
		wanted := func() (is bool) {
			s.Each(func(_ Key, _ Answer, w bool) { is = w })
			return is
		}
		ask := func() { // KEDA's calls come one on the heels of the other
			for range 3 {
				s.Answer(key)
				time.Sleep(time.Millisecond)
			}
		}
		ask()
		time.Sleep(5 * time.Minute)
		require.False(t, wanted(), "it is unknown how often it is asked for")
		for range 6 {
			ask()
			for range 10 {
				time.Sleep(30 * time.Second)
				require.True(t, wanted(), "every five minutes")
			}
		}
		time.Sleep(6 * time.Minute)
		require.False(t, wanted(), "it has stopped")
		for range 10 {
			ask()
			time.Sleep(15 * time.Second)
		}
		time.Sleep(2 * time.Minute)
		require.False(t, wanted(), "an HPA has stopped, which asked every quarter of a minute")
	})
}
