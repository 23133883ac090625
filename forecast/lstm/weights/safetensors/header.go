package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// parseHeader walks the tokens of the header rather than decoding into a map,
// because encoding/json silently keeps the last of two equal keys.
func parseHeader(header []byte) ([]entry, map[string]string, error) {
	if len(header) == 0 || header[0] != '{' {
		return nil, nil, errors.New("safetensors: header does not start with {")
	}
	d := json.NewDecoder(bytes.NewReader(header))
	d.UseNumber()
	var (
		entries  []entry
		metadata map[string]string
	)
	seen := map[string]bool{}
	err := object(d, func(key string) error {
		if seen[key] {
			return fmt.Errorf("tensor %q occurs twice", key)
		}
		seen[key] = true
		if key == metadataKey {
			var err error
			metadata, err = parseMetadata(d)
			return err
		}
		if len(entries) == MaxTensors {
			return fmt.Errorf("tensor %q is one too many, want at most %d", key, MaxTensors)
		}
		e, err := parseEntry(d, key)
		entries = append(entries, e)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("safetensors: header: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, nil, errors.New("safetensors: header: something follows the closing brace")
	}
	return entries, metadata, nil
}

// object reads one JSON object and calls member after each key; member reads the
// value.
func object(d *json.Decoder, member func(key string) error) error {
	if err := delimiter(d, '{'); err != nil {
		return err
	}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		key, ok := token.(string)
		if !ok {
			return fmt.Errorf("%v in place of a name", token)
		}
		if err := member(key); err != nil {
			return err
		}
	}
	return delimiter(d, '}')
}

func delimiter(d *json.Decoder, want json.Delim) error {
	token, err := d.Token()
	if err != nil {
		return err
	}
	if token != want {
		return fmt.Errorf("%v in place of %v", token, want)
	}
	return nil
}

func parseMetadata(d *json.Decoder) (map[string]string, error) {
	m := map[string]string{}
	err := object(d, func(key string) error {
		if _, twice := m[key]; twice {
			return fmt.Errorf("%q occurs twice", key)
		}
		token, err := d.Token()
		if err != nil {
			return err
		}
		text, ok := token.(string)
		if !ok {
			return fmt.Errorf("%q is %v, want a text", key, token)
		}
		m[key] = text
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", metadataKey, err)
	}
	return m, nil
}

func parseEntry(d *json.Decoder, name string) (entry, error) {
	e := entry{name: name}
	var offsets []int64
	seen := map[string]bool{}
	err := object(d, func(key string) error {
		if seen[key] {
			return fmt.Errorf("%q occurs twice", key)
		}
		seen[key] = true
		var err error
		switch key {
		case "dtype":
			err = d.Decode(&e.dtype)
		case "shape":
			e.shape, err = integers(d)
		case "data_offsets":
			offsets, err = integers(d)
		default:
			return fmt.Errorf("%q is unknown, want dtype, shape and data_offsets", key)
		}
		return err
	})
	switch {
	case err != nil:
		return e, fmt.Errorf("tensor %q: %w", name, err)
	case !seen["dtype"] || !seen["shape"]:
		return e, fmt.Errorf("tensor %q: want dtype, shape and data_offsets", name)
	case len(offsets) != 2:
		return e, fmt.Errorf("tensor %q: %d data_offsets, want 2", name, len(offsets))
	}
	e.begin, e.end = offsets[0], offsets[1]
	return e, nil
}

// integers reads a short array of whole numbers. Its length is bounded by that
// of the header; a null or a nested value is an error.
func integers(d *json.Decoder) ([]int64, error) {
	if err := delimiter(d, '['); err != nil {
		return nil, err
	}
	out := []int64{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		number, ok := token.(json.Number)
		if !ok {
			return nil, fmt.Errorf("%v in place of a whole number", token)
		}
		v, err := number.Int64()
		if err != nil {
			return nil, fmt.Errorf("%v in place of a whole number", number)
		}
		out = append(out, v)
	}
	return out, delimiter(d, ']')
}
