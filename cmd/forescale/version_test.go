package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Who reports a fault is asked for the version, and types it in either way.
func TestTheVersionIsPrinted(t *testing.T) {
	word, _, err := runCommand(t, newRootCommand(), "version")
	require.NoError(t, err)
	require.Regexp(t, `^forescale \S+ \(commit \S+, go1\.\S+, \w+/\w+\)\n$`, word)
	flag, _, err := runCommand(t, newRootCommand(), "--version")
	require.NoError(t, err)
	require.Equal(t, word, flag)
}
