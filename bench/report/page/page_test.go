package page_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/report/campaign"
	"github.com/forescale/forescale/bench/report/page"
	"github.com/forescale/forescale/bench/trace"
	"github.com/forescale/forescale/scaler/api"
)

// write returns the page of a short campaign over loads of these names.
func write(t *testing.T, names ...string) string {
	t.Helper()
	res := run(t, names...)
	var b bytes.Buffer
	require.NoError(t, page.Write(&b, res.Report, res.Timelines))
	return b.String()
}

func run(t *testing.T, names ...string) *campaign.Result {
	t.Helper()
	var loads []trace.Trace
	for i, name := range names {
		loads = append(loads, trace.Synthetic(trace.Shape{
			Name: name, Length: 36 * time.Hour, Day: 0.6, Burst: trace.Burst{PerDay: 6, Height: 3},
		}, uint64(i)))
	}
	res, err := campaign.Run(t.Context(), loads, campaign.Options{
		Replay:   replay.Options{Peak: 1000, Step: 5 * time.Second, Warmup: 12 * time.Hour},
		Policies: []string{"static-peak", "hpa-rate-70", "hpa-tuned", "times-1.2", "oracle", "forescale-floor"},
		Workers:  2, Resamples: 1000, Timeline: time.Minute, Make: maker,
		Spec: api.Spec{Metric: api.MetricSpec{Query: "sum(queue) % 60"}},
	})
	require.NoError(t, err)
	return res
}

// A minute is a single column, which shows nothing.
func TestWhatIsTooShortIsNotDrawn(t *testing.T) {
	res := run(t, "shop")
	for _, lines := range res.Timelines {
		for policy, points := range lines {
			lines[policy] = points[:1]
		}
	}
	var b bytes.Buffer
	require.NoError(t, page.Write(&b, res.Report, res.Timelines))
	require.NotContains(t, b.String(), "What happened")
	require.Contains(t, b.String(), "What time without violations costs")
}

// banded stands in for forescale, of which the page draws the forecast.
type banded struct{ reach float64 }

func (*banded) Name() string          { return "forescale-floor" }
func (*banded) Period() time.Duration { return time.Minute }
func (b *banded) Reset(replay.Config) { b.reach = math.NaN() } // no forecast at first

func (b *banded) Decide(_ time.Time, o replay.Observation) replay.Action {
	a := replay.Scale(20)
	a.Low, a.Forecast, a.High = b.reach-50, b.reach+100, b.reach+50
	b.reach = o.Rate
	return a
}

func maker(s *replay.Scenario, name string) (replay.Policy, error) {
	if name == "forescale-floor" {
		return &banded{}, nil
	}
	return campaign.Make(s, name)
}

func TestPageNeedsNoNetworkAndNoScript(t *testing.T) {
	text := write(t, "shop")
	for _, pattern := range []string{`<script`, `<link`, `<img`, `<iframe`, `@import`, `url\(`, `\bsrc=`, `\bhref=`, `https?://`, `\son[a-z]+=`} {
		require.NotRegexp(t, pattern, text)
	}
}

func TestPictures(t *testing.T) {
	text := write(t, "shop")
	pictures := regexp.MustCompile(`(?s)<svg .*?</svg>`).FindAllString(text, -1)
	require.Len(t, pictures, 2*3+2*6, "frontier, whole span and hardest hours, for desk and phone; each policy, twice")
	for _, p := range pictures {
		requireXML(t, p)
		require.NotContains(t, p, "NaN")
		require.NotContains(t, p, "Inf")
	}
	require.Contains(t, text, "grows within one lead time")
	require.Contains(t, text, "kind: PredictiveAutoscaler")
	require.Contains(t, text, "sum(queue) % 60", "a query stays as it is")
	require.Contains(t, text, "objective missed")
	require.NotContains(t, text, " ×", "no line begins with the sign of the number before it")
	require.NotContains(t, text, "Each load by name", "there is one")
	require.Equal(t, 4, strings.Count(text, ">forecast, 10 to 90\u00a0%<"), "the load, over the whole span and in the hardest hours, on both screens")
	require.GreaterOrEqual(t, strings.Count(text, `class="band"`), 4)
	for _, policy := range []string{"static\u2011peak", "hpa\u2011rate\u201170", "hpa\u2011tuned", "times\u20111.2", "oracle", "forescale\u2011floor"} {
		require.Equal(t, 2, strings.Count(text, "<strong>"+policy+"</strong>"), policy)
	}
}

func TestNamesAreEscaped(t *testing.T) {
	text := write(t, `<b>"x"&amp;`, "shop")
	require.NotContains(t, text, "<b>")
	require.Contains(t, text, "Each load by name")
	require.Equal(t, 2, strings.Count(text, `<summary>Every policy in the hardest hours`))
}

func requireXML(t *testing.T, text string) {
	t.Helper()
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		_, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
	}
}
