package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExitStatus(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		over bool // a signal came
		err  error
		code int
		text string
	}{
		"done":                      {false, nil, 0, ""},
		"a server that was stopped": {true, nil, 0, ""},
		"failed":                    {false, errors.New("no load"), 1, "forescale: no load\n"},
		"interrupted":               {true, fmt.Errorf("replay: %w", context.Canceled), 130, "forescale: interrupted\n"},
		"failed while stopping":     {true, errors.New("no space"), 1, "forescale: no space\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			ctx := t.Context()
			if c.over {
				ctx = ended
			}
			require.Equal(t, c.code, exitStatus(ctx, c.err, &out))
			require.Equal(t, c.text, out.String())
		})
	}
}
