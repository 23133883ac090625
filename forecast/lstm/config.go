package lstm

import (
	"fmt"
	"time"

	"github.com/forescale/forescale/forecast"
	"github.com/forescale/forescale/forecast/lstm/input"
)

// A Config describes what a network is given and what its outputs mean. It is
// stored in the metadata of a weight file.
type Config struct {
	Step          time.Duration   // of the series it was trained on; 0 = any
	Features      []input.Feature // inputs of the first layer, in order
	Normalisation input.Normalisation
	Rungs         []int     // ascending, > 0: the horizons of the outputs, in steps
	Quantiles     []float64 // ascending, in (0, 1): the levels of the outputs
	Peaks         bool      // a second set of outputs holds the maximum over the next h steps

	// Window is how many of the newest cells a forecast is computed from, starting with a
	// state of zero, for networks that were trained on windows. Each cell then takes Window
	// steps. 0 = the state is carried from cell to cell.
	Window int

	// Relative outputs are changes from the newest value, in units that follow
	// the series' own noise and daily change at that horizon; the head then sees,
	// beside the last layer, the features and the values of a day and a week
	// before each rung. Outputs that are not relative are z of the rung itself,
	// and the head sees the last layer only.
	Relative bool
}

// Outputs returns the number of outputs: targets × rungs × quantiles.
func (c *Config) Outputs() int { return c.Targets() * len(c.Rungs) * len(c.Quantiles) }

// Targets returns 2 if there are outputs for maxima beside those for values, else
// 1.
func (c *Config) Targets() int {
	if c.Peaks {
		return 2
	}
	return 1
}

// HeadInputs returns how many numbers a head sees above a last layer of units
// units.
func (c *Config) HeadInputs(units int) int {
	if c.Relative {
		return units + len(c.Features) + input.AnchorsPerRung*len(c.Rungs)
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
		return fmt.Errorf("lstm: step is %v, want a positive duration or none", forecast.Span(c.Step))
	}
	if err := input.Check(c.Features); err != nil {
		return fmt.Errorf("lstm: %w", err)
	}
	if err := c.Normalisation.Check(); err != nil {
		return fmt.Errorf("lstm: %w", err)
	}
	if c.Window < 0 || c.Window > maxWindow {
		return fmt.Errorf("lstm: window is %d cells, want 1 to %d, or 0 for a state that is carried on", c.Window, maxWindow)
	}
	if err := checkRungs(c.Rungs); err != nil {
		return err
	}
	if err := forecast.CheckLevels(c.Quantiles); err != nil {
		return fmt.Errorf("lstm: quantiles: %w", err)
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
