package weights

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/input"
	"github.com/forescale/forescale/forecast/lstm/weights/safetensors"
)

// Decode reads a network from a safetensors file of any of the layouts that the
// package comment lists. The file may be hostile: every size is checked before
// it is used. Errors name the tensor or the metadata at fault.
func Decode(data []byte) (*lstm.Network, error) { return decode(data, sameOrder) }

// decode reads the blocks of imported layers in the given order; that it is an
// argument lets a test show that a wrong one is noticed.
func decode(data []byte, order gateOrder) (*lstm.Network, error) {
	f, err := safetensors.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	names, err := detect(f)
	if err != nil {
		return nil, err
	}
	if given, ok := f.Metadata[keyLayout]; ok && given != string(names) {
		return nil, fmt.Errorf("weights: metadata %s is %q, but the tensors are named as in %q", keyLayout, given, names)
	}
	n := &lstm.Network{}
	if n.Config, err = parseConfig(f.Metadata); err != nil {
		return nil, err
	}
	r := &reader{file: f, used: map[string]bool{}}
	if err := r.read(names, n, order); err != nil {
		return nil, err
	}
	if err := r.checkAllTaken(); err != nil {
		return nil, err
	}
	for i := range n.Layers {
		n.Layers[i].Relu = f.Metadata[keyActivation] == string(lstm.Relu)
	}
	if err := n.Check(); err != nil {
		return nil, err
	}
	return n, nil
}

// read fills n by the names of a layout.
func (r *reader) read(names layout, n *lstm.Network, order gateOrder) error {
	switch names {
	case pytorchLayout:
		return r.pytorch(n, order)
	case kerasLayout:
		return r.keras(n, order)
	default:
		return r.own(n)
	}
}

func parseConfig(m map[string]string) (lstm.Config, error) {
	var c lstm.Config
	if m[keyFormat] != formatName {
		return c, fmt.Errorf("weights: metadata %s is %q, want %q: a file from elsewhere needs the metadata that go doc github.com/forescale/forescale/forecast/lstm/weights lists", keyFormat, m[keyFormat], formatName)
	}
	if m[keyVersion] != formatVersion {
		return c, fmt.Errorf("weights: metadata %s is %q, want %q", keyVersion, m[keyVersion], formatVersion)
	}
	known := []string{
		keyFormat, keyVersion, keyLayout, keyStep, keyFeatures, keyNormalisation,
		keyRungs, keyQuantiles, keyTargets, keyOutput, keyLayers, keyWindow,
		keyActivation, keyRecurrent, keyDense, keyDenseActs, "note",
	}
	for key := range m {
		if !slices.Contains(known, key) {
			return c, fmt.Errorf("weights: metadata %q is unknown, want some of %v", key, known)
		}
	}
	for key, want := range map[string][]string{keyActivation: {"tanh", "relu"}, keyRecurrent: {"sigmoid"}} {
		if got, ok := m[key]; ok && !slices.Contains(want, got) {
			return c, fmt.Errorf("weights: metadata %s is %q, want \"%s\": no other is computed", key, got, strings.Join(want, `" or "`))
		}
	}
	for _, part := range []struct {
		key   string
		parse func(string) error
	}{
		{keyStep, func(s string) error { return parseStep(s, &c.Step) }},
		{keyFeatures, func(s string) error { return parseList(s, &c.Features, parseFeature) }},
		{keyNormalisation, func(s string) error { return parseNormalisation(s, &c.Normalisation) }},
		{keyRungs, func(s string) error { return parseList(s, &c.Rungs, strconv.Atoi) }},
		{keyQuantiles, func(s string) error { return parseList(s, &c.Quantiles, parseFloat) }},
		{keyWindow, func(s string) error { return parseWindow(s, &c.Window) }},
		{keyTargets, func(s string) error { return choose(s, &c.Peaks, "value", "value,peak") }},
		{keyOutput, func(s string) error { return choose(s, &c.Relative, "value", "change") }},
	} {
		if err := part.parse(m[part.key]); err != nil {
			return c, fmt.Errorf("weights: metadata %s is %q: %w", part.key, m[part.key], err)
		}
	}
	err := c.Check()
	return c, err
}

func parseStep(s string, to *time.Duration) error {
	if s == "" {
		return nil // any
	}
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return errors.New("want a positive duration such as 1m, or none for any")
	}
	*to = d
	return nil
}

func parseWindow(s string, to *int) error {
	if s == "" {
		return nil // the state is carried on
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return errors.New("want a number of cells, or 0 or none for a state that is carried on")
	}
	*to = n
	return nil
}

// parseNormalisation reads daily, none, affine:OFFSET,SCALE, minmax:MIN,MAX or
// zscore:MEAN,DEVIATION.
func parseNormalisation(s string, to *input.Normalisation) error {
	kind, numbers, _ := strings.Cut(s, ":")
	if kind == "daily" && numbers == "" {
		return nil
	}
	if kind == "none" && numbers == "" {
		to.Scale = 1
		return nil
	}
	var two []float64
	if err := parseList(numbers, &two, parseFloat); err == nil && len(two) == 2 {
		to.Offset, to.Scale = two[0], two[1]
		if kind == "minmax" {
			to.Scale = two[1] - two[0]
		}
		if (kind == "affine" || kind == "minmax" || kind == "zscore") && to.Scale > 0 {
			return nil
		}
	}
	return errors.New("want daily, none, affine:OFFSET,SCALE, minmax:MIN,MAX or zscore:MEAN,DEVIATION, with a scale above 0")
}

func parseFeature(s string) (input.Feature, error) { return input.Feature(s), nil }

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }

// maxWords bounds a list in the metadata.
const maxWords = 4096

func parseList[T any](s string, to *[]T, parse func(string) (T, error)) error {
	if s == "" {
		return errors.New("want a list with commas between its members")
	}
	for i, w := range strings.Split(s, ",") {
		if i == maxWords {
			return fmt.Errorf("want at most %d members", maxWords)
		}
		v, err := parse(strings.TrimSpace(w))
		if err != nil {
			return err
		}
		*to = append(*to, v)
	}
	return nil
}

// choose sets to if s is the second word, and leaves it if it is the first or
// empty.
func choose(s string, to *bool, no, yes string) error {
	switch s {
	case yes:
		*to = true
	case no, "":
	default:
		return fmt.Errorf("want %q or %q", no, yes)
	}
	return nil
}
