package capacity

import (
	"math"
	"time"
)

// sharingGrid is the number of loads at which the share of late requests is computed;
// between them its logarithm is a line. They lie closer the fuller a replica is.
const sharingGrid = 96

const (
	// The requests that a replica is computed to hold beyond its slots are as many as it
	// serves within sixteen times the latency, within these bounds. Requests that find
	// more count as late.
	crowd      = 16
	minSharing = 128
	maxSharing = 4096

	// maxProcessors is the largest number of slots that is computed. More slots are
	// treated as this many at the same utilization, which is on the safe side.
	maxProcessors = 512
)

// sharing knows the share of late requests on one replica with processor sharing, by its
// utilization.
type sharing struct {
	late [sharingGrid + 1]float64
}

// newSharing computes the shares once, in some tens of milliseconds, so that no
// decision has to.
func newSharing(s Service, latency time.Duration) *sharing {
	t := &sharing{}
	s.Slots = min(s.Slots, maxProcessors)
	for k := range t.late {
		idle := 1 - float64(k)/sharingGrid // the k-th of n loads is 1 − (1 − k/n)²
		t.late[k] = sharedMiss(s, 1-idle*idle, latency)
	}
	return t
}

// miss returns the share of requests that take longer than the latency while the replica is
// offered the share rho of what it can serve. It is 1 for rho ≥ 1, and for NaN, as of no demand
// on no replicas.
func (s *sharing) miss(rho float64) float64 {
	if !(rho < 1) {
		return 1
	}
	x := (1 - math.Sqrt(1-max(rho, 0))) * sharingGrid
	k := min(int(x), sharingGrid-1)
	lo, hi := math.Log(s.late[k]), math.Log(s.late[k+1])
	return math.Exp(lo + (x-float64(k))*(hi-lo))
}

// sharedMiss returns P(T > latency) of one replica of Slots processors that all its
// requests share, each using at most one of them, under Poisson arrivals at the share
// rho of what it can serve and exponential service.
//
// G_j(t), the probability that a request which finds j others is still there after t,
// obeys with D_j = μ·min(j + 1, c), the rate at which any request leaves,
//
//	dG_j/dt = λ(G_{j+1} − G_j) + D_j·j/(j+1)·(G_{j−1} − G_j) − D_j/(j+1)·G_j,  G_j(0) = 1
//
// and an arrival finds j others with the stationary probability of M/M/c. See Coffman,
// Muntz and Trotter, Waiting time distributions for processor-sharing systems, JACM
// 17 (1970), section 2, and Braband, Waiting time distributions for M/M/n processor
// sharing, Stochastic Models 10 (1994). The equations are stiff and tridiagonal: they
// are integrated by the L-stable diagonally implicit Runge–Kutta method of two stages
// (Alexander, SIAM J. Numer. Anal. 14, 1977), to three digits.
func sharedMiss(s Service, rho float64, latency time.Duration) float64 {
	if rho >= 1 {
		return 1
	}
	c, mu := float64(s.Slots), 1/s.Time.Seconds()
	waiting := int(min(max(crowd*c*mu*latency.Seconds(), minSharing), maxSharing))
	found, beyond := stationary(s.Slots, waiting, rho)
	g := newSojourn(len(found), c, mu, rho*c*mu)
	g.run(latency.Seconds())
	late := beyond
	for j, p := range found {
		late += p * g.survival[j]
	}
	return min(max(late, math.SmallestNonzeroFloat64), 1) // has a logarithm
}

// stationary returns the probabilities that an M/M/c system at utilization rho < 1
// holds 0, 1, … requests, until less than 10⁻¹⁰ is left or so many wait, and what is
// left. They are computed from the likeliest on in both directions, so that nothing
// overflows.
func stationary(slots, waiting int, rho float64) (p []float64, beyond float64) {
	const nothing = 1e-10
	offered := rho * float64(slots)
	p = make([]float64, slots+1, slots+1+waiting)
	top := int(offered)
	p[top] = 1
	total := 1.0
	for j := top; j > 0; j-- {
		p[j-1] = p[j] * float64(j) / offered
		total += p[j-1]
	}
	for j := top; j < slots; j++ {
		p[j+1] = p[j] * offered / float64(j+1)
		total += p[j+1]
	}
	beyond = p[slots] * rho / (1 - rho) // of a geometric series
	total += beyond
	for last := p[slots]; beyond > nothing*total && len(p) < cap(p); beyond *= rho {
		last *= rho
		p = append(p, last)
	}
	for j := range p {
		p[j] /= total
	}
	return p, beyond / total
}

// A sojourn follows whether a request is still there, by the number of others.
type sojourn struct {
	survival           []float64 // G_j
	lower, diag, upper []float64 // of the generator A: what G_{j−1}, G_j and G_{j+1} do to dG_j/dt
	pivot, slope       []float64 // of I − step·A
	rate               []float64 // dG_j/dt of the last stage
	step               float64
}

func newSojourn(n int, c, mu, lambda float64) *sojourn {
	all := make([]float64, 7*n)
	cut := func() (v []float64) { v, all = all[:n:n], all[n:]; return v }
	s := &sojourn{survival: cut(), lower: cut(), diag: cut(), upper: cut(), pivot: cut(), slope: cut(), rate: cut()}
	for j := range n {
		leave := mu * min(float64(j+1), c)
		s.survival[j] = 1
		s.lower[j] = leave * float64(j) / float64(j+1)
		if j < n-1 {
			s.upper[j] = lambda // the last state lets no other request in
		}
		s.diag[j] = -leave - s.upper[j]
	}
	return s
}

// run advances by t seconds.
func (s *sojourn) run(t float64) {
	const steps = 128
	gamma := 1 - math.Sqrt2/2
	h := t / steps
	s.factor(gamma * h)
	for range steps {
		s.stage((1 - gamma) * h)
		s.stage(gamma * h)
	}
}

// factor prepares the elimination of I − step·A.
func (s *sojourn) factor(step float64) {
	s.step = step
	above := 0.0
	for j := range s.pivot {
		pivot := 1 - step*s.diag[j] + step*s.lower[j]*above
		above = -step * s.upper[j] / pivot
		s.pivot[j], s.slope[j] = pivot, above
	}
}

// stage solves k = A(G + step·k) and adds weight·k to G.
func (s *sojourn) stage(weight float64) {
	last := len(s.survival) - 1
	below, before := 0.0, 0.0 // G_{j−1}, and what was eliminated of k_{j−1}
	for j, g := range s.survival {
		k := s.lower[j]*below + s.diag[j]*g
		if j < last {
			k += s.upper[j] * s.survival[j+1]
		}
		before = (k + s.step*s.lower[j]*before) / s.pivot[j]
		s.rate[j], below = before, g
	}
	for j := last; j >= 0; j-- {
		if j < last {
			s.rate[j] -= s.slope[j] * s.rate[j+1]
		}
		s.survival[j] += weight * s.rate[j]
	}
}
