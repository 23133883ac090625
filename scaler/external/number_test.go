package external

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/resource"
)

// kedaReads is what KEDA from 2.17 makes of the two fields.
func kedaReads(value float64, whole int64) resource.Quantity {
	v := float64(whole)
	if value > 0 {
		v = value
	}
	return quantity(v)
}

func TestValuesAsKEDAReadsThem(t *testing.T) {
	for name, c := range map[string]struct {
		v     float64
		reads string // KEDA from 2.17, as a quantity
		whole int64  // KEDA before
	}{
		"zero":                            {0, "0", 0},
		"negative zero":                   {math.Copysign(0, -1), "0", 0},
		"under half a thousandth is 0":    {0.00049, "0", 0}, // not 1, the ceiling of the whole field
		"half a thousandth is one":        {0.0005, "1m", 1},
		"a thousandth":                    {0.001, "1m", 1},
		"three decimals":                  {12.3456, "12346m", 13},
		"noise is not another replica":    {3.0000000001, "3", 3},
		"noise below is none less":        {2.9999999999, "3", 3},
		"noise under zero is zero":        {-1e-9, "0", 0},
		"whole":                           {1000, "1k", 1000},
		"2^53 + 1 has no float":           {9007199254740993, "9007199254740992", 9007199254740992},
		"more than int64 counts in milli": {1e17, "9200000000000000", 9_200_000_000_000_000},
		"more than int64 counts":          {math.MaxFloat64, "9200000000000000", 9_200_000_000_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			value, whole, ok := wireValue(c.v)
			require.True(t, ok, "%v can be sent", c.v)
			require.Equal(t, c.whole, whole)
			got := kedaReads(value, whole)
			require.Zero(t, got.Cmp(resource.MustParse(c.reads)), "%v, want %v", got.String(), c.reads)
			require.False(t, math.Signbit(value), "KEDA is sent −0")
			require.GreaterOrEqual(t, int64(value*1000), int64(0), "KEDA up to 2.19 multiplies into an int64")
		})
	}
}

func TestImpossibleDemandHasNoNumber(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), -1, -0.0006} {
		_, _, ok := wireValue(v)
		require.False(t, ok, "%v", v)
	}
}

func TestTargetsAsKEDAReadsThem(t *testing.T) {
	for name, c := range map[string]struct {
		target, wire float64
		whole        int64
	}{
		"whole":                      {50, 50, 50},
		"three decimals":             {0.125, 0.125, 1},
		"a replica more, not less":   {50.9, 50.9, 50}, // for KEDA before 2.17
		"rounded":                    {33.33333, 33.333, 33},
		"coarse":                     {0.01, 0.01, 1},
		"too coarse: tens of a unit": {0.0015, 0.015, 1},
		"no thousandth at all":       {0.0005, 0.05, 1}, // 0.000 for KEDA, which an HPA refuses
		"the smallest":               {1e-6, 0.01, 1},
		"the largest":                {1e15, 1e15, 1e15},
	} {
		t.Run(name, func(t *testing.T) {
			wire := wireTarget(c.target)
			require.InDelta(t, c.wire, wire, 1e-12*c.wire)
			require.Equal(t, c.whole, wholeTarget(wire))
			q := quantity(wire)
			require.Positive(t, q.Sign())
		})
	}
}

// An HPA computes the quotient of metric and target: it must be that of demand and target, to less
// than a twentieth of a replica, for any target.
func TestQuotientSurvivesTheWire(t *testing.T) {
	for _, target := range []float64{1e-6, 3e-5, 0.0004999, 0.0005, 0.0015, 0.007, 0.01, 0.0333, 0.1, 1, 3, 33.33333, 1e6, 1e12} {
		for _, replicas := range []float64{0.5, 1, 7.3, 99.99, 250} {
			wire := wireTarget(target)
			value, whole, ok := wireValue(express(replicas*target, target, wire))
			require.True(t, ok, "%v replicas at a target of %v", replicas, target)
			v, w := quantity(value), quantity(wire)
			got := float64(v.MilliValue()) / float64(w.MilliValue())
			require.InDelta(t, replicas, got, 0.05001, "target %v on the wire %v, value %v", target, wire, value)
			require.GreaterOrEqual(t, float64(whole)/float64(wholeTarget(wire)), min(got, 1), "KEDA before 2.17")
		}
	}
}

// A quotient that should be whole is whole, with KEDA from 2.20 on, which prints three decimals, and
// with earlier versions, which truncate the product with a thousand.
func TestWholeReplicasStayWhole(t *testing.T) {
	for thousandths := 10; thousandths < 100_000; thousandths += 7 {
		target := float64(thousandths) / 1000 * (1 + 1e-9) // as one that was learned
		wire := wireTarget(target)
		for _, replicas := range []float64{1, 2, 3, 8, 13, 400} {
			value, _, ok := wireValue(express(replicas*target, target, wire))
			require.True(t, ok, "%v replicas at a target of %v", replicas, target)
			require.InDelta(t, replicas, math.Ceil(float64(int64(value*1000))/float64(int64(wire*1000))), 0, "target %v, cut", target)
			require.InDelta(t, replicas, math.Ceil(math.Round(value*1000)/math.Round(wire*1000)), 0, "target %v, printed", target)
		}
	}
}
