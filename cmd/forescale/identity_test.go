package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Two processes that are given one name, such as the name of the node whose network both are
// on, bear two in the Lease.
func TestNoTwoProcessesBearOneName(t *testing.T) {
	one, other := uniqueOf("node-1"), uniqueOf("node-1")
	require.NotEqual(t, one, other)
	require.Regexp(t, `^node-1_[a-z2-7]{8}$`, one)
}
