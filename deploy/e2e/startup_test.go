package e2e

import (
	"testing"
	"time"

	"strings"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Without a lead time in the spec it is measured on the pods, which take about
// two seconds here, in place of the minute that is taken before.
func TestTheLeadTimeIsMeasured(t *testing.T) {
	b := shared.bench(t)
	b.demand(15)
	shared.start(t, "a")
	b.apply(strings.Replace(b.autoscaler(""), ", leadTime: 5s", "", 1))
	leadTime := func() time.Duration {
		u, err := b.Dynamic.Resource(paGVR()).Namespace(b.ns).Get(t.Context(), "web", metav1.GetOptions{})
		require.NoError(t, err)
		text, _, _ := unstructured.NestedString(u.Object, "status", "leadTime")
		d, _ := time.ParseDuration(text)
		return d
	}
	b.eventually(30*time.Second, func() bool { return leadTime() == 75*time.Second }, "a minute and the HPA's 15 s, before a start was seen")
	b.demand(95)
	b.eventually(60*time.Second, func() bool { d := leadTime(); return d > 15*time.Second && d < 25*time.Second }, "then what the pods take")
}
