package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/forescale/forescale/bench/report/campaign"
)

// A backtestBar shows on a terminal how far the runs are, and nothing elsewhere.
type backtestBar struct {
	w       io.Writer
	on      bool
	started time.Time
	shown   time.Time
}

func newBacktestBar(w io.Writer) *backtestBar {
	f, isFile := w.(*os.File)
	return &backtestBar{w: w, on: isFile && term.IsTerminal(int(f.Fd())), started: time.Now()}
}

func (b *backtestBar) show(p campaign.Progress) {
	now := time.Now()
	if !b.on || now.Sub(b.shown) < 100*time.Millisecond {
		return
	}
	b.shown = now
	fmt.Fprint(b.w, "\r\x1b[K"+backtestLine(p, now.Sub(b.started)))
}

func (b *backtestBar) clear() {
	if b.on {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}

// backtestLine is what the bar says after elapsed.
func backtestLine(p campaign.Progress, elapsed time.Duration) string {
	const width = 24
	done := float64(p.Done) / float64(p.Total)
	full := min(width, int(done*width))
	left := time.Duration(float64(elapsed) * (1 - done) / done)
	return fmt.Sprintf("%s%s %d/%d  %s, %s  %v left", strings.Repeat("█", full), strings.Repeat("░", width-full),
		p.Done, p.Total, p.Trace, p.Policy, left.Round(time.Second))
}
