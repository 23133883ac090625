package telemetry_test

import (
	"math"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/scaler/telemetry"
)

// acts are the objects of a replica; a standby has none.
type acts []telemetry.Object

func (a acts) Leads() bool { return len(a) > 0 }

func (a acts) Objects(f func(telemetry.Object)) {
	for _, o := range a {
		f(o)
	}
}

func TestObjectsExportHowTheyDo(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	_, err := telemetry.NewObjects(reg, acts{
		{Namespace: "shop", Name: "web", Floor: 12, Current: 13, Desired: 11, Conditions: []telemetry.Condition{
			{Type: "Acting", Reason: "FloorHeld", Value: 1}, {Type: "Contested", Reason: "Uncontested", Value: 0}, {Type: "Trusted", Reason: "NotScored", Value: math.NaN()},
		}},
		{Namespace: "shop", Name: "api", Floor: 2, Current: 2, Desired: -1},
	})
	require.NoError(t, err)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP forescale_leads Whether this replica is the elected one, which acts.
# TYPE forescale_leads gauge
forescale_leads 1
# HELP forescale_object_condition Whether a condition of the object is true.
# TYPE forescale_object_condition gauge
forescale_object_condition{condition="Acting",name="web",namespace="shop",reason="FloorHeld"} 1
forescale_object_condition{condition="Contested",name="web",namespace="shop",reason="Uncontested"} 0
# HELP forescale_object_current_replicas Replicas of the target.
# TYPE forescale_object_current_replicas gauge
forescale_object_current_replicas{name="api",namespace="shop"} 2
forescale_object_current_replicas{name="web",namespace="shop"} 13
# HELP forescale_object_desired_replicas Replicas that demand asks for, before any rule.
# TYPE forescale_object_desired_replicas gauge
forescale_object_desired_replicas{name="web",namespace="shop"} 11
# HELP forescale_object_floor_replicas Floor in force on the target.
# TYPE forescale_object_floor_replicas gauge
forescale_object_floor_replicas{name="api",namespace="shop"} 2
forescale_object_floor_replicas{name="web",namespace="shop"} 12
`)))
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	require.Empty(t, problems)
}

func TestAStandbyExportsThatItIsOne(t *testing.T) {
	reg := prometheus.NewPedanticRegistry()
	_, err := telemetry.NewObjects(reg, acts{})
	require.NoError(t, err)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(`
# HELP forescale_leads Whether this replica is the elected one, which acts.
# TYPE forescale_leads gauge
forescale_leads 0
`)))
}
