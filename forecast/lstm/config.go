package lstm

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/forescale/forescale/forecast"
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

// Features returns the features that [Train] uses, in their order.
func Features() []Feature {
	return []Feature{
		Level, Change, Day, Week, ShortMean, LongMean, KnowsDay, KnowsWeek,
		LogScale, LogNoise, Gap, HourSin, HourCos, WeekdaySin, WeekdayCos,
	}
}

func knownFeatures() []Feature { return append(Features(), Value) }

// A Normalisation says how a value y of the metric becomes the z that the
// network computes with.
//
// The zero value is the daily one: z = log(1 + 10·y/L), where L is the mean of
// the last day; L, the scale s and the noise are frozen for a day at a time,
// because the running state of the network was computed with them. With Scale >
// 0 it is affine instead, z = (y − Offset)/Scale with s = 1, as models from
// elsewhere have it (min–max, z-score).
type Normalisation struct {
	Offset float64 // unit of the metric
	Scale  float64 // unit of the metric; 0 = daily
}

// A Config describes what a network is given and what its outputs mean. It is
// stored in the metadata of a weight file.
type Config struct {
	Step          time.Duration // of the series it was trained on; 0 = any
	Features      []Feature     // inputs of the first layer, in order
	Normalisation Normalisation
	Rungs         []int     // ascending, > 0: the horizons of the outputs, in steps
	Quantiles     []float64 // ascending, in (0, 1): the levels of the outputs
	Peaks         bool      // a second set of outputs holds the maximum over the next h steps

	// Relative outputs are changes from the newest value, in units that follow
	// the series' own noise and daily change at that horizon; the head then sees,
	// beside the last layer, the features and the values of a day and a week
	// before each rung. Outputs that are not relative are z of the rung itself,
	// and the head sees the last layer only.
	Relative bool
}

// DefaultRungs returns the horizons that [Train] uses for a step: 1, 2, 3, 5,
// 10, 15, 20, 30, 45 and 60 minutes, as far as they are whole steps apart, and
// for steps of half an hour and longer each of the first 24 cells and every
// sixth up to 48.
func DefaultRungs(step time.Duration) []int {
	var rungs []int
	if step >= 30*time.Minute {
		for h := 1; h <= 24; h++ {
			rungs = append(rungs, h)
		}
		return append(rungs, 30, 36, 42, 48)
	}
	for _, minutes := range []int{1, 2, 3, 5, 10, 15, 20, 30, 45, 60} {
		h := max(1, int(math.Round(float64(time.Duration(minutes)*time.Minute)/float64(step))))
		if len(rungs) == 0 || h > rungs[len(rungs)-1] {
			rungs = append(rungs, h)
		}
	}
	return rungs
}

// outputs returns the number of outputs: targets × rungs × quantiles.
func (c *Config) outputs() int { return c.targets() * len(c.Rungs) * len(c.Quantiles) }

func (c *Config) targets() int {
	if c.Peaks {
		return 2
	}
	return 1
}

// headInputs returns how many numbers a head sees above units of the last layer.
func (c *Config) headInputs(units int) int {
	if c.Relative {
		return units + len(c.Features) + anchorsPerRung*len(c.Rungs)
	}
	return units
}

// maxRungs and maxHorizon bound what a weight file can ask of memory and time.
const (
	maxRungs   = 1024
	maxHorizon = 1 << 20
)

// Check returns an error that names the first part of c that makes no sense.
func (c *Config) Check() error {
	if c.Step < 0 {
		return fmt.Errorf("lstm: step is %v, want a positive duration or none", c.Step)
	}
	if err := c.checkFeatures(); err != nil {
		return err
	}
	n := c.Normalisation
	if !(n.Scale >= 0) || math.IsInf(n.Scale, 0) || math.IsNaN(n.Offset) || math.IsInf(n.Offset, 0) {
		return fmt.Errorf("lstm: normalisation has offset %v and scale %v, want finite numbers and a scale above 0", n.Offset, n.Scale)
	}
	if err := checkRungs(c.Rungs); err != nil {
		return err
	}
	if err := forecast.CheckLevels(c.Quantiles); err != nil {
		return fmt.Errorf("lstm: quantiles: %w", err)
	}
	return nil
}

func (c *Config) checkFeatures() error {
	if len(c.Features) == 0 {
		return fmt.Errorf("lstm: no feature, want some of %v", knownFeatures())
	}
	for i, f := range c.Features {
		if !slices.Contains(knownFeatures(), f) {
			return fmt.Errorf("lstm: feature %q is unknown, want some of %v", f, knownFeatures())
		}
		if slices.Contains(c.Features[:i], f) {
			return fmt.Errorf("lstm: feature %q occurs twice", f)
		}
	}
	return nil
}

func checkRungs(rungs []int) error {
	if len(rungs) == 0 || len(rungs) > maxRungs {
		return fmt.Errorf("lstm: %d rungs, want 1 to %d", len(rungs), maxRungs)
	}
	before := 0
	for _, h := range rungs {
		if h <= before || h > maxHorizon {
			return fmt.Errorf("lstm: rung %d after %d, want them ascending from 1 to %d", h, before, maxHorizon)
		}
		before = h
	}
	return nil
}
