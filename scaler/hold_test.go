package scaler

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// How an answer goes down, with 45 s for large steps and five minutes for small ones.
func TestHold(t *testing.T) {
	type ask struct {
		after time.Duration // since the one before
		times int           // that it is asked so
		n     int32
		want  int32 // of the last time
	}
	const slot = holdSlot
	for name, asks := range map[string][]ask{
		"up at once":                           {{slot, 1, 10, 10}, {slot, 1, 25, 25}},
		"one of many waits for calm":           {{slot, 1, 10, 10}, {slot, 20, 9, 10}, {slot, 1, 9, 9}},
		"which a single ask breaks":            {{slot, 1, 10, 10}, {slot, 19, 9, 10}, {slot, 1, 10, 10}, {slot, 20, 9, 10}, {slot, 1, 9, 9}},
		"a tenth is small":                     {{slot, 1, 40, 40}, {slot, 20, 36, 40}, {slot, 1, 36, 36}},
		"more is not":                          {{slot, 1, 40, 40}, {slot, 3, 35, 40}, {slot, 1, 35, 35}},
		"unless some of it was wanted of late": {{slot, 1, 40, 40}, {slot, 1, 37, 40}, {slot, 3, 20, 40}, {slot, 1, 20, 20}},
		"down to what was asked for meanwhile": {{slot, 1, 40, 40}, {slot, 10, 37, 40}, {slot, 1, 38, 40}, {slot, 9, 37, 40}, {slot, 1, 37, 38}},
		"many asks in a slot are one":          {{slot, 1, 10, 10}, {time.Second, 290, 9, 10}, {time.Second, 30, 9, 9}},
		"slots that are skipped are calm":      {{slot, 1, 10, 10}, {time.Minute, 5, 9, 10}, {time.Minute, 1, 9, 9}},
		"a silence is not":                     {{slot, 1, 10, 10}, {4 * time.Minute, 1, 9, 10}, {slot, 20, 9, 10}, {slot, 1, 9, 9}},
		"nor is a night":                       {{slot, 1, 40, 40}, {9 * time.Hour, 1, 3, 40}, {slot, 2, 3, 40}, {slot, 2, 3, 3}},
		"unknown stays unknown":                {{slot, 1, 10, 10}, {slot, 5, -1, -1}, {slot, 1, 9, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			h, now := Hold{}, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
			for i, a := range asks {
				var got int32
				for range a.times {
					now = now.Add(a.after)
					got = h.take(now, a.n, 45*time.Second, 5*time.Minute)
				}
				require.Equal(t, a.want, got, "line %d", i)
			}
		})
	}
}
