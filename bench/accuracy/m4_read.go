package accuracy

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// An m4Series is one row of a file: NaN marks an empty cell before the last one
// that is given.
type m4Series struct {
	id       string
	values   []float64
	negative int // values that are missing because they were below zero
}

// readM4 returns the training series in the order of the file, and the test
// series by name, which may be none.
func readM4(dir string) ([]m4Series, map[string][]float64, error) {
	path, err := findM4(dir, "Hourly-train.csv")
	if err != nil {
		return nil, nil, err
	}
	train, err := readWide(path)
	if err != nil {
		return nil, nil, err
	}
	truth := make(map[string][]float64)
	path, err = findM4(dir, "Hourly-test.csv")
	if errors.Is(err, fs.ErrNotExist) {
		return train, truth, nil
	}
	if err != nil {
		return nil, nil, err
	}
	test, err := readWide(path)
	for _, s := range test {
		truth[s.id] = s.values
	}
	return train, truth, err
}

// findM4 returns the file of that name under dir, plain or .gz. Two of different
// directories belong to two collections, one of which must be named.
func findM4(dir, name string) (string, error) {
	found := ""
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || strings.TrimSuffix(d.Name(), ".gz") != name {
			return nil
		}
		if found != "" && filepath.Dir(found) != filepath.Dir(path) {
			return fmt.Errorf("both %s and %s are there: want the directory of one collection", found, path)
		}
		if found == "" {
			found = path
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("accuracy: %w", err)
	}
	if found == "" {
		return "", fmt.Errorf("accuracy: no %s or %s.gz under %s: %w", name, name, dir, fs.ErrNotExist)
	}
	return found, nil
}

// readWide reads a file with one series per row: its name, then its cells. The
// first row is a header if its second cell is no number. Empty cells, NA and values
// below zero are missing, as negative samples are to a running forecast; at the end
// of a row the first two are no cells.
func readWide(path string) ([]m4Series, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("accuracy: %w", err)
	}
	defer file.Close()
	var text io.Reader = bufio.NewReader(file)
	if strings.HasSuffix(path, ".gz") {
		if text, err = gzip.NewReader(text); err != nil {
			return nil, fmt.Errorf("accuracy: %s: %w", path, err)
		}
	}
	rows := csv.NewReader(text)
	rows.FieldsPerRecord = -1
	var out []m4Series
	for n := 1; ; n++ {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("accuracy: %s: %w", path, err)
		}
		if n == 1 && len(row) > 1 && !isCell(row[1]) {
			continue
		}
		s := m4Series{id: strings.TrimSpace(row[0])}
		if s.values, s.negative, err = cells(row[1:]); err != nil {
			return nil, fmt.Errorf("accuracy: %s: row %d, series %s: %w", path, n, s.id, err)
		}
		if len(s.values) == 0 {
			return nil, fmt.Errorf("accuracy: %s: row %d, series %s: no values, want at least one", path, n, s.id)
		}
		out = append(out, s)
	}
}

func isCell(text string) bool {
	_, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return err == nil
}

// cells returns the values of a row, and how many were below zero.
func cells(row []string) (values []float64, negative int, err error) {
	last := 0
	out := make([]float64, len(row))
	for i, c := range row {
		c = strings.TrimSpace(c)
		if c == "" || c == "NA" {
			out[i] = math.NaN()
			continue
		}
		v, err := strconv.ParseFloat(c, 64)
		if err != nil || math.IsInf(v, 0) {
			return nil, 0, fmt.Errorf("cell %d is %q, want a finite number, NA or nothing", i+2, c)
		}
		out[i], last = v, i+1
		if v < 0 {
			out[i] = math.NaN()
			negative++
		}
	}
	return out[:last], negative, nil
}

// m4Horizon returns the length of the longest test series, 48 without any.
func m4Horizon(truth map[string][]float64) int {
	h := 0
	for _, v := range truth {
		h = max(h, len(v))
	}
	if h == 0 {
		return 48
	}
	return h
}
