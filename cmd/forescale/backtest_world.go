package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/forescale/forescale/bench/replay"
	"github.com/forescale/forescale/bench/replay/queue"
	"github.com/forescale/forescale/bench/replay/requests"
	"github.com/forescale/forescale/scaler/api"
)

// world is what a replay may be told about the cluster and the way of the metric.
type world struct {
	mode       string
	discipline string

	scrape  api.Duration
	window  api.Duration
	loss    float64
	outages []string
	perPod  bool

	dispersion  float64
	timeout     api.Duration
	retry       float64
	abandoned   bool
	podsPerNode int
	provision   api.Duration

	slowFor   api.Duration
	slowShare float64
}

func (w *world) bind(fs *pflag.FlagSet) {
	fs.StringVar(&w.mode, "mode", "fluid", "fluid: a second at a time by closed forms, or requests: one by one, for a day or two (0.2 µs each)")
	fs.StringVar(&w.discipline, "discipline", "", "with --mode requests, how a request finds a pod: central, random, two-choices, or sharing (processors are shared, not taken in turn; default as --balancing)")
	durationVar(fs, &w.scrape, "scrape-interval", api.Duration(15*time.Second), "scrape interval of the metric that all policies see")
	durationVar(fs, &w.window, "rate-window", api.Duration(time.Minute), "window of the rate() that they see")
	fs.Float64Var(&w.loss, "scrape-loss", 0, "probability that a scrape fails, 0 to below 1")
	fs.StringArrayVar(&w.outages, "outage", nil, "`FROM+LENGTH` without scrapes, such as 34h+10m, from the start of what is judged; may be repeated")
	fs.BoolVar(&w.perPod, "rate-of-pods", false, "take the rate from the counters of the pods, sum(rate(…)), in place of one at the ingress")
	fs.Float64Var(&w.dispersion, "dispersion", 1, "variance of the arrivals of a second over their mean, at least 1 (Poisson)")
	durationVar(fs, &w.timeout, "client-timeout", api.Duration(10*time.Second), "how long a request waits before it fails")
	fs.Float64Var(&w.retry, "client-retry", 0, "share of the failed requests that are retried after a second, 0 to below 1")
	fs.BoolVar(&w.abandoned, "serve-abandoned", false, "also serve the requests whose clients have left, as a service does that does not notice, up to four times what they wait for; with --mode fluid")
	durationVar(fs, &w.slowFor, "slow-start", 0, "how long new pods serve less, with cold caches or code that is not compiled yet; 0: they are at their best at once")
	fs.Float64Var(&w.slowShare, "slow-share", 0.5, "share of its capacity that a pod has during --slow-start, 0 to 1")
	fs.IntVar(&w.podsPerNode, "pods-per-node", 0, "pods that fit on a node; others wait for a new one; 0: there is always room")
	durationVar(fs, &w.provision, "node-startup", api.Duration(time.Minute), "median time until a new node takes pods")
}

const (
	longestWait  = time.Hour      // of a client: how long requests wait is counted by hundredths of a second
	longestStart = 24 * time.Hour // of a pod or a node

	mostDispersion = 1e6 // beyond, most seconds have no arrivals at all
)

// check returns every fault of the flags.
func (w *world) check() error {
	return faultsOf([]rule{
		{w.mode == "fluid" || w.mode == "requests", "mode", w.mode, "want fluid or requests"},
		{w.discipline == "" || w.mode == "requests", "discipline", w.discipline, "want it with --mode requests only"},
		{w.scrape.Std() >= time.Second, "scrape-interval", w.scrape.String(), "want 1s or more"},
		{w.window.Std() >= 2*w.scrape.Std(), "rate-window", w.window.String(), "want two of --scrape-interval or more, or there is no rate"},
		{w.loss >= 0 && w.loss < 1, "scrape-loss", floatText(w.loss), "want a probability from 0 to below 1"},
		{w.dispersion >= 1 && w.dispersion <= mostDispersion, "dispersion", floatText(w.dispersion), fmt.Sprintf("want 1 to %v", mostDispersion)},
		{w.retry >= 0 && w.retry < 1, "client-retry", floatText(w.retry), "want a share from 0 to below 1"},
		{w.timeout > 0 && w.timeout.Std() <= longestWait, "client-timeout", w.timeout.String(), "want a duration above 0, up to " + api.Duration(longestWait).String()},
		{w.provision > 0 && w.provision.Std() <= longestStart, "node-startup", w.provision.String(), "want a duration above 0, up to " + api.Duration(longestStart).String()},
		{!w.abandoned || w.mode == "fluid", "serve-abandoned", "true", "want it with --mode fluid only"},
		{w.slowFor.Std() <= longestStart, "slow-start", w.slowFor.String(), "want a duration up to " + api.Duration(longestStart).String()},
		{w.slowShare >= 0 && w.slowShare <= 1, "slow-share", floatText(w.slowShare), "want a share from 0 to 1"},
		{w.podsPerNode >= 0, "pods-per-node", strconv.Itoa(w.podsPerNode), "want a number of pods, or 0 for no limit"},
	})
}

// apply puts w into o. The error names the flag.
func (w *world) apply(o *replay.Options) error {
	if err := w.check(); err != nil {
		return err
	}
	if err := w.requests(o); err != nil {
		return err
	}
	outages, err := parseOutages(w.outages)
	if err != nil {
		return err
	}
	o.Metric = replay.Metric{ScrapeInterval: w.scrape.Std(), RateWindow: w.window.Std(), Loss: w.loss, Outages: outages, PerPod: w.perPod}
	o.Dispersion = w.dispersion
	o.Clients = replay.Clients{Timeout: w.timeout.Std(), Retry: w.retry, Zombies: w.abandoned}
	if w.slowFor > 0 {
		o.Cluster.SlowStart = replay.SlowStart{For: w.slowFor.Std(), Share: w.slowShare}
	}
	if w.podsPerNode > 0 {
		o.Cluster.Nodes = &replay.Nodes{Pods: w.podsPerNode, Provision: w.provision.Std()}
	}
	return nil
}

// requests turns the request mode on if it is asked for.
func (w *world) requests(o *replay.Options) error {
	if w.mode != "requests" {
		return nil
	}
	o.Requests.On = true
	if o.Service.Balancing == queue.PerPod {
		o.Requests.Discipline = requests.Random
	}
	if w.discipline == "" {
		return nil
	}
	var names []string
	for _, d := range []requests.Discipline{requests.Central, requests.Random, requests.TwoChoices, requests.Sharing} {
		if d.String() == w.discipline {
			o.Requests.Discipline = d
			return nil
		}
		names = append(names, d.String())
	}
	return fmt.Errorf("--discipline: %q: want one of %s", w.discipline, strings.Join(names, ", "))
}

// parseOutages reads spans such as 34h+10m.
func parseOutages(texts []string) ([]replay.Outage, error) {
	var out []replay.Outage
	for _, text := range texts {
		from, length, ok := strings.Cut(text, "+")
		begin, err := api.ParseDuration(from)
		span, err2 := api.ParseDuration(length)
		if !ok || err != nil || err2 != nil || begin < 0 || span <= 0 {
			return nil, fmt.Errorf("--outage: %q: want when it begins, from the start of what is judged, and how long it lasts, such as 34h+10m", text)
		}
		out = append(out, replay.Outage{From: begin.Std(), Length: span.Std()})
	}
	return out, nil
}
