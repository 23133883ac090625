package burst

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The targets of a service are scraped at different moments, and each scrape shows the growth of
// 15 s at once: when two targets are scraped within half a second, that is not the growth of half
// a second. The guess for a demand that trebles may be twice the demand, as from one target, but
// not eighteen times.
func TestScrapesThatComeTogetherAreNoSurge(t *testing.T) {
	const before, after, every = 100.0, 300.0, 15 * time.Second
	for _, targets := range []int{1, 2, 3, 10, 30} {
		var most, sum float64
		const runs = 30
		for seed := range uint64(runs) {
			rng := rand.New(rand.NewPCG(seed, 1))
			phases := make([]time.Duration, targets)
			for i := range phases {
				phases[i] = time.Duration(rng.Int64N(int64(every)))
			}
			start := time.Unix(1_700_000_000, 0)
			onset := start.Add(time.Hour + time.Duration(rng.Int64N(int64(every))))
			requests := func(at time.Time) float64 { // of one target since the start
				return (before*at.Sub(start).Seconds() + (after-before)*max(at.Sub(onset), 0).Seconds()) / float64(targets)
			}
			d := &Detector{Window: time.Minute}
			highest := 0.0
			for at := start.Add(5 * time.Minute); at.Before(onset.Add(90 * time.Second)); at = at.Add(500 * time.Millisecond) {
				rate := 0.0
				for _, phase := range phases {
					scraped := at.Add(-phase).Truncate(every).Add(phase)
					rate += (requests(scraped) - requests(scraped.Add(-3*every))) / (3 * every).Seconds()
				}
				if rate == d.Last { // the same scrapes
					continue
				}
				d.Update(at, rate, before)
				highest = max(highest, d.Latch(at, 0.95))
			}
			most, sum = max(most, highest), sum+highest
		}
		t.Logf("%d targets: demand from %v to %v, guessed at %.0f on average, at most %.0f", targets, before, after, sum/runs, most)
		require.Less(t, sum/runs, 2*after)
		require.Less(t, most, 4*after)
	}
}
