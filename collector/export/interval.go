package export

import (
	"math"
	"slices"
	"time"
)

// interval returns the distance of the rows. It is the 5 % quantile of their distances,
// because shorter ones are those of rows that come twice within an interval, or that of most
// rows, where a few came early or late. If the rows jitter, it is rough: the mean of the
// distances within half of the median where those are two thirds of all, and else of those up
// to half as long again as the 5 % quantile. The jitter cancels in it. typical is the median.
func interval(rows []row) (step, typical time.Duration, rough bool) {
	distances := make([]int64, len(rows)-1)
	for i := range distances {
		distances[i] = rows[i+1].at - rows[i].at
	}
	slices.Sort(distances)
	least, middle := distances[len(distances)/20], distances[len(distances)/2]
	typical = time.Duration(middle) * time.Millisecond
	near := upTo(distances[len(distances)/20:], least+least/2)
	if kept, ok := majority(near); ok {
		return time.Duration(kept) * time.Millisecond, typical, false
	}
	if around := upTo(distances, middle+middle/2)[len(upTo(distances, middle/2)):]; 3*len(around) >= 2*len(distances) {
		near = around
	}
	sum := int64(0)
	for _, d := range near {
		sum += d
	}
	guess := time.Duration(sum/int64(len(near))) * time.Millisecond
	if guess >= time.Second {
		return rounded(guess), typical, true
	}
	return time.Duration(least) * time.Millisecond, typical, false
}

// upTo returns the values of sorted up to most.
func upTo(sorted []int64, most int64) []int64 {
	n, _ := slices.BinarySearch(sorted, most+1)
	return sorted[:n]
}

// majority returns the value that more than half of sorted have, if one is so frequent.
func majority(sorted []int64) (int64, bool) {
	middle := sorted[len(sorted)/2]
	first, next := len(upTo(sorted, middle-1)), len(upTo(sorted, middle))
	return middle, 2*(next-first) > len(sorted)
}

// rounded returns the interval that a guess is most likely of: one that divides a day, or is of
// whole days, within a twentieth of it, else that of whole seconds. By cells of an hour and six
// seconds no hour of a day comes back a day later.
func rounded(guess time.Duration) time.Duration {
	const day = 24 * time.Hour
	near := guess.Round(day)
	if guess < day {
		for _, seconds := range [...]int{
			1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 300, 360, 600, 720, 900, 1200, 1800,
			3600, 7200, 10800, 14400, 21600, 28800, 43200, 86400,
		} {
			if d := time.Duration(seconds) * time.Second; (guess - d).Abs() < (guess - near).Abs() {
				near = d
			}
		}
	}
	if 20*(guess-near).Abs() <= guess {
		return near
	}
	return guess.Round(time.Second)
}

// regular returns the time nearest to the first row that the times of all rows lie around, as
// far as they keep time with steps of ms: one row that is early or late would move all cells.
func regular(rows []row, ms int64) int64 {
	x, y := 0.0, 0.0
	for _, r := range rows {
		sin, cos := math.Sincos(2 * math.Pi * float64(r.at%ms) / float64(ms))
		x, y = x+cos, y+sin
	}
	const inTime = 0.3 // length of the mean of the directions; 0 if the times are spread over all of the step
	first := rows[0].at
	if math.Hypot(x, y) < inTime*float64(len(rows)) {
		return first
	}
	phase := int64(math.Round(math.Atan2(y, x) / (2 * math.Pi) * float64(ms)))
	off := ((phase-first)%ms + ms) % ms
	if off > ms/2 {
		off -= ms
	}
	return max(0, first+off)
}
