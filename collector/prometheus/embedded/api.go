package embedded

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/annotations"
)

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		mux.HandleFunc(method+" /api/v1/query", func(w http.ResponseWriter, r *http.Request) { s.respond(w, r, s.instant) })
		mux.HandleFunc(method+" /api/v1/query_range", func(w http.ResponseWriter, r *http.Request) { s.respond(w, r, s.queryRange) })
	}
	for path, text := range map[string]string{"/-/ready": "Prometheus Server is Ready.\n", "/-/healthy": "Prometheus Server is Healthy.\n"} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
	}
	return mux
}

// envelope is the outer form of all answers of the query API.
type envelope struct {
	Status    string   `json:"status"`
	Data      *data    `json:"data,omitempty"`
	ErrorType string   `json:"errorType,omitempty"`
	Error     string   `json:"error,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	Infos     []string `json:"infos,omitempty"`
}

type data struct {
	ResultType parser.ValueType `json:"resultType"`
	Result     parser.Value     `json:"result"`
}

// A fault is an error with Prometheus's word for its kind.
type fault struct {
	kind string
	err  error
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

// status is the HTTP status that Prometheus gives an error of that kind.
func (f *fault) status() int {
	switch f.kind {
	case "bad_data":
		return http.StatusBadRequest
	case "execution":
		return http.StatusUnprocessableEntity
	case "timeout":
		return http.StatusServiceUnavailable
	case "canceled":
		return 499 // the client went away; nobody reads this
	default:
		return http.StatusInternalServerError
	}
}

func badParameter(name string, err error) error {
	return &fault{"bad_data", fmt.Errorf("invalid parameter %q: %w", name, err)}
}

// respond evaluates the query that prepare makes of r, and writes the answer.
func (s *Server) respond(w http.ResponseWriter, r *http.Request, prepare func(context.Context, *http.Request) (promql.Query, error)) {
	ctx := r.Context()
	if text := r.FormValue("timeout"); text != "" {
		timeout, err := parseDuration(text)
		if err != nil {
			refuse(w, badParameter("timeout", err), nil)
			return
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	query, err := prepare(ctx, r)
	if err != nil {
		refuse(w, err, nil)
		return
	}
	defer query.Close()
	result := query.Exec(ctx)
	if result.Err != nil {
		refuse(w, &fault{kindOf(result.Err), result.Err}, result.Warnings)
		return
	}
	warnings, infos := result.Warnings.AsStrings(r.FormValue("query"), 10, 10)
	write(w, http.StatusOK, envelope{
		Status: "success", Data: &data{result.Value.Type(), filled(result.Value)},
		Warnings: warnings, Infos: infos,
	})
}

func (s *Server) instant(ctx context.Context, r *http.Request) (promql.Query, error) {
	at := s.now()
	if text := r.FormValue("time"); text != "" {
		var err error
		if at, err = parseTime(text); err != nil {
			return nil, badParameter("time", err)
		}
	}
	query, err := s.engine.NewInstantQuery(ctx, s.db, nil, r.FormValue("query"), at)
	if err != nil {
		return nil, badParameter("query", err)
	}
	return query, nil
}

func (s *Server) queryRange(ctx context.Context, r *http.Request) (promql.Query, error) {
	start, err := parseTime(r.FormValue("start"))
	if err != nil {
		return nil, badParameter("start", err)
	}
	end, err := parseTime(r.FormValue("end"))
	if err != nil {
		return nil, badParameter("end", err)
	}
	if end.Before(start) {
		return nil, badParameter("end", errors.New("end timestamp must not be before start time"))
	}
	step, err := parseDuration(r.FormValue("step"))
	if err != nil {
		return nil, badParameter("step", err)
	}
	if step <= 0 {
		return nil, badParameter("step", errors.New("zero or negative query resolution step widths are not accepted"))
	}
	if end.Sub(start)/step > maxPoints {
		return nil, &fault{"bad_data", errors.New("exceeded maximum resolution of 11,000 points per timeseries")}
	}
	query, err := s.engine.NewRangeQuery(ctx, s.db, nil, r.FormValue("query"), start, end, step)
	if err != nil {
		return nil, badParameter("query", err)
	}
	return query, nil
}

// filled writes an empty result as [], where a nil slice would become null.
func filled(v parser.Value) parser.Value {
	switch v := v.(type) {
	case promql.Vector:
		if v == nil {
			return promql.Vector{}
		}
	case promql.Matrix:
		if v == nil {
			return promql.Matrix{}
		}
	}
	return v
}

// kindOf sorts the errors of the engine as Prometheus does.
func kindOf(err error) string {
	if _, ok := errors.AsType[promql.ErrQueryCanceled](err); ok || errors.Is(err, context.Canceled) {
		return "canceled"
	}
	if _, ok := errors.AsType[promql.ErrQueryTimeout](err); ok {
		return "timeout"
	}
	if _, ok := errors.AsType[promql.ErrStorage](err); ok {
		return "internal"
	}
	return "execution"
}

func refuse(w http.ResponseWriter, err error, notes annotations.Annotations) {
	f, ok := errors.AsType[*fault](err)
	if !ok {
		f = &fault{"internal", err}
	}
	warnings, infos := notes.AsStrings("", 10, 10)
	write(w, f.status(), envelope{Status: "error", ErrorType: f.kind, Error: f.Error(), Warnings: warnings, Infos: infos})
}

func write(w http.ResponseWriter, status int, answer envelope) {
	body, err := json.Marshal(answer)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client may be gone
}

// parseTime reads seconds since the epoch, to the millisecond, or RFC 3339.
func parseTime(text string) (time.Time, error) {
	if sec, err := strconv.ParseFloat(text, 64); err == nil {
		if math.IsNaN(sec) || math.Abs(sec) > 1<<40 {
			return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", text)
		}
		return time.UnixMilli(int64(math.Round(sec * 1000))).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("cannot parse %q to a valid timestamp", text)
	}
	return t, nil
}

// parseDuration reads seconds, or a duration as PromQL writes it.
func parseDuration(text string) (time.Duration, error) {
	if sec, err := strconv.ParseFloat(text, 64); err == nil {
		if ns := sec * float64(time.Second); math.Abs(ns) < math.MaxInt64 {
			return time.Duration(ns), nil
		}
		return 0, fmt.Errorf("cannot parse %q to a valid duration", text)
	}
	d, err := model.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("cannot parse %q to a valid duration", text)
	}
	return time.Duration(d), nil
}
