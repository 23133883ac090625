package input

import (
	"fmt"
	"slices"
)

// A Feature is one number that the network is given at each step. Differences
// are in units of the scale s, cut to ±12, and zero while one side is unknown.
type Feature string

// The features. z is the normalised value of the newest cell.
const (
	Value      Feature = "value"       // z itself
	Level      Feature = "level"       // z less its usual level, in s; daily normalisation only
	Change     Feature = "change"      // z less that of the cell before, in s
	Day        Feature = "day"         // z less that of a day ago, in s
	Week       Feature = "week"        // z less that of a week ago, in s
	ShortMean  Feature = "mean.8"      // running mean over about 8 cells less z, in units of the noise
	LongMean   Feature = "mean.32"     // the same over about 32 cells
	KnowsDay   Feature = "day.known"   // 1 if a day ago is known, else 0
	KnowsWeek  Feature = "week.known"  // 1 if a week ago is known, else 0
	LogScale   Feature = "scale"       // log s
	LogNoise   Feature = "noise"       // log of the noise over s
	Gap        Feature = "gap"         // 1 if the newest cell has no sample, else 0
	HourSin    Feature = "hour.sin"    // sin of the hour of the day, UTC, as an angle
	HourCos    Feature = "hour.cos"    // cos of it
	WeekdaySin Feature = "weekday.sin" // sin of the day of the week, UTC, as an angle, Thursday = 0
	WeekdayCos Feature = "weekday.cos" // cos of it
)

// Learned returns the features of a network that is trained from scratch, in
// their order: all but [Value], because the level of one metric says nothing
// about another.
func Learned() []Feature {
	return []Feature{
		Level, Change, Day, Week, ShortMean, LongMean, KnowsDay, KnowsWeek,
		LogScale, LogNoise, Gap, HourSin, HourCos, WeekdaySin, WeekdayCos,
	}
}

func known() []Feature { return append(Learned(), Value) }

// Check returns an error unless there is at least one feature and each is a constant of this
// package that occurs once.
func Check(features []Feature) error {
	if len(features) == 0 {
		return fmt.Errorf("input: no feature, want some of %v", known())
	}
	for i, f := range features {
		if !slices.Contains(known(), f) {
			return fmt.Errorf("input: feature %q is unknown, want some of %v", f, known())
		}
		if slices.Contains(features[:i], f) {
			return fmt.Errorf("input: feature %q occurs twice", f)
		}
	}
	return nil
}

// IsPlain reports whether [View.Plain] computes f: whether it follows from two
// values and the clock.
func (f Feature) IsPlain() bool {
	switch f {
	case Value, Change, HourSin, HourCos, WeekdaySin, WeekdayCos:
		return true
	default:
		return false
	}
}
