package ets

// dims is the number of parameters of the full model.
const dims = 6

// A vertex is a point of the search space with its value.
type vertex struct {
	x [dims]float64
	f float64
}

// simplex minimises f over the first n coordinates by the method of Nelder and
// Mead (Computer Journal 7 (1965)) from start with edges of length edge, until
// the values of all vertices lie within spread or f was called tries times. It
// does not allocate; gonum's optimizer costs as much per step as the objective
// does here.
func simplex(f func([dims]float64) float64, start [dims]float64, n int, edge, spread float64, tries int) vertex {
	var v [dims + 1]vertex
	for i := 0; i <= n; i++ {
		v[i].x = start
		if i > 0 {
			v[i].x[i-1] += edge
		}
		v[i].f = f(v[i].x)
		tries--
	}
	sortVertices(v[:n+1])
	for tries > 0 && v[n].f-v[0].f > spread {
		centre := centroid(v[:n])
		try := func(t float64) vertex {
			w := vertex{x: start}
			for k := range n {
				w.x[k] = centre[k] + t*(v[n].x[k]-centre[k])
			}
			w.f = f(w.x)
			tries--
			return w
		}
		r := try(-1)
		switch {
		case r.f < v[0].f:
			if e := try(-2); e.f < r.f {
				r = e
			}
			v[n] = r
		case r.f < v[n-1].f:
			v[n] = r
		default:
			c := try(0.5)
			if r.f < v[n].f {
				c = try(-0.5)
			}
			if c.f < min(r.f, v[n].f) {
				v[n] = c
				break
			}
			contract(f, v[:n+1])
			tries -= n
		}
		sortVertices(v[:n+1])
	}
	return v[0]
}

// centroid returns the mean of the vertices, in as many coordinates as there are
// vertices.
func centroid(v []vertex) (c [dims]float64) {
	for i := range v {
		for k := range v {
			c[k] += v[i].x[k] / float64(len(v))
		}
	}
	return c
}

// contract halves the distance of all vertices from the first.
func contract(f func([dims]float64) float64, v []vertex) {
	for i := 1; i < len(v); i++ {
		for k := range len(v) - 1 {
			v[i].x[k] = v[0].x[k] + 0.5*(v[i].x[k]-v[0].x[k])
		}
		v[i].f = f(v[i].x)
	}
}

// sortVertices sorts by value; there are at most seven, and most are in place.
func sortVertices(v []vertex) {
	for i := 1; i < len(v); i++ {
		for j := i; j > 0 && v[j].f < v[j-1].f; j-- {
			v[j], v[j-1] = v[j-1], v[j]
		}
	}
}
