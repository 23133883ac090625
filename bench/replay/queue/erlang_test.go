package queue

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The value is that of Erlang's table of the loss formula.
func TestErlangB(t *testing.T) {
	require.InDelta(t, 0.121661, erlangB(10, 8), 1e-6)
	require.InDelta(t, 0, erlangB(3, 0), 0)
	require.InDelta(t, 1, erlangB(0, 3), 0, "without a server all are lost")
}
