package external

import "math"

// defaultTarget is the target on the wire of a trigger without
// scale.targetPerReplica: the metric then counts replicas.
const defaultTarget = 1.0

const (
	// wireScale is the resolution of KEDA's numbers: it prints them with "%.3f".
	wireScale = 1000

	// wireMax bounds what is sent. Quantities count thousandths in an int64, and
	// KEDA up to 2.19 overflows on more than 2⁶³/1000 ≈ 9.22e15.
	wireMax = 9.2e15

	// finestTarget is the smallest target sent as it is; on it the rounding of a
	// value is worth at most a twentieth of a replica.
	finestTarget = 0.01
)

// wireValue returns v as the two number fields of a metric value: rounded to
// thousandths, and its ceiling for KEDA before 2.17, which reads whole numbers
// only. KEDA reads the whole number also when the other is 0, hence the ceiling
// is that of the rounded value. Values above 9.2e15 saturate; ok is false if v is
// NaN, infinite or negative, which no demand can be.
func wireValue(v float64) (value float64, whole int64, ok bool) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, 0, false
	}
	value = roundWire(min(v, wireMax))
	if value < 0 {
		return 0, 0, false
	}
	return value, int64(math.Ceil(value)), true
}

// wireTarget returns the target that stands on the wire for a target per
// replica, which must be above 0. It is the same number in thousandths; one too
// small for them is multiplied by a power of ten, and so are the values, by
// [express].
func wireTarget(target float64) float64 {
	unit := 1.0
	for target*unit < finestTarget {
		unit *= 10
	}
	return roundWire(min(target*unit, wireMax))
}

// wholeTarget returns the target for KEDA before 2.17: the floor, since a target
// rounded up would leave replicas out, and at least 1, since an HPA refuses 0.
func wholeTarget(wire float64) int64 { return max(1, int64(wire)) }

// express returns demand in the unit in which wire stands for target: the
// quotient of the result and wire is that of demand and target.
func express(demand, target, wire float64) float64 {
	if target == wire {
		return demand
	}
	return demand / target * wire
}

// roundWire rounds to thousandths and removes the sign of zero. A thousand times the result
// is never slightly below the whole number that is meant: KEDA up to 2.19 truncates that
// product, and with a target that lost its last thousandth the HPA adds a replica.
func roundWire(v float64) float64 {
	thousandths := math.Round(v * wireScale)
	out := thousandths/wireScale + 0
	if out*wireScale < thousandths {
		out = math.Nextafter(out, math.Inf(1))
	}
	return out
}

// usable reports whether target can be divided by.
func usable(target float64) bool { return target > 0 && !math.IsInf(target, 1) }
