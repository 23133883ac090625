package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Percent writes v percent with three significant digits at most, without its
// sign: a share of violating time may be 0.003 as well as 23.4.
func Percent(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v):
		return "–"
	case a < 0.0005:
		return "0"
	case a < 0.1:
		return strconv.FormatFloat(v, 'f', 3, 64)
	case a < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'f', 1, 64)
}

// Kind writes the class of a load in words: smooth (class A) or bursty (class B+C).
func Kind(class string) string {
	kind := "smooth"
	if strings.HasPrefix(class, "B") {
		kind = "bursty"
	}
	return kind + " (class " + class + ")"
}

// Count writes v rounded, with commas between thousands.
func Count(v float64) string {
	text := strconv.FormatFloat(math.Abs(math.Round(v)), 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	if math.Round(v) < 0 {
		return "−" + text
	}
	return text
}

// Figure writes a factor or a rate with three significant digits at most, but whole from a
// thousand on: 0.0125, 24.7 or 4,000.
func Figure(v float64) string {
	if v >= 999.5 {
		return Count(v)
	}
	return strconv.FormatFloat(v, 'g', 3, 64)
}

// Span writes seconds as people say them: 45 s, 6 min, 3.5 h, 14 days.
func Span(seconds float64) string {
	trim := func(v float64, unit string) string {
		return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) + " " + unit
	}
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < 2*time.Minute:
		return trim(d.Seconds(), "s")
	case d < 2*time.Hour:
		return trim(d.Minutes(), "min")
	case d < 48*time.Hour:
		return trim(d.Hours(), "h")
	}
	return trim(d.Hours()/24, "days")
}

// Bound is the bound of an objective in words. It is a setting, of which no digit is rounded off.
func Bound(seconds float64) string {
	return strconv.FormatFloat(math.Round(seconds*1e9)/1e9, 'f', -1, 64) + " s"
}

// minutesADay says how much of a day v percent are.
func minutesADay(v float64) string {
	switch m := v / 100 * 24 * 60; {
	case m == 0:
		return "never"
	case m < 1:
		return Span(m*60) + " a day"
	case m < 10:
		return strconv.FormatFloat(m, 'f', 1, 64) + " min a day"
	default:
		return Count(m) + " min a day"
	}
}

// moreOrLess says how much dearer or cheaper a cost is that differs by v percent.
func moreOrLess(v float64) string {
	if v < 0 {
		return fmt.Sprintf("%.0f %% fewer replica-hours", -v)
	}
	return fmt.Sprintf("%.0f %% more replica-hours", v)
}

// beside is moreOrLess of a cost that may also be equal, with what it is compared with.
func beside(v float64, other string) string {
	if math.Abs(v) < 0.5 {
		return "the same replica-hours as " + other
	}
	return moreOrLess(v) + " than " + other
}

// list joins names as in a sentence.
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// minus writes the sign of numbers as people do.
func minus(text string) string { return strings.ReplaceAll(text, "-", "−") }
