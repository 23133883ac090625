package live

import (
	"time"

	"github.com/forescale/forescale/collector"
)

const (
	// moments is the number of parts of a cadence's period: half seconds of a minute.
	moments = 120

	// surely is for how many periods without news a moment that has brought some is still
	// asked for. A moment that only may have brought news is asked for once more.
	surely = 5

	// sharp is the most moments that two queries may lie apart for news in the second to
	// be attributed to them. If they lie farther apart the moment is searched for.
	sharp = 2

	// mostQueries and leastQueries bound the queries of a period: the most on average, and
	// the least whatever was learned. In a minute: one each 2 s and each 5 s.
	mostQueries  = 30
	leastQueries = 12

	// saved is how many unused queries are saved: enough for a query at each half second
	// in the first twenty seconds, in which a scrape interval of fifteen shows itself.
	saved = 30

	// spare is how many saved queries must be left for one just before a moment with news.
	spare = 2
)

// A cadence learns when a series has news, so that it is queried just then.
//
// A server that is queried twice a second returns the same scrape thirty times. Scrapes are
// periodic, at an interval that nearly always divides a minute, and each target is scraped at
// a moment of its own. So news comes at the same moments of each minute. The series is queried
// at those, and at the moment before each, which shows when the news moves. A series of many
// targets has news at every moment, and is queried every two seconds on average. Whatever
// was learned, a series is queried at least every five seconds, because targets are added and
// scrape intervals change.
//
// On a grid finer than a minute, whose series is scraped more often in proportion, all of
// these times are shorter in the same proportion. The zero cadence with a period is ready.
// It is not safe for concurrent use.
type cadence struct {
	period time.Duration // after which the moments repeat

	learns time.Time // since when its moments are being learned
	asked  time.Time // last query that was answered
	quiet  bool      // whether that brought no news
	value  float64
	news   time.Time // last query that brought news: a value other than the one before

	lives  [moments]int8 // periods for which each moment is still asked for
	marked int           // moments with lives

	budget float64 // queries that may be made now
	at     time.Time
}

// newCadence returns a cadence of a series on a grid of step, before anything is learned.
func newCadence(step time.Duration) cadence { return cadence{period: min(step, time.Minute)} }

// moment returns the number of the moment of t, counted through all periods since the epoch.
func (c *cadence) moment(t time.Time) int64 {
	return t.UnixNano() / int64(max(c.period/moments, 1))
}

// due reports whether the series should be queried at now. It changes nothing in the
// cadence but the time.
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
	case c.near(before, this) >= 0:
		c.set(c.near(before, this), surely)
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

// near returns the moment that explains news which was seen in this and not before: the newest
// one from before to this that is known to bring news, or this itself if the one after it is. The
// latter allows for clocks, scrapes and queries that are off by a part of a second. It returns -1
// if there is neither.
func (c *cadence) near(before, this int64) int64 {
	for m := this; m >= before; m-- {
		if c.lives[m%moments] > 0 {
			return m
		}
	}
	if c.lives[(this+1)%moments] > 0 {
		return this
	}
	return -1
}

// set sets the lives of a moment, at least 0.
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
