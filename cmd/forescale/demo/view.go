package demo

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// A view shows a run: as a picture that is drawn anew on a terminal, as
// lines elsewhere.
type view struct {
	out   io.Writer
	fd    int // of the terminal; −1 for lines
	seed  uint64
	speed float64
	drawn int       // lines of the picture on the screen
	next  time.Time // when to draw again, in real time
}

func newView(out io.Writer, o options) *view {
	v := &view{out: out, fd: -1, seed: o.seed, speed: o.speed}
	if f, ok := out.(*os.File); ok && !o.plain && term.IsTerminal(int(f.Fd())) {
		v.fd = int(f.Fd())
	}
	return v
}

// say prints one line that stays.
func (v *view) say(line string) { _, _ = fmt.Fprintln(v.out, line) }

// frame shows the present of r, if it is time to.
func (v *view) frame(r *run, now time.Time) {
	pause := 150 * time.Millisecond
	if v.fd < 0 {
		pause = 2 * time.Second
	}
	if len(r.moments) == 0 || time.Now().Before(v.next) {
		return
	}
	v.next = time.Now().Add(pause)
	if v.fd < 0 {
		v.say(plainLine(r, now))
		return
	}
	v.draw(r, now)
}

// finish shows the end of r and its result.
func (v *view) finish(r *run) {
	if v.fd >= 0 {
		v.draw(r, r.to)
	}
	v.say("")
	for _, line := range result(r) {
		v.say(line)
	}
}

func plainLine(r *run, now time.Time) string {
	m := r.moments[len(r.moments)-1]
	ahead := r.chain.eye.lead()
	var b strings.Builder
	fmt.Fprintf(&b, "%s  load %4.0f/s  in %.0f min: %4.0f (%.0f to %.0f)  provide for %4.0f",
		now.Format("Mon 15:04"), m.load, leadTime.Minutes(), ahead.median, ahead.low, ahead.high, orLoad(m.provide, m.load))
	for _, a := range r.arms {
		fmt.Fprintf(&b, "  | %s %d", a.name, a.ready(now))
		if starting := len(a.pods) - a.ready(now); starting > 0 {
			fmt.Fprintf(&b, "+%d", starting)
		}
		fmt.Fprintf(&b, " short %.0fs", a.violating.Seconds())
	}
	return b.String()
}

// result is the table of all ways of scaling.
func result(r *run) []string {
	lines := []string{fmt.Sprintf("%-16s %14s %14s %14s", "", "short of pods", "of the time", "replica-hours")}
	total := r.to.Sub(r.from).Seconds()
	for _, a := range r.arms {
		lines = append(lines, fmt.Sprintf("%-16s %12.0f s %12.2f %% %14.1f", a.name, a.violating.Seconds(), 100*a.violating.Seconds()/total, a.hours))
	}
	return append(lines,
		fmt.Sprintf("short of pods: the load is above what the ready pods serve within the objective, %d requests/s each", capacityPerPod),
		fmt.Sprintf("reactive 90 %% and 70 %%: the same HPA on the observed load, aiming at %d and %.0f requests/s per pod; forescale aims at %d",
			targetPerPod, 0.7*capacityPerPod, targetPerPod))
}

// Colours of the terminal.
const (
	inkReset = "\x1b[0m"
	inkLoad  = "\x1b[38;5;250m"
	inkBand  = "\x1b[38;5;67m"
	inkLead  = "\x1b[38;5;214m"
	inkBad   = "\x1b[38;5;203m"
	inkDim   = "\x1b[2m"
)

// draw replaces the picture on the screen.
func (v *view) draw(r *run, now time.Time) {
	width, height := 100, 30
	if w, h, err := term.GetSize(v.fd); err == nil && w > 0 {
		width, height = w, h
	}
	lines := v.picture(r, now, max(40, min(width-1, 160)), max(6, min(height-14, 18)))
	var b strings.Builder
	if v.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", v.drawn)
	}
	for _, line := range lines {
		b.WriteString(line + inkReset + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	v.drawn = len(lines)
	_, _ = io.WriteString(v.out, b.String())
}

func (v *view) picture(r *run, now time.Time, width, height int) []string {
	m := r.moments[len(r.moments)-1]
	ahead := r.chain.eye.lead()
	share := min(1, now.Sub(r.from).Seconds()/r.to.Sub(r.from).Seconds())
	lines := []string{
		fmt.Sprintf("forescale demo · %s · %g× real time · seed %d · %.0f %%", now.Format("Monday 15:04"), v.speed, v.seed, 100*share),
		fmt.Sprintf("%s█ load %5.0f requests/s   %s░ forecast in %.0f min: %5.0f, 10 to 95 %%: %.0f to %.0f   %s━ provide for %5.0f",
			inkLoad, m.load, inkBand, leadTime.Minutes(), ahead.median, ahead.low, ahead.high, inkLead, orLoad(m.provide, m.load)),
		"",
	}
	lines = append(lines, chart(r, width-8, height)...)
	lines = append(lines, fmt.Sprintf("%8s%s%s%*s", "", inkDim, r.from.Format("15:04"), width-8-5, r.to.Format("15:04")), "",
		fmt.Sprintf("%s%-16s %7s %9s %16s %14s", inkDim, "", "ready", "starting", "short of pods", "replica-hours"))
	for _, a := range r.arms {
		ready := a.ready(now)
		ink := ""
		if m.load > float64(ready)*capacityPerPod {
			ink = inkBad
		}
		lines = append(lines, fmt.Sprintf("%s%-16s %7d %9d %14.0f s %14.1f", ink, a.name, ready, len(a.pods)-ready, a.violating.Seconds(), a.hours))
	}
	log := []rune(r.chain.log.last())
	return append(lines, "", inkDim+string(log[:min(len(log), width)]))
}

// A column is one column of the chart: the past with its load, or the future
// with its forecast.
type column struct {
	load, provide     float64 // NaN in the future
	low, median, high float64 // NaN in the past
}

// chart draws the load as columns, what forescale asked to provide for as a
// line over them, and right of the present the forecast as a band.
func chart(r *run, width, height int) []string {
	nan, top := math.NaN(), 1.0
	columns := make([]column, width)
	for i := range columns {
		columns[i] = column{nan, nan, nan, nan, nan}
	}
	column := func(at time.Time) int {
		return int(float64(at.Sub(r.from)) / float64(r.to.Sub(r.from)) * float64(width))
	}
	present := 0
	for _, m := range r.moments {
		top = max(top, m.load, orLoad(m.provide, 0))
		present = min(column(m.at), width-1)
		c := &columns[present]
		c.load, c.provide = m.load, m.provide
	}
	for _, b := range r.chain.eye.ahead {
		top = max(top, b.high)
		for x := max(present+1, column(b.at.Add(-30*time.Second))); x <= column(b.at.Add(30*time.Second)) && x < width; x++ {
			columns[x].low, columns[x].median, columns[x].high = b.low, b.median, b.high
		}
	}
	top = math.Ceil(top*1.05/500) * 500
	lines := make([]string, height)
	for row := range height {
		floor := top * float64(height-1-row) / float64(height)
		ceiling := floor + top/float64(height)
		label := ""
		if row%4 == 0 {
			label = fmt.Sprintf("%.0f", ceiling)
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%s%6s │%s", inkDim, label, inkReset)
		for _, c := range columns {
			b.WriteString(c.glyph(floor, ceiling))
		}
		lines[row] = b.String()
	}
	return lines
}

// glyph is what lies between floor and ceiling. Comparisons with NaN are false.
func (c column) glyph(floor, ceiling float64) string {
	const eighths = " ▁▂▃▄▅▆▇█"
	switch {
	case c.provide > floor && c.provide <= ceiling:
		return inkLead + "━"
	case c.load >= ceiling:
		return inkLoad + "█"
	case c.load > floor:
		return inkLoad + string([]rune(eighths)[int((c.load-floor)/(ceiling-floor)*8)])
	case c.median > floor && c.median <= ceiling:
		return inkBand + "━"
	case c.low <= ceiling && c.high > floor:
		return inkBand + "░"
	}
	return " "
}

// orLoad is v, or load where v is not known.
func orLoad(v, load float64) float64 {
	if math.IsNaN(v) {
		return load
	}
	return v
}
