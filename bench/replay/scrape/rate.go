// Package scrape computes rate() over the scraped samples of a counter, as Prometheus
// does.
package scrape

// A Sample is one scraped value of a counter.
type Sample struct {
	Millis int64 // unix time of the scrape, ms
	Value  float64
}

// Rate returns rate(counter[window]) per second at the instant now, both in ms,
// and whether there is one: it needs two samples in (now − window, now]. Samples
// come in order of time; those outside the window are left out. A value below the
// one before is a restart of the counter at zero.
//
// The increase between the first and the last sample is extrapolated to a border
// of the window if the sample next to it is closer than 1.1 average intervals, and
// by half an interval otherwise, but never to before the counter was zero. This is
// extrapolatedRate of Prometheus (promql/functions.go) for floats without start
// time stamps.
func Rate(samples []Sample, now, window int64) (float64, bool) {
	to := len(samples)
	for to > 0 && samples[to-1].Millis > now {
		to--
	}
	from := to
	for from > 0 && samples[from-1].Millis > now-window {
		from--
	}
	in := samples[from:to]
	if len(in) < 2 {
		return 0, false
	}
	first, last := in[0], in[len(in)-1]
	increase := last.Value - first.Value
	for i, s := range in[1:] {
		if s.Value < in[i].Value {
			increase += in[i].Value
		}
	}
	sampled := float64(last.Millis-first.Millis) / 1000
	average := sampled / float64(len(in)-1)
	before := reach(float64(first.Millis-(now-window))/1000, average)
	after := reach(float64(now-last.Millis)/1000, average)
	if increase > 0 && first.Value >= 0 {
		before = min(before, sampled*(first.Value/increase))
	}
	return increase * ((sampled + before + after) / sampled / (float64(window) / 1000)), true
}

// reach returns how far to extrapolate over a distance to the border, seconds.
func reach(distance, average float64) float64 {
	if distance >= average*1.1 {
		return average / 2
	}
	return distance
}
