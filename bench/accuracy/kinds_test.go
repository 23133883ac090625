package accuracy

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Kinds of load that are measured beside those of families_test.go: what they do
// is said where they are named.

// bump is a bell of the day, one at its top.
func bump(day, at, width float64) float64 {
	d := math.Abs(day - at)
	d = min(d, 1-d)
	return math.Exp(-d * d / (2 * width * width))
}

// office is busy on weekdays but for the eleventh, a holiday.
func office(c *course) float64 {
	if c.week%7 > 4 || c.week == 10 {
		return 5 * c.noise(0.1)
	}
	return (5 + 100*bump(c.day, 0.55, 0.12)) * c.noise(0.05)
}

// continents serves two zones that are nine hours apart.
func continents(c *course) float64 {
	return 5 + 100*bump(c.day, 0.5, 0.1)*c.noise(0.05) + 60*bump(math.Mod(c.day+0.375, 1), 0.5, 0.1)*c.noise(0.05)
}

// launch grows tenfold in the second week.
func launch(c *course) float64 {
	return steady(c) * math.Pow(10, max(0, min((c.days-6)/7, 1)))
}

// decline is gone after two weeks.
func decline(c *course) float64 { return steady(c) * max(0, 1-c.days/14) }

func sawtooth(c *course) float64 { return 100 * math.Mod(c.days*1440/50, 1) * c.noise(0.03) }

// job runs for the first five minutes of every hour.
func job(c *course) float64 {
	if math.Mod(c.days*24, 1) < 5.0/60 {
		return 110 * c.noise(0.1)
	}
	return 10 * c.noise(0.1)
}

// demands come now and then, of one to twenty.
func demands(c *course) float64 {
	if c.rng.Float64() < 0.03 {
		return float64(1 + c.rng.IntN(20))
	}
	return 0
}

// resets of a counter look like fifty times the load.
func resets(c *course) float64 {
	if c.rng.Float64() < 0.002 {
		return 5000
	}
	return steady(c)
}

// twice has two waves a day from the eleventh on.
func twice(c *course) float64 {
	if c.days < 10 {
		return steady(c)
	}
	return 100 * (1 + 0.6*math.Sin(4*math.Pi*c.day)) * c.noise(0.05)
}

// sundays are dead.
func sundays(c *course) float64 {
	if c.week%7 == 6 {
		return 0
	}
	return steady(c)
}

// deploys set a new level every three days.
func deploys(c *course) float64 {
	version := rand.New(rand.NewPCG(uint64(c.week/3), 5))
	return steady(c) * math.Exp(0.7*version.NormFloat64())
}

// bursts fade, and their heights have no variance.
func bursts(c *course) float64 {
	if c.i == 0 {
		c.level = 0
	}
	c.level *= 0.8
	if c.rng.Float64() < 0.01 {
		c.level += 30 * math.Pow(1-c.rng.Float64(), -1/1.5)
	}
	return steady(c)/2 + c.level
}

func drifting(c *course) float64 {
	c.level = max(1, c.level+0.5*c.rng.NormFloat64())
	return c.level + 50*c.wave()*c.noise(0.03)
}

// price of electricity: two waves a day, cheap weekends, a level that wanders, a
// few spikes, and nothing where it would be negative.
func price(c *course) float64 {
	if c.i == 0 {
		c.level = 0
	}
	c.level = 0.97*c.level + 4*c.rng.NormFloat64()
	v := 20 + 15*math.Sin(2*math.Pi*(c.day-0.3)) + 10*math.Sin(4*math.Pi*(c.day-0.1)) + c.level
	if c.week%7 > 4 {
		v -= 15
	}
	if c.rng.Float64() < 0.01 {
		v += 150 * c.rng.ExpFloat64()
	}
	return v
}

// heating follows a weather that lasts for days.
func heating(c *course) float64 {
	if c.i == 0 {
		c.level = 0
	}
	c.level = 0.99*c.level + 0.04*c.rng.NormFloat64()
	v := 100 * (1 + 0.3*math.Sin(2*math.Pi*(c.day-0.25))) * (1 + c.level) * c.noise(0.01)
	if c.week%7 > 4 {
		v *= 0.85
	}
	return v
}

// nights is a shop that is open every day.
func nights(c *course) float64 {
	if c.hour < 8 || c.hour >= 20 {
		return 0
	}
	return 50 * c.noise(0.1)
}

// closed is a shop that is closed on the given days of the week as well.
func closed(days ...int) func(*course) float64 {
	return func(c *course) float64 {
		if slices.Contains(days, c.week%7) {
			return 0
		}
		return nights(c)
	}
}

// halfSaturday is a shop that closes on Saturdays at noon, and on Sundays.
func halfSaturday(c *course) float64 {
	if c.week%7 == 6 || c.week%7 == 5 && c.hour >= 13 {
		return 0
	}
	return nights(c)
}

// rota is open on five days of one week and on three of the next.
func rota(c *course) float64 {
	if d := c.week % 14; d > 4 && d < 7 || d >= 10 {
		return 0
	}
	return nights(c)
}

// holidays is a shop with two of them.
func holidays(c *course) float64 {
	if c.week == 10 || c.week == 22 {
		return 0
	}
	return shop(c)
}

// threeShifts works on weekdays.
func threeShifts(c *course) float64 {
	if c.week%7 > 4 {
		return 2 * c.noise(0.1)
	}
	return []float64{20, 60, 40}[c.hour/8] * c.noise(0.1)
}

// weekends are the given times as busy as weekdays.
func weekends(factor float64) func(*course) float64 {
	return func(c *course) float64 {
		if c.week%7 > 4 {
			return factor * steady(c)
		}
		return steady(c)
	}
}

// outages take one day in seven, at random.
func outages(c *course) float64 {
	if rand.New(rand.NewPCG(uint64(c.week), 77)).Float64() < 0.15 {
		return 0
	}
	return steady(c)
}
