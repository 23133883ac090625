package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Prometheus is a real one that scrapes one gauge, load, each second. On its
// first scrapes it is given the hour before, with timestamps: a cluster that is
// ten seconds old has no history.
type Prometheus struct {
	*Process

	URL string

	exporter *http.Server
	mu       sync.Mutex // guards what follows
	load     func(time.Time) float64
	past     time.Duration // of history that is still to be taken in
}

// Prometheus starts a Prometheus that scrapes load, and waits until it has what
// load was in the past.
func (s *Stack) Prometheus(ctx context.Context, past time.Duration, load func(time.Time) float64) (*Prometheus, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Prometheus{load: load, past: past}
	p.exporter = &http.Server{Handler: http.HandlerFunc(p.expose), ReadHeaderTimeout: time.Second}
	go func() { _ = p.exporter.Serve(l) }()
	port, err := FreePort()
	if err != nil {
		return nil, err
	}
	p.URL = fmt.Sprintf("http://127.0.0.1:%d", port)
	file := s.path("prometheus.yml")
	config := fmt.Sprintf("global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs: [{job_name: load, static_configs: [{targets: [%q]}]}]\n", l.Addr())
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	p.Process, err = s.run("prometheus", "prometheus", "--config.file="+file, "--storage.tsdb.path="+s.path("prometheus"),
		fmt.Sprintf("--web.listen-address=127.0.0.1:%d", port), "--query.lookback-delta=10s")
	if err != nil {
		return nil, err
	}
	want := past.Seconds() / 2 // more than half: the newest samples are still on their way
	return p, Until(ctx, 2*time.Minute, func(ctx context.Context) error {
		n, err := p.Query(ctx, fmt.Sprintf("count_over_time(load[%ds])", max(int(past.Seconds()), 10)))
		if err == nil && n < want {
			err = fmt.Errorf("%g samples of %g", n, past.Seconds())
		}
		if err == nil {
			p.mu.Lock()
			p.past = 0
			p.mu.Unlock()
		}
		return err
	})
}

// Set changes the load.
func (p *Prometheus) Set(load func(time.Time) float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.load = load
}

// Close stops the exporter; the process is the stack's to stop.
func (p *Prometheus) Close() { _ = p.exporter.Close() }

func (p *Prometheus) expose(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	load, past := p.load, p.past
	p.mu.Unlock()
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	now := time.Now()
	fmt.Fprintln(w, "# TYPE load gauge")
	for t := now.Add(-past); t.Before(now.Add(-500 * time.Millisecond)); t = t.Add(time.Second) {
		fmt.Fprintln(w, "load", load(t), t.UnixMilli())
	}
	fmt.Fprintln(w, "load", load(now), now.UnixMilli())
}

// Query returns the value of an instant query that yields one series.
func (p *Prometheus) Query(ctx context.Context, query string) (float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.URL+"/api/v1/query", strings.NewReader(url.Values{"query": {query}}.Encode()))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	var answer struct {
		Data struct {
			Result []struct {
				Value [2]any `json:"value"`
			} `json:"result"`
		} `json:"data"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return 0, err
	}
	if len(answer.Data.Result) != 1 {
		return 0, errors.New(query + " yields no series")
	}
	return strconv.ParseFloat(fmt.Sprint(answer.Data.Result[0].Value[1]), 64)
}
