package api

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// +kubebuilder:validation:Pattern=`^([0-9]+w)?([0-9]+d)?([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))*$`
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=40
// +kubebuilder:validation:XValidation:rule="self.matches('[1-9]')",message="want a duration above 0 such as 90s, 5m or 14d"

// Duration is a span of time written as text: Go's units plus d for 24 hours and
// w for 7 days, such as 90s, 1h30m or 14d. Zero means not given.
type Duration time.Duration

// Std returns d as a duration of the standard library.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String returns d in its largest whole units, such as 14d or 1m30s.
func (d Duration) String() string {
	const day = 24 * time.Hour
	rest := time.Duration(d)
	if rest == 0 {
		return "0s"
	}
	var b strings.Builder
	if rest < 0 {
		b.WriteByte('-')
		rest = -rest
	}
	if n := rest / day; n > 0 {
		fmt.Fprintf(&b, "%dd", n)
		rest %= day
	}
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"h", time.Hour}, {"m", time.Minute}} {
		if n := rest / u.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, u.name)
			rest %= u.size
		}
	}
	if rest > 0 {
		b.WriteString(rest.String())
	}
	return b.String()
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := ParseDuration(string(text))
	if err != nil {
		return err
	}
	*d = v
	return nil
}

// maxDuration is a hundred years: sums of a few stay within a time.Duration.
const maxDuration = 36_500 * 24 * time.Hour

// ParseDuration reads a duration such as 90s, 1h30m, 14d or 1w2d. It returns an
// error that says what would be right for anything else, for a negative span,
// and for one above 100 years.
func ParseDuration(text string) (Duration, error) {
	const (
		want    = "want a duration such as 90s, 5m or 14d"
		tooLong = want + ", at most 100 years"
	)
	rest, total := strings.TrimSpace(text), time.Duration(0)
	if rest == "" {
		return 0, errors.New(want)
	}
	for _, u := range []struct {
		name string
		size time.Duration
	}{{"w", 7 * 24 * time.Hour}, {"d", 24 * time.Hour}} {
		i := strings.Index(rest, u.name)
		if i < 0 {
			continue
		}
		n, err := strconv.ParseUint(rest[:i], 10, 16)
		if err != nil {
			return 0, errors.New(want)
		}
		if time.Duration(n) > maxDuration/u.size { // or the product might overflow
			return 0, errors.New(tooLong)
		}
		total += u.size * time.Duration(n)
		rest = rest[i+1:]
	}
	if rest != "" {
		d, err := time.ParseDuration(rest)
		if err != nil || d < 0 {
			return 0, errors.New(want)
		}
		total += d
	}
	if total > maxDuration || total < 0 {
		return 0, errors.New(tooLong)
	}
	return Duration(total), nil
}

// +kubebuilder:validation:Pattern=`^(auto|([0-9]+w)?([0-9]+d)?([0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h))*)$`
// +kubebuilder:validation:MinLength=1
// +kubebuilder:validation:MaxLength=40
// +kubebuilder:validation:XValidation:rule="self == 'auto' || self.matches('[1-9]')",message="want auto or a duration above 0 such as 90s"

// AutoDuration is a duration or auto. The zero value is auto.
type AutoDuration struct {
	// Value is the duration, 0 for auto.
	Value time.Duration `json:"-"`
}

// Auto reports whether the value is left to the program.
func (d AutoDuration) Auto() bool { return d.Value == 0 }

// IsZero reports whether d is auto, for omitzero.
func (d AutoDuration) IsZero() bool { return d.Value == 0 }

// String returns auto or the duration.
func (d AutoDuration) String() string {
	if d.Auto() {
		return auto
	}
	return Duration(d.Value).String()
}

// MarshalText implements encoding.TextMarshaler.
func (d AutoDuration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *AutoDuration) UnmarshalText(text []byte) error {
	if string(text) == auto {
		d.Value = 0
		return nil
	}
	v, err := ParseDuration(string(text))
	if err != nil || v == 0 {
		return errors.New("want auto or a duration above 0 such as 90s")
	}
	d.Value = v.Std()
	return nil
}

// Seasons are the periods of a series, shortest first. Empty means auto; the
// text none, one season of zero length, means that there is no season.
type Seasons []Duration

// Auto reports whether the periods are to be found in the data.
func (s Seasons) Auto() bool { return len(s) == 0 }

// None reports whether the series is said to have no season.
func (s Seasons) None() bool { return len(s) == 1 && s[0] == 0 }

// String returns auto, none, or the periods joined by commas.
func (s Seasons) String() string {
	if s.Auto() {
		return auto
	}
	if s.None() {
		return none
	}
	parts := make([]string, len(s))
	for i, d := range s {
		parts[i] = d.String()
	}
	return strings.Join(parts, ",")
}

// MarshalText implements encoding.TextMarshaler.
func (s Seasons) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Seasons) UnmarshalText(text []byte) error {
	switch string(text) {
	case auto:
		*s = nil
		return nil
	case none:
		*s = Seasons{0}
		return nil
	}
	var out Seasons
	for part := range strings.SplitSeq(string(text), ",") {
		d, err := ParseDuration(part)
		if err != nil || d == 0 {
			return errors.New("want auto, none, or durations joined by commas such as 1d,7d")
		}
		if len(out) > 0 && d <= out[len(out)-1] {
			return errors.New("want the periods ascending, such as 1d,7d")
		}
		out = append(out, d)
	}
	*s = out
	return nil
}

// +kubebuilder:validation:Pattern=`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$`
// +kubebuilder:validation:MaxLength=40

// Number is a decimal number written as text, such as "0.95". Zero means not
// given where a field says so.
type Number float64

// Float returns n as a float64.
func (n Number) Float() float64 { return float64(n) }

// String returns the shortest decimal text of n.
func (n Number) String() string { return strconv.FormatFloat(float64(n), 'f', -1, 64) }

// MarshalText implements encoding.TextMarshaler.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (n *Number) UnmarshalText(text []byte) error {
	v, err := strconv.ParseFloat(strings.TrimSpace(string(text)), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return errors.New(`want a decimal number such as "0.95"`)
	}
	*n = Number(v)
	return nil
}

const (
	auto = "auto"
	none = "none"
)

// Figure writes v for people: rounded to the given number of significant digits, but never
// fewer than those before the decimal point, so that a rate of 123,456 is not 1.235e+05.
func Figure(v float64, digits int) string {
	if a := math.Abs(v); a >= math.Pow10(digits)-0.5 && a < 1e15 { // 9999.5 rounds to 10000, a digit more
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', digits, 64)
}
