package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
)

// answer is what /api/v1/query_range gives, or its data alone.
type answer struct {
	Status    string   `json:"status"`
	ErrorType string   `json:"errorType"`
	Error     string   `json:"error"`
	Warnings  []string `json:"warnings"`
	Partial   bool     `json:"isPartial"` // of VictoriaMetrics
	Data      *result
	result
}

type result struct {
	ResultType string          `json:"resultType"`
	Result     json.RawMessage `json:"result"`
}

// stream is one series of a matrix.
type stream struct {
	Metric     model.Metric      `json:"metric"`
	Values     []point           `json:"values"`
	Histograms []json.RawMessage `json:"histograms"`
}

// A point is a pair [unix seconds, "value"].
type point struct {
	ms    int64
	value float64
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *point) UnmarshalJSON(text []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(text, &pair); err != nil || len(pair) != 2 {
		return p.wrong(text)
	}
	var seconds float64
	if err := json.Unmarshal(pair[0], &seconds); err != nil {
		return p.wrong(text)
	}
	var value string
	if err := json.Unmarshal(pair[1], &value); err != nil {
		return p.wrong(text)
	}
	v, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return p.wrong(text)
	}
	if err := checkTime(seconds * 1e3); err != nil {
		return fmt.Errorf("point %s: %w", brief(string(text)), err)
	}
	p.ms, p.value = int64(math.Round(seconds*1e3)), v
	return nil
}

func (*point) wrong(text []byte) error {
	return fmt.Errorf(`point %s, want [unix seconds, "number"]`, brief(string(text)))
}

// readJSON reads a matrix of one series.
func readJSON(r io.Reader, o Options) (Data, error) {
	var raw json.RawMessage
	in := json.NewDecoder(r)
	if err := in.Decode(&raw); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return Data{}, fmt.Errorf("JSON: the file is cut off: %w", err)
		}
		return Data{}, fmt.Errorf("JSON: %w", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return Data{}, fmt.Errorf("more after the JSON value that ends at byte %d, want one answer per file", in.InputOffset())
	}
	matrix, notes, err := matrixOf(raw)
	if err != nil {
		return Data{}, err
	}
	points, err := only(matrix)
	if err != nil {
		return Data{}, err
	}
	t, err := tableOf(points)
	if err != nil {
		return Data{}, err
	}
	t.notes = append(notes, t.notes...)
	return t.data(o)
}

// matrixOf finds the matrix in an answer, and what the server warned of.
func matrixOf(raw json.RawMessage) (matrix []stream, notes []string, err error) {
	list := raw
	if raw[0] == '{' {
		var a answer
		if err := json.Unmarshal(raw, &a); err != nil {
			return nil, nil, fmt.Errorf("JSON: %w", err)
		}
		if a.Status == "error" {
			return nil, nil, fmt.Errorf("the file holds an error of the server: %s: %s", a.ErrorType, a.Error)
		}
		if a.Data == nil {
			a.Data = &a.result
		}
		if a.Data.ResultType != "matrix" {
			return nil, nil, fmt.Errorf("the result type is %q, want matrix, the answer of /api/v1/query_range", brief(a.Data.ResultType))
		}
		list = a.Data.Result
		for _, w := range a.Warnings {
			notes = append(notes, "the server warned: "+brief(w))
		}
		if a.Partial {
			notes = append(notes, "the server marked its answer as partial: a store behind it was missing")
		}
	}
	if err := json.Unmarshal(list, &matrix); err != nil {
		if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return nil, nil, fmt.Errorf("byte %d of the result: %s, want a list of series, each an object with metric and values", e.Offset, e.Value)
		}
		return nil, nil, fmt.Errorf("matrix: %w", err)
	}
	return matrix, notes, nil
}

// only returns the points of the only series.
func only(matrix []stream) ([]point, error) {
	switch {
	case len(matrix) == 0:
		return nil, errors.New("the answer holds no series; check names and labels of the query")
	case len(matrix) > 1:
		var names []string
		for _, s := range matrix[:min(len(matrix), shown)] {
			names = append(names, s.Metric.String())
		}
		return nil, fmt.Errorf("%d series, want exactly one: %s; query sum(…), or one of them by its labels",
			len(matrix), listing(names, len(matrix)))
	case len(matrix[0].Histograms) > 0:
		return nil, fmt.Errorf("series %s holds native histograms, want numbers; query histogram_count, histogram_sum or histogram_quantile of it", matrix[0].Metric)
	case matrix[0].Metric == nil && matrix[0].Values == nil:
		return nil, errors.New("the list holds no series with metric and values, as the answer of /api/v1/query_range does")
	case len(matrix[0].Values) < 2:
		return nil, fmt.Errorf("series %s has %d points, want at least 2, which tell the step", matrix[0].Metric, len(matrix[0].Values))
	}
	return matrix[0].Values, nil
}

// tableOf makes rows of points; a point speaks of the step before it.
func tableOf(points []point) (table, error) {
	t := table{rows: make([]row, 0, len(points)), has: [columns]bool{rate: true}}
	dropped := 0
	for i, p := range points {
		if p.value < 0 && !math.IsInf(p.value, -1) {
			return table{}, fmt.Errorf("point %d: value %v at %s, want one that is not negative", i, p.value, number(float64(p.ms)/1e3))
		}
		if math.IsNaN(p.value) || math.IsInf(p.value, 0) {
			p.value = math.NaN()
			dropped++
		}
		r := row{at: p.ms, values: unknown()}
		r.values[rate] = p.value
		if err := t.push(r); err != nil {
			return table{}, fmt.Errorf("point %d: %w", i, err)
		}
	}
	if err := t.measure(); err != nil {
		return table{}, err
	}
	for i := range t.rows {
		t.rows[i].at -= t.step.Milliseconds()
	}
	if t.rows[0].at < firstMS {
		return table{}, fmt.Errorf("point 0: %w", checkTime(float64(t.rows[0].at)))
	}
	if dropped > 0 {
		t.notes = append(t.notes, fmt.Sprintf("%d of %d values are NaN or infinite and were dropped", dropped, len(points)))
	}
	return t, nil
}

// shown is how many series an error lists.
const shown = 5

func listing(names []string, n int) string {
	text := strings.Join(names, ", ")
	if n > len(names) {
		text += ", …"
	}
	return text
}
