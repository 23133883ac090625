package forecast

import (
	"fmt"
	"strings"
	"time"
)

// Span writes a duration for people, in the units of a spec: 7d and 1h30m, where
// [time.Duration.String] has 168h0m0s and 1h30m0s.
func Span(d time.Duration) string {
	const day = 24 * time.Hour
	if days := d / day; days != 0 {
		text := fmt.Sprintf("%dd", days)
		if rest := (d % day).Abs(); rest != 0 {
			text += Span(rest)
		}
		return text
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	return strings.Replace(text, "h0m", "h", 1)
}
