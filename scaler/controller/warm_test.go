package controller

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/live"
)

// An object is warm when its model is fitted, or when there is no fit to wait for.
func TestWarm(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		change func(*target)
		want   bool
	}{
		"fitted":                         {func(*target) {}, true},
		"not seen yet":                   {func(x *target) { x.object = nil }, false},
		"nothing decided yet":            {func(x *target) { x.scale = live.Scale{} }, false},
		"the simple rule stands in":      {func(x *target) { x.scale.Model = "naive" }, false},
		"and does so for long":           {func(x *target) { x.scale.Model = "naive"; x.adopted = now.Add(-5 * time.Minute) }, true},
		"the history is being read":      {func(x *target) { x.scale.Model, x.scale.Err = "", fmt.Errorf("web: %w", live.ErrStarting) }, false},
		"the demand cannot be read":      {func(x *target) { x.scale.Model, x.scale.Err = "", errors.New("no such host") }, true},
		"the target must not be touched": {func(x *target) { x.scale.Model = ""; x.trouble = &problem{"TargetNotFound", ""} }, true},
	} {
		t.Run(name, func(t *testing.T) {
			x := inOrder(1, true)
			x.adopted = now
			c.change(x)
			require.Equal(t, c.want, x.warm(now))
		})
	}
}

func TestAReplicaThatKnowsNothingIsCold(t *testing.T) {
	c := &Controller{}
	require.NotEmpty(t, c.NotReady())
	warm := ""
	c.notReady.Store(&warm)
	require.Empty(t, c.NotReady())
}
