package report

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// bootstrapSeed makes the intervals of equal runs equal.
const bootstrapSeed = 1

// A ledger holds a policy on one trace by days, the means over the seeds.
type ledger struct {
	trace   int // index among the traces of the class
	days    []Day
	optimum float64 // replica-hours over all days
	needed  float64 // the same of NeededHours
}

func newLedger(trace int, m Run) ledger {
	l := ledger{trace: trace, days: m.Days, optimum: m.OptimumHours}
	for _, d := range m.Days {
		l.needed += d.NeededHours
	}
	return l
}

// draw returns the logarithm of the cost ratio and the violating time over the
// drawn days. The optimum is shared out over the days by what they need.
func (l ledger) draw(days []int) (logCost, violating float64) {
	var hours, needed, length float64
	for _, i := range days {
		d := l.days[i]
		hours += d.ReplicaHours
		needed += d.NeededHours
		length += d.LengthS
		violating += d.ViolatingTime * d.LengthS
	}
	return math.Log(hours * l.needed / (needed * l.optimum)), violating / length
}

// A sample is the drawn figures of a policy: one per resample.
type sample struct{ logCost, violating, cost, difference []float64 }

// resample fills in the comparison with the reference and the intervals.
func resample(all []Aggregate, ledgers map[string][]ledger, reference string, n int) {
	days := map[int]int{} // of each trace
	for _, ls := range ledgers {
		for _, l := range ls {
			days[l.trace] = len(l.days)
		}
	}
	several := 0 // traces of more than a day
	for _, n := range days {
		if n > 1 {
			several++
		}
	}
	samples := make([]sample, len(all))
	if 2*several > len(days) { // a trace of one day has that day in each draw, and would only narrow the interval
		rng := rand.New(rand.NewPCG(bootstrapSeed, 0))
		for range n {
			drawn := draw(rng, days)
			for i, a := range all {
				samples[i].add(ledgers[a.Policy], ledgers[reference], drawn)
			}
		}
	}
	for i := range all {
		a, s := &all[i], samples[i]
		a.CostRatioCI, a.ViolatingTimeCI = interval(s.logCost, math.Exp), interval(s.violating, same)
		if a.Policy == reference || len(ledgers[reference]) == 0 {
			continue
		}
		cost, violating := against(ledgers[a.Policy], ledgers[reference], nil)
		if !finite(cost) {
			continue
		}
		a.Against = &Against{
			Policy: reference, Cost: percentMore(cost), ViolatingTime: violating,
			CostCI: interval(s.cost, percentMore), ViolatingTimeCI: interval(s.difference, same),
		}
	}
}

// draw draws as many days of each trace as it has, in the order of the traces.
func draw(rng *rand.Rand, days map[int]int) map[int][]int {
	drawn := make(map[int][]int, len(days))
	for _, t := range slices.Sorted(maps.Keys(days)) {
		for range days[t] {
			drawn[t] = append(drawn[t], rng.IntN(days[t]))
		}
	}
	return drawn
}

func (s *sample) add(policy, reference []ledger, drawn map[int][]int) {
	var logCost, violating float64
	for _, l := range policy {
		c, v := l.draw(drawn[l.trace])
		logCost += c / float64(len(policy))
		violating += v / float64(len(policy))
	}
	cost, difference := against(policy, reference, drawn)
	s.logCost = append(s.logCost, logCost)
	s.violating = append(s.violating, violating)
	s.cost = append(s.cost, cost)
	s.difference = append(s.difference, difference)
}

// against returns the difference of the mean logarithms of cost and of the mean
// violating times on the traces that both ran on; over all days if drawn is nil.
func against(policy, reference []ledger, drawn map[int][]int) (logCost, violating float64) {
	n := 0.0
	for _, p := range policy {
		for _, ref := range reference {
			if ref.trace != p.trace {
				continue
			}
			days := drawn[p.trace]
			if drawn == nil {
				days = indices(len(p.days))
			}
			pc, pv := p.draw(days)
			rc, rv := ref.draw(days)
			logCost, violating, n = logCost+pc-rc, violating+pv-rv, n+1
		}
	}
	return logCost / n, violating / n
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// interval returns the 2.5th and 97.5th percentiles of draws under a rising map; nil without
// draws, and where one of the two is not finite, because days were drawn on which nothing
// was needed, or nothing ran.
func interval(draws []float64, of func(float64) float64) *Interval {
	if len(draws) == 0 {
		return nil
	}
	slices.Sort(draws)
	at := func(p float64) float64 { return of(draws[int(math.Round(p*float64(len(draws)-1)))]) }
	i := Interval{at(0.025), at(0.975)}
	if !finite(i[0]) || !finite(i[1]) {
		return nil
	}
	return &i
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func same(x float64) float64 { return x }

// percentMore turns the logarithm of a ratio into percent more.
func percentMore(logRatio float64) float64 { return 100 * math.Expm1(logRatio) }
