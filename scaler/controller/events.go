package controller

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
)

// troubled reports whether a condition reports a problem that is worth an event when it begins
// and when it has passed. Other conditions pass by themselves soon after a start, or have an
// event of their own.
func troubled(c *metav1.Condition) bool {
	if c == nil || c.Status != metav1.ConditionFalse {
		return false
	}
	switch c.Type {
	case v1alpha1.Ready:
		return true
	case v1alpha1.Forecasting:
		return c.Reason == string(scaler.NoData) || c.Reason == "HistoryUnreadable"
	case v1alpha1.Trusted:
		return c.Reason == "WorseThanReactive"
	case v1alpha1.Acting:
		return slices.Contains([]string{"WriteFailed", floorUnseen, "CapacityUnknown", v1alpha1.TargetPaused}, c.Reason)
	}
	return false
}

// ordinary reports whether nobody has to act on a condition: somebody wanted it so, or it passes
// by itself.
func ordinary(c *metav1.Condition) bool {
	return slices.Contains([]string{string(scaler.ScalingDisabled), v1alpha1.TargetPaused, "WorseThanReactive"}, c.Reason)
}

// announceChanges writes events for the conditions that got into trouble or out of it
// between two statuses that were written, so that a restart does not repeat them. They
// cannot flood, because a status is written at most once in some seconds.
func (c *Controller) announceChanges(pa *v1alpha1.PredictiveAutoscaler, before, after []metav1.Condition) {
	for _, kind := range []string{v1alpha1.Ready, v1alpha1.Forecasting, v1alpha1.Trusted, v1alpha1.Acting} {
		old, now := meta.FindStatusCondition(before, kind), meta.FindStatusCondition(after, kind)
		switch {
		case now == nil || old != nil && old.Reason == now.Reason:
		case troubled(now) && ordinary(now):
			c.note(pa, normal, now.Reason, "Observe", now.Message)
		case troubled(now):
			c.note(pa, warning, now.Reason, "Observe", now.Message)
		case troubled(old) && now.Status == metav1.ConditionTrue:
			c.note(pa, normal, now.Reason, "Observe", now.Message)
		}
	}
}

const (
	normal  = "Normal"
	warning = "Warning"
)

// mostText is how many bytes of text the API server takes of an event.
const mostText = 1024

func (c *Controller) note(pa *v1alpha1.PredictiveAutoscaler, kind, reason, action, text string) {
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText-len("…")], "") + "…"
	}
	if pa != nil && c.events != nil && c.leads.Load() {
		c.events.Eventf(pa, nil, kind, reason, action, "%s", text)
	}
}
