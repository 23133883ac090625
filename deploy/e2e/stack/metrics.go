package stack

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// A Metrics answers range and instant queries as Prometheus's HTTP API does, from
// functions of time: what no scrape could give, a fortnight of history at once,
// and a source that fails on demand.
type Metrics struct {
	URL string

	server *http.Server
	mu     sync.Mutex // guards what follows
	series map[string]func(time.Time) float64
	down   map[string]bool
}

// NewMetrics serves on a free port of loopback.
func NewMetrics() (*Metrics, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	m := &Metrics{URL: "http://" + l.Addr().String(), series: map[string]func(time.Time) float64{
		"time()": func(t time.Time) float64 { return float64(t.UnixMilli()) / 1e3 },
	}, down: map[string]bool{}}
	mux := http.NewServeMux()
	mux.HandleFunc("/api/v1/query", func(w http.ResponseWriter, r *http.Request) { m.answer(w, r, false) })
	mux.HandleFunc("/api/v1/query_range", func(w http.ResponseWriter, r *http.Request) { m.answer(w, r, true) })
	m.server = &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	go func() { _ = m.server.Serve(l) }()
	return m, nil
}

// Close stops serving.
func (m *Metrics) Close() { _ = m.server.Close() }

// Set makes query answer with f.
func (m *Metrics) Set(query string, f func(time.Time) float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.series[query] = f
}

// Down makes query fail, or succeed again.
func (m *Metrics) Down(query string, down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down[query] = down
}

func (m *Metrics) answer(w http.ResponseWriter, r *http.Request, matrix bool) {
	w.Header().Set("Content-Type", "application/json")
	m.mu.Lock()
	f, down := m.series[r.FormValue("query")], m.down[r.FormValue("query")]
	m.mu.Unlock()
	if down {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"status":"error","errorType":"unavailable","error":"switched off by the test"}`))
		return
	}
	kind, result := "vector", []any{}
	if matrix {
		kind = "matrix"
	}
	if f != nil && matrix {
		from, to, step := instant(r.FormValue("start")), instant(r.FormValue("end")), span(r.FormValue("step"))
		var values [][2]any
		for t := from; !t.After(to); t = t.Add(step) {
			values = append(values, pair(t, f(t)))
		}
		result = append(result, map[string]any{"metric": map[string]string{}, "values": values})
	} else if f != nil {
		t := instant(r.FormValue("time"))
		result = append(result, map[string]any{"metric": map[string]string{}, "value": pair(t, f(t))})
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"status": "success", "data": map[string]any{"resultType": kind, "result": result}})
}

func pair(t time.Time, v float64) [2]any {
	return [2]any{float64(t.UnixMilli()) / 1e3, fmt.Sprint(v)}
}

func instant(text string) time.Time {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return time.UnixMilli(int64(v * 1e3))
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t
	}
	return time.Now()
}

func span(text string) time.Duration {
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		return time.Duration(v * float64(time.Second))
	}
	d, _ := time.ParseDuration(text)
	return max(d, time.Second)
}
