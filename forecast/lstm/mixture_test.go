package lstm

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/lstm/input"
)

func TestItsOwnLevelsAreNotMixed(t *testing.T) {
	levels := []float64{0.05, 0.1, 0.5, 0.9, 0.95, 0.99}
	n := &Network{Config: Config{Features: input.Learned(), Rungs: []int{1}, Quantiles: levels}}
	e, err := n.NewExpert(time.Unix(0, 0), time.Minute)
	require.NoError(t, err)
	for _, p := range levels {
		m := e.mix(p)
		require.True(t, m.w < 1e-9 || m.w > 1-1e-9, "level %v is %+v", p, m)
	}
}
