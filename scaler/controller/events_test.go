package controller

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"

	"github.com/forescale/forescale/scaler/api/v1alpha1"
)

// recording is a controller that leads, and the events that it tells.
func recording() (*Controller, func() []string) {
	recorder := events.NewFakeRecorder(16)
	c := &Controller{events: recorder}
	c.leads.Store(true)
	return c, func() (told []string) {
		for {
			select {
			case e := <-recorder.Events:
				told = append(told, e)
			default:
				return told
			}
		}
	}
}

// A problem is an event when it appears and when it has passed, and not in between.
func TestConditionsThatChangeAreEvents(t *testing.T) {
	c, told := recording()
	yes, no := metav1.ConditionTrue, metav1.ConditionFalse
	state := func(kind string, status metav1.ConditionStatus, reason string) []metav1.Condition {
		return []metav1.Condition{{Type: kind, Status: status, Reason: reason, Message: "why"}}
	}
	for name, tt := range map[string]struct {
		before, after []metav1.Condition
		want          string
	}{
		"refused at first":        {nil, state(v1alpha1.Ready, no, "TargetTaken"), "Warning TargetTaken why"},
		"refused still":           {state(v1alpha1.Ready, no, "TargetTaken"), state(v1alpha1.Ready, no, "TargetTaken"), ""},
		"refused for another":     {state(v1alpha1.Ready, no, "TargetTaken"), state(v1alpha1.Ready, no, "TargetNotFound"), "Warning TargetNotFound why"},
		"in order at first":       {nil, state(v1alpha1.Ready, yes, "Valid"), ""},
		"in order again":          {state(v1alpha1.Ready, no, "TargetTaken"), state(v1alpha1.Ready, yes, "Valid"), "Normal Valid why"},
		"at zero by its owner":    {state(v1alpha1.Ready, yes, "Valid"), state(v1alpha1.Ready, no, "ScalingDisabled"), "Normal ScalingDisabled why"},
		"no data":                 {state(v1alpha1.Forecasting, yes, "ModelFitted"), state(v1alpha1.Forecasting, no, "NoData"), "Warning NoData why"},
		"data again":              {state(v1alpha1.Forecasting, no, "NoData"), state(v1alpha1.Forecasting, yes, "ModelFitted"), "Normal ModelFitted why"},
		"starting":                {nil, state(v1alpha1.Forecasting, no, "NoForecast"), ""},
		"started":                 {state(v1alpha1.Forecasting, no, "NoForecast"), state(v1alpha1.Forecasting, yes, "ModelFitted"), ""},
		"lost":                    {state(v1alpha1.Trusted, yes, "Earned"), state(v1alpha1.Trusted, no, "WorseThanReactive"), "Normal WorseThanReactive why"},
		"no right to write":       {state(v1alpha1.Acting, yes, "FloorFree"), state(v1alpha1.Acting, no, "WriteFailed"), "Warning WriteFailed why"},
		"it writes again":         {state(v1alpha1.Acting, no, "WriteFailed"), state(v1alpha1.Acting, yes, "FloorHeld"), "Normal FloorHeld why"},
		"the HPA does not follow": {state(v1alpha1.Acting, yes, "FloorHeld"), state(v1alpha1.Acting, no, "FloorUnseen"), "Warning FloorUnseen why"},
		"the floor is raised":     {state(v1alpha1.Acting, yes, "FloorFree"), state(v1alpha1.Acting, yes, "FloorHeld"), ""},
		"paused by its own spec":  {state(v1alpha1.Acting, yes, "FloorFree"), state(v1alpha1.Acting, no, "Paused"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.announceChanges(&v1alpha1.PredictiveAutoscaler{}, tt.before, tt.after)
			require.Equal(t, tt.want, strings.Join(told(), "\n"))
		})
	}
}

// The API server rejects an event whose text is longer than 1 KiB.
func TestTheTextOfAnEventIsBounded(t *testing.T) {
	c, told := recording()
	c.note(&v1alpha1.PredictiveAutoscaler{}, warning, "NoData", "Observe", strings.Repeat("ü", 1000))
	text := strings.TrimPrefix(told()[0], "Warning NoData ")
	require.LessOrEqual(t, len(text), 1024)
	require.True(t, strings.HasSuffix(text, "üü…"))
}
