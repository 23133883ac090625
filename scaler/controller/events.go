package controller

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/forescale/forescale/scaler"
	"github.com/forescale/forescale/scaler/api/v1alpha1"
)

// troubles are the reasons of a condition that are worth an event when they come and when
// they have passed. Of those that are missing some pass by themselves soon after a start,
// others have an event of their own.
var troubles = map[string][]string{ //nolint:gochecknoglobals // a constant table
	v1alpha1.Forecasting: {string(scaler.NoData), "HistoryUnreadable"},
	v1alpha1.Trusted:     {"WorseThanReactive"},
	v1alpha1.Acting:      {"WriteFailed", "CapacityUnknown", v1alpha1.TargetPaused},
}

// ordinary are the reasons among them that nobody has to mend: somebody wanted it so, or it
// passes by itself.
var ordinary = []string{string(scaler.ScalingDisabled), v1alpha1.TargetPaused, "WorseThanReactive"} //nolint:gochecknoglobals // a constant table

// troubled reports whether a condition tells of trouble. For Ready each reason is one.
func troubled(c *metav1.Condition) bool {
	return c != nil && c.Status == metav1.ConditionFalse && (c.Type == v1alpha1.Ready || slices.Contains(troubles[c.Type], c.Reason))
}

// announceChanges tells the events of the conditions that have come into trouble or out of
// it between two statuses that were written, so that a restart does not tell them again.
// That they do not flood is the status's doing, which is written once in some seconds.
func (c *Controller) announceChanges(pa *v1alpha1.PredictiveAutoscaler, before, after []metav1.Condition) {
	for _, kind := range []string{v1alpha1.Ready, v1alpha1.Forecasting, v1alpha1.Trusted, v1alpha1.Acting} {
		old, now := meta.FindStatusCondition(before, kind), meta.FindStatusCondition(after, kind)
		switch {
		case now == nil || old != nil && old.Reason == now.Reason:
		case troubled(now) && slices.Contains(ordinary, now.Reason):
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
