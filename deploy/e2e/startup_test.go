package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Without a lead time in the spec it is measured on the pods, which take about
// two seconds here, in place of the minute that is taken before.
func TestTheLeadTimeIsMeasured(t *testing.T) {
	t.Parallel()
	b := shared.bench(t)
	b.demand(15)
	b.start("a")
	b.apply(strings.Replace(b.autoscaler(""), ", leadTime: 5s", "", 1))
	leadTime := func() time.Duration {
		u, err := b.Dynamic.Resource(paGVR()).Namespace(b.ns).Get(t.Context(), "web", metav1.GetOptions{})
		require.NoError(t, err)
		text, _, _ := unstructured.NestedString(u.Object, "status", "leadTime")
		d, _ := time.ParseDuration(text)
		return d
	}
	b.eventually(patience, func() bool { return leadTime() == 75*time.Second }, "a minute and the HPA's 15 s, before a start was seen")
	b.demand(95)
	b.eventually(patience, func() bool { d := leadTime(); return d > 15*time.Second && d < 70*time.Second }, "then what the pods take")
	fmt.Printf("MEASURED lead time of pods that start in 2 s: %s with the HPA's 15 s\n", leadTime())
}
