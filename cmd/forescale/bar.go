package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// A bar shows progress on a terminal, in one line that is written over, and
// nothing elsewhere: a log does not want a thousand lines.
type bar struct {
	w       io.Writer
	on      bool
	started time.Time
	shown   time.Time
}

func newBar(w io.Writer) *bar {
	f, isFile := w.(*os.File)
	return &bar{w: w, on: isFile && term.IsTerminal(int(f.Fd())), started: time.Now()}
}

// show writes what line says after the time elapsed so far, ten times a second at
// the most.
func (b *bar) show(line func(elapsed time.Duration) string) {
	now := time.Now()
	if !b.on || now.Sub(b.shown) < 100*time.Millisecond {
		return
	}
	b.shown = now
	fmt.Fprint(b.w, "\r\x1b[K"+line(now.Sub(b.started)))
}

func (b *bar) clear() {
	if b.on {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}

// blocks draws a share, 0 to 1, as a bar.
func blocks(share float64) string {
	const width = 24
	full := min(width, int(share*width))
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}

// left is what remains of a task of which a share, 0 to 1, took elapsed.
func left(share float64, elapsed time.Duration) time.Duration {
	return time.Duration(float64(elapsed) * (1 - share) / share).Round(time.Second)
}
