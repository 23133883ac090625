package live

import (
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/engine"
)

func TestScaleFollowsDemandAndHoldsInSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		source := &fakeSource{value: flat(480)}
		s := run(t, source, Options{Forget: -1})
		_, known := s.Scale(key, bounded(2, 2, 30))
		require.False(t, known)
		require.NoError(t, s.Ensure(key, demand()))
		d, known := s.Scale(key, bounded(2, 2, 30))
		require.True(t, known)
		require.Equal(t, scaler.NoData, d.Decision.Reason, "nothing is known yet")
		require.EqualValues(t, 2, d.Decision.Replicas)
		require.Error(t, d.Err)

		time.Sleep(5 * time.Second)
		d, _ = s.Scale(key, bounded(2, 2, 30))
		require.NoError(t, d.Err)
		require.EqualValues(t, 10, d.Decision.Replicas, "480 at 50 a replica")
		d, _ = s.Scale(key, bounded(10, 2, 7))
		require.EqualValues(t, 7, d.Decision.Replicas)
		require.Equal(t, scaler.TooManyReplicas, d.Decision.Reason)

		source.set(errors.New("down"))
		time.Sleep(time.Hour)
		d, _ = s.Scale(key, bounded(10, 2, 30))
		require.ErrorContains(t, d.Err, "down")
		require.EqualValues(t, 10, d.Decision.Replicas, "silence holds")
	})
}

func TestAMeasuredStartIsPartOfTheLeadTime(t *testing.T) {
	s := NewStore(&fakeSource{value: wave}, Options{})
	s.SetStartup(key, time.Second)
	require.NoError(t, s.Ensure(key, demand()))
	before, _ := s.Scale(key, bounded(2, 1, 9))
	s.SetStartup(key, 2*time.Minute)
	after, _ := s.Scale(key, bounded(2, 1, 9))
	require.Equal(t, time.Minute, after.LeadTime-before.LeadTime, "two minutes in place of the default one")

	other := demand()
	other.Scale.TargetPerReplica = 40
	require.NoError(t, s.Ensure(key, other))
	changed, _ := s.Scale(key, bounded(2, 1, 9))
	require.Equal(t, after.LeadTime, changed.LeadTime, "pods start as they did, whatever else the spec says now")
}

func bounded(current, least, most int32) engine.Target {
	return engine.Target{Current: current, Ready: -1, Min: least, Max: most, Missed: math.NaN()}
}
