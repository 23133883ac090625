package season

// Fill replaces NaN in z by the value one period before, the value one period
// after, or the nearest one before, in this order; those at the beginning by the
// first value there is. The period is in cells; 0 or less = there is none. Without
// any value all become 0.
func Fill(z []float64, period int) {
	last := 0.0
	for _, v := range z {
		if v == v { // not NaN
			last = v
			break
		}
	}
	for i, v := range z {
		switch {
		case v == v: // not NaN
			last = v
		case period > 0 && i >= period:
			z[i] = z[i-period]
		case period > 0 && i+period < len(z) && z[i+period] == z[i+period]: // not NaN
			z[i] = z[i+period]
		default:
			z[i] = last
		}
	}
}
