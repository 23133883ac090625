package demo

import (
	"bytes"
	"context"
	"errors"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRefusesWhatItCannotDo(t *testing.T) {
	good := options{duration: time.Minute, speed: 240, out: filepath.Join(t.TempDir(), "demo")}
	require.NoError(t, good.check())
	for want, change := range map[string]func(*options){
		"--duration: 0s: want 1s to 1h":                func(o *options) { o.duration = 0 },
		"--speed: 0: want 1 to 1000":                   func(o *options) { o.speed = 0 },
		"--speed: NaN":                                 func(o *options) { o.speed = math.NaN() },
		"of simulated time: want at most 7 days":       func(o *options) { o.duration, o.speed = time.Hour, 1000 },
		"--out: \"/no/such/folder/demo\": want a path": func(o *options) { o.out = "/no/such/folder/demo" },
	} {
		o := good
		change(&o)
		require.ErrorContains(t, o.check(), want)
	}
}

func TestDemoTraffic(t *testing.T) {
	traffic := newTraffic(7, origin(), 4*time.Hour)
	require.Equal(t, traffic.rate, newTraffic(7, origin(), 4*time.Hour).rate, "a seed is a run")
	require.NotEqual(t, traffic.rate, newTraffic(8, origin(), 4*time.Hour).rate)

	mean := func(from time.Time, d time.Duration) float64 {
		return (traffic.total(from.Add(d)) - traffic.total(from)) / d.Seconds()
	}
	monday := origin().Truncate(24*time.Hour).AddDate(0, 0, -2)
	night, noon := mean(monday.Add(3*time.Hour), time.Hour), mean(monday.Add(11*time.Hour), time.Hour)
	require.InDelta(t, 0.22, night/noon, 0.08, "nights are at a quarter")
	push := mean(monday.Add(9*time.Hour+2*time.Minute), time.Minute) / mean(monday.Add(8*time.Hour+50*time.Minute), time.Minute)
	require.InDelta(t, 1.5, push, 0.2, "half as many again at nine")
	sunday := mean(monday.AddDate(0, 0, -1).Add(11*time.Hour), time.Hour)
	require.InDelta(t, 0.7, sunday/noon, 0.15)
	require.WithinRange(t, traffic.burst, origin().Add(2*time.Hour), origin().Add(4*time.Hour), "within what is shown")

	last := -1.0
	for _, s := range traffic.counted(origin(), scrapeInterval) {
		require.GreaterOrEqual(t, s.Value, last, "a counter")
		last = s.Value
	}
	require.InDelta(t, traffic.total(origin()), last, 1)
}

func TestDemoPodsNeedTheirTime(t *testing.T) {
	now := origin()
	a := newArm("x", 90, 850, now, 1)
	require.Equal(t, 10, a.ready(now), "850 requests/s at 90 each")
	a.account(now, time.Minute, 1001)
	require.Equal(t, time.Minute, a.violating, "ten pods serve 1000")
	require.InDelta(t, 10.0/60, a.hours, 1e-12)

	a.sync(now, 1350, nil)
	require.Len(t, a.pods, 15)
	require.Equal(t, 10, a.ready(now.Add(89*time.Second)))
	require.Equal(t, 15, a.ready(now.Add(151*time.Second)))
	a.account(now, time.Minute, 1000)
	require.Equal(t, time.Minute, a.violating, "just served")
	require.InDelta(t, 25.0/60, a.hours, 1e-12, "a starting pod costs as much as a ready one")

	a.sync(now.Add(15*time.Second), 100, errors.New("no data"))
	require.Len(t, a.pods, 15, "silence holds")
	require.Equal(t, 1, a.failed)
	a.sync(now.Add(30*time.Second), 900, nil)
	require.Len(t, a.pods, 15, "stabilized")
	a.sync(now.Add(10*time.Minute), 900, nil)
	require.Len(t, a.pods, 10)
	require.Equal(t, 10, a.ready(now), "the youngest went first")
}

func TestDemoClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock(origin(), 240)
		time.Sleep(time.Hour)
		require.Equal(t, origin(), c.Now(), "it stands until it is allowed to run")
		c.allow(origin().Add(8 * time.Minute))
		time.Sleep(time.Second)
		require.Equal(t, origin().Add(4*time.Minute), c.Now())
		time.Sleep(time.Hour)
		require.Equal(t, origin().Add(8*time.Minute), c.Now(), "no further than allowed")
		c.allow(origin().Add(time.Hour))
		require.Equal(t, origin().Add(8*time.Minute), c.Now(), "what it stood still is not made up for")
		c.allow(origin())
		require.Equal(t, origin().Add(8*time.Minute), c.Now(), "it never runs backwards")
		require.Equal(t, 63*time.Millisecond, c.shrink(15*time.Second, time.Millisecond))
		require.Equal(t, 5*time.Millisecond, c.shrink(time.Second/2, 5*time.Millisecond))
	})
}

func TestDemoGlyphs(t *testing.T) {
	nan := math.NaN()
	strip := func(s string) string { return s[strings.LastIndexByte(s, 'm')+1:] }
	for want, column := range map[string]column{
		"█": {load: 30, provide: 100, low: nan, median: nan, high: nan},
		"▄": {load: 15, provide: 100, low: nan, median: nan, high: nan},
		"━": {load: 5, provide: 15, low: nan, median: nan, high: nan},
		"░": {load: nan, provide: nan, low: 5, median: 25, high: 30},
		" ": {nan, nan, nan, nan, nan},
	} {
		require.Equal(t, want, strip(column.glyph(10, 20)), "what lies between 10 and 20")
	}
}

// Without a temporary folder, as in a container whose file system is read-only, and when it is
// interrupted as it starts, it says so.
func TestDemoThatCannotStart(t *testing.T) {
	o := options{duration: time.Second, speed: 240, seed: 1}
	t.Run("no folder", func(t *testing.T) {
		missing := filepath.Join(t.TempDir(), "missing")
		t.Setenv("TMPDIR", missing)
		require.ErrorContains(t, play(t.Context(), o, io.Discard), missing)
	})
	t.Run("interrupted", func(t *testing.T) {
		t.Setenv("TMPDIR", t.TempDir())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorContains(t, play(ctx, o, io.Discard), "context canceled")
		left, err := os.ReadDir(os.Getenv("TMPDIR"))
		require.NoError(t, err)
		require.Empty(t, left)
	})
}

// The whole chain, as a newcomer starts it, for two seconds.
func TestDemoEndsByItselfAndLeavesNothing(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	o := options{duration: 2 * time.Second, speed: 240, seed: 1, out: filepath.Join(t.TempDir(), "demo")}
	var out bytes.Buffer
	require.NoError(t, play(t.Context(), o, &out))
	t.Log(out.String())
	require.Contains(t, out.String(), "Wed 06:")
	require.Contains(t, out.String(), "replica-hours")
	require.Contains(t, out.String(), "forescale ")

	file, err := os.Open(o.out + ".png")
	require.NoError(t, err)
	defer file.Close()
	picture, err := png.Decode(file)
	require.NoError(t, err)
	require.Greater(t, picture.Bounds().Dx(), 1000)
	svg, err := os.ReadFile(o.out + ".svg")
	require.NoError(t, err)
	require.Contains(t, string(svg), "</svg>")

	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
}
