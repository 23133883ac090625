package live

import (
	"time"

	"github.com/forescale/forescale/collector"
)

const (
	// moments is into how many parts the period of a cadence is divided: half seconds of a
	// minute.
	moments = 120

	// surely is how many periods without news a moment is remembered that was seen to
	// bring some; one that only may have is looked at once.
	surely = 5

	// sharp is the most moments between two queries after which the news in the second is
	// known well enough to be waited for; in more of them it is searched for.
	sharp = 2

	// mostQueries and leastQueries are those of a period: what is spent on average at most,
	// and what is asked whatever was learned. In a minute: one each 2 s and each 5 s.
	mostQueries  = 30
	leastQueries = 12

	// saved is how many queries may be made up for: a look at each half second for the
	// first twenty, in which a scrape interval of fifteen shows itself.
	saved = 30

	// spare is how many of them must be left for a look just before a moment with news.
	spare = 2
)

// A cadence learns when a series has news, so that it is asked for just then.
//
// A server that is asked twice a second tells of one scrape thirty times. Scrapes come by
// the clock, at a distance that nearly always divides a minute, each target at a moment of
// its own: so news comes at the same moments of each minute, and those are asked for, and
// the one before each, which shows when it moves. A series of many targets has news at
// every moment; it is asked on average every two seconds. Whatever was learned, nobody
// waits for news longer than five: targets come, and scrape intervals change.
//
// On a grid finer than a minute, whose series is scraped as much more often, all of this
// is as much shorter. The zero cadence with a period is ready. It is not safe for
// concurrent use.
type cadence struct {
	period time.Duration // that repeats itself

	learns time.Time // since when its moments are being learned
	asked  time.Time // last one that was answered
	quiet  bool      // and its value was the one before
	value  float64
	news   time.Time // last query whose value was another

	lives  [moments]int8 // periods for which each moment is still asked for
	marked int           // moments with lives

	budget float64 // queries that may be made now
	at     time.Time
}

// newCadence returns what is known of a series on a grid of step: nothing.
func newCadence(step time.Duration) cadence { return cadence{period: min(step, time.Minute)} }

// moment numbers the parts of all periods.
func (c *cadence) moment(t time.Time) int64 {
	return t.UnixNano() / int64(max(c.period/moments, 1))
}

// due reports whether the series is to be asked for at now. It does not change the
// cadence but for the passing of time.
func (c *cadence) due(now time.Time) bool {
	c.earn(now)
	last, this := c.moment(c.asked), c.moment(now)
	switch {
	case now.Sub(c.asked) >= c.period/leastQueries:
		return true
	case this == last || c.budget < 1:
		return false
	case c.marked == 0 || now.Sub(c.learns) < 3*c.period: // what comes every 45 s shows itself in three minutes
		return true
	}
	from, to := last+1, this
	if c.quiet {
		from = last // what was due then is late
	}
	if c.budget >= spare {
		to++
	}
	for m := from; m <= to; m++ {
		if c.lives[m%moments] > 0 {
			return true
		}
	}
	return false
}

// earn lets the budget grow.
func (c *cadence) earn(now time.Time) {
	if c.at.IsZero() {
		c.learns, c.budget = now, saved
	} else {
		c.budget = min(saved, c.budget+now.Sub(c.at).Seconds()/(c.period/mostQueries).Seconds())
	}
	c.at = now
}

// spend takes a query from the budget.
func (c *cadence) spend() { c.budget = max(c.budget-1, 0) }

// answered notes the value that a query found at now.
func (c *cadence) answered(now time.Time, value float64) {
	first, last, this := c.asked.IsZero(), c.moment(c.asked), c.moment(now)
	before := max(last+1, this-moments+1)
	c.quiet = collector.SameScrape(value, c.value) && !first
	switch {
	case first:
	case c.quiet:
		if now.Sub(c.news) < 2*c.period { // a series that stands still says nothing of its moments
			for m := before; m <= this; m++ {
				c.set(m, c.lives[m%moments]-1)
			}
		}
	case this-last <= sharp:
		for m := min(before, this); m <= this; m++ {
			c.set(m, surely)
		}
	case c.lives[this%moments] > 0:
		c.set(this, surely)
	default: // at some moment in between that was not known to bring any
		c.learns = now
		for m := before; m <= this; m++ {
			c.set(m, max(c.lives[m%moments], 1))
		}
	}
	if !c.quiet {
		c.news = now
	}
	c.asked, c.value = now, value
}

// set gives a moment so many lives.
func (c *cadence) set(m int64, lives int8) {
	at := &c.lives[m%moments]
	lives = max(lives, 0)
	if *at == 0 && lives > 0 {
		c.marked++
	}
	if *at > 0 && lives == 0 {
		c.marked--
	}
	*at = lives
}
