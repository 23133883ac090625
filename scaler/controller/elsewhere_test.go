package controller

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/forescale/forescale/scaler/hpa"
)

// A floor that another installation holds is left alone while the Lease of that one is renewed;
// after that any other installation may take it over.
func TestAFloorOfAnotherInstallation(t *testing.T) {
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	lease := func(spec string) string {
		return `{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"other"},"spec":` + spec + `}`
	}
	renewed := func(ago time.Duration) string {
		return lease(fmt.Sprintf(`{"leaseDurationSeconds":15,"renewTime":%q}`, now.Add(-ago).Format("2006-01-02T15:04:05.000000Z07:00")))
	}
	for name, tt := range map[string]struct {
		claim  *hpa.Claim
		status int
		body   string
		want   string // part of the message; empty = the floor may be moved
	}{
		"no holder":                     {nil, 0, "", ""},
		"of a former version, no lease": {&hpa.Claim{Holder: "b"}, 0, "", ""},
		"another replica of ours":       {&hpa.Claim{Holder: "b", Lease: "forescale/forescale"}, 0, "", ""},
		"it has renewed its lease":      {&hpa.Claim{Holder: "b", Lease: "shop/other"}, 200, renewed(14 * time.Second), "b holds the floor under the lease shop/other: two installations"},
		"it has not for too long":       {&hpa.Claim{Holder: "b", Lease: "shop/other"}, 200, renewed(16 * time.Second), ""},
		"it has given its lease up":     {&hpa.Claim{Holder: "b", Lease: "shop/other"}, 200, lease(`{}`), ""},
		"its lease is gone":             {&hpa.Claim{Holder: "b", Lease: "shop/other"}, 404, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}`, ""},
		"its lease must not be read":    {&hpa.Claim{Holder: "b", Lease: "shop/other"}, 403, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"no right"}`, "shop/other, which cannot be read: no right"},
		"it is unknown whether it runs": {&hpa.Claim{Holder: "b", Lease: "shop/other"}, 500, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":500,"message":"no leader"}`, "which cannot be read: no leader"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/apis/coordination.k8s.io/v1/namespaces/shop/leases/other" {
					t.Errorf("asked for %s", r.URL.Path)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tt.status)
				fmt.Fprint(w, tt.body)
			}))
			defer server.Close()
			c, err := New(&rest.Config{Host: server.URL}, Options{
				Lease: types.NamespacedName{Namespace: "forescale", Name: "forescale"}, Now: func() time.Time { return now },
			})
			require.NoError(t, err)
			got := c.elsewhere(t.Context(), &hpa.View{Claim: tt.claim})
			if tt.want == "" {
				require.Nil(t, got)
				return
			}
			require.NotNil(t, got)
			require.Equal(t, "FloorHeldElsewhere", got.reason)
			require.Contains(t, got.message, tt.want)
		})
	}
}

// A Lease that another replica holds is taken; one that this replica has not released yet, or that
// has no holder, is not.
func TestALeaseThatIsTaken(t *testing.T) {
	for name, tt := range map[string]struct {
		holders [2]string // at the first look, and from then on
		taken   bool
	}{
		"by another":          {[2]string{"a", "b"}, true},
		"by another, at once": {[2]string{"b", "b"}, true},
		"no holder":           {[2]string{"", ""}, false},
		"not given up":        {[2]string{"a", "a"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			looks := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				fmt.Fprintf(w, `{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"forescale"},"spec":{"holderIdentity":%q,"renewTime":"2026-03-02T08:00:00.000000Z"}}`,
					tt.holders[min(looks, 1)])
				looks++
			}))
			defer server.Close()
			c, err := New(&rest.Config{Host: server.URL}, Options{
				Identity: "a", Lease: types.NamespacedName{Namespace: "forescale", Name: "forescale"}, HandOver: 500 * time.Millisecond,
			})
			require.NoError(t, err)
			require.Equal(t, tt.taken, c.taken(t.Context()))
		})
	}
}
