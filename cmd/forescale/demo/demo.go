// Package demo is the command that shows the whole chain in one process, at accelerated
// time: a service, an embedded Prometheus, the forescale server, and a client that plays
// KEDA, the HPA and the pods.
//
//	traffic   what the service counts
//	chain     Prometheus and the server, and what KEDA asks of it
//	arm       an HPA with its pods, for each of the settings compared
//	run       the arms on one traffic, and what is recorded of them
//	eye       the forecast, which KEDA's protocol does not carry
//	view      the terminal; picture the files at the end
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/forescale/forescale/scaler/api"
)

// options are the flags of demo.
type options struct {
	duration time.Duration // of real time
	speed    float64       // simulated seconds per real one
	seed     uint64
	out      string // path of the pictures without their endings; empty for none
	plain    bool
}

// NewCommand returns the command demo.
func NewCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Watch a forecast lead a load, on this machine, in a minute",
		Long: `demo runs the whole chain in one process and shows it in the terminal:

  a service with 14 days of history: day, week, trend, noise, bursts
  → an embedded Prometheus that scrapes it
  → the forescale server, over HTTP
  → a client that plays KEDA, the HPA and pods that take two minutes to start,
    over gRPC.

Beside it the same HPA scales the same pods by what is observed now, as KEDA's
Prometheus scaler would, with two settings of its target. At the end a picture of
the run is written as SVG and PNG.

Prometheus (storage, PromQL, scraping), the forescale server and the rules of the
HPA are the real ones. The traffic is a counter that grows, not requests that
arrive; the pods are numbers; the clock runs fast, and waits where the chain
cannot keep up. The history is written into the storage directly, everything
after the start is scraped.`,
		Example: "  forescale demo --duration 2m --speed 120",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return play(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.DurationVar(&o.duration, "duration", time.Minute, "how long the demo runs, in real time")
	flags.Float64Var(&o.speed, "speed", 240, "how much faster than real time the simulated clock runs")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the traffic and of the start-up times")
	flags.StringVar(&o.out, "out", "forescale-demo", "`path` of the pictures, without the endings .svg and .png; empty for none")
	flags.BoolVar(&o.plain, "plain", false, "print lines, also on a terminal")
	return cmd
}

func (o options) check() error {
	var faults []error
	if o.duration < time.Second || o.duration > time.Hour {
		faults = append(faults, fmt.Errorf("--duration: %v: want 1s to 1h", o.duration))
	}
	if !(o.speed >= 1 && o.speed <= 1000) {
		faults = append(faults, fmt.Errorf("--speed: %v: want 1 to 1000, beyond that the chain of the demo cannot keep up", o.speed))
	} else if o.span() > 7*24*time.Hour {
		faults = append(faults, fmt.Errorf("--duration %v at --speed %v is %v of simulated time: want at most 7 days", o.duration, o.speed, o.span()))
	}
	if o.out != "" {
		if info, err := os.Stat(filepath.Dir(o.out)); err != nil || !info.IsDir() {
			faults = append(faults, fmt.Errorf("--out: %q: want a path in a folder that exists", o.out))
		}
	}
	return errors.Join(faults...)
}

// span is how much simulated time passes.
func (o options) span() time.Duration {
	return time.Duration(float64(o.duration) * o.speed).Round(time.Second)
}

// origin is when the simulated clock starts: a Wednesday, shortly before the
// morning rush of the service.
func origin() time.Time { return time.Date(2026, time.March, 18, 6, 45, 0, 0, time.UTC) }

// play runs the demo until its time is over or ctx ends, and stops and
// removes everything it started.
func play(ctx context.Context, o options, out io.Writer) (err error) {
	began := time.Now()
	clock := newClock(origin(), o.speed)
	traffic := newTraffic(o.seed, origin(), o.span())
	view := newView(out, o)
	view.say("writing 14 days of history into an embedded Prometheus …")
	chain, err := startChain(ctx, clock, traffic)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, chain.close()) }()
	view.say("forescale reads the history and fits its model …")
	if err := chain.warmUp(ctx); err != nil {
		return err
	}
	view.say(fmt.Sprintf("ready after %.1f s; %s of the service's time pass in %s",
		time.Since(began).Seconds(), api.Duration(o.span().Round(time.Minute)), api.Duration(o.duration)))

	run := newRun(chain, traffic, o)
	if err := run.play(ctx, view); err != nil {
		return err
	}
	view.finish(run)
	if o.out == "" {
		return nil
	}
	for _, ending := range []string{".svg", ".png"} {
		if err := drawPicture(o.out+ending, run); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		view.say("wrote " + o.out + ending)
	}
	return nil
}

// A clock runs speed times as fast as real time, but never past the limit
// that allow moves on. A machine that cannot keep up thus makes the demo slower,
// not wrong. It stands still at first.
type clock struct {
	speed float64

	mu    sync.Mutex // guards what follows
	base  time.Time  // simulated time at wall
	wall  time.Time
	limit time.Time
}

func newClock(origin time.Time, speed float64) *clock {
	return &clock{speed: speed, base: origin, limit: origin}
}

// Now returns the simulated time. It is safe for concurrent use.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read(time.Now())
}

func (c *clock) read(wall time.Time) time.Time {
	passed := float64(wall.Sub(c.wall)) * c.speed
	if passed >= float64(c.limit.Sub(c.base)) { // as floats, which do not overflow
		return c.limit
	}
	return c.base.Add(time.Duration(passed))
}

// allow lets the clock run until limit, from where it is now.
func (c *clock) allow(limit time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall := time.Now()
	c.base, c.wall = c.read(wall), wall
	c.limit = limit
	if limit.Before(c.base) {
		c.limit = c.base
	}
}

// stretch converts a span of real time to simulated time.
func (c *clock) stretch(d time.Duration) time.Duration {
	return time.Duration(float64(d) * c.speed)
}

// shrink converts a span of simulated time to whole milliseconds of real time, at
// least least.
func (c *clock) shrink(simulated, least time.Duration) time.Duration {
	ms := math.Round(simulated.Seconds() / c.speed * 1000)
	return max(least, time.Duration(ms)*time.Millisecond)
}
