package weights

import (
	"fmt"
	"slices"
	"strings"

	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/weights/safetensors"
)

// counted orders names as frameworks count them: dense, dense_1, …, dense_10.
func counted(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// stack reads the layers above the LSTM by read: the dense layers under the given prefixes,
// in the order of the metadata, else in the order of their numbers. The last one is the head.
// The activations of the others are not in the tensors but in the metadata.
func (r *reader) stack(n *lstm.Network, prefixes []string, read func(name string, in int) (lstm.Dense, error)) error {
	if len(n.Layers) == 0 || len(prefixes) == 0 {
		return fmt.Errorf("weights: %d LSTM layers and the dense layers %q, want at least one of each", len(n.Layers), prefixes)
	}
	if err := arrange(r.file, keyDense, prefixes); err != nil {
		return err
	}
	activations, err := r.activations(len(prefixes) - 1)
	if err != nil {
		return fmt.Errorf("%w: one for each of %q but the last", err, prefixes)
	}
	in := n.Layers[len(n.Layers)-1].Hidden
	for i, name := range prefixes {
		d, err := read(name, in)
		if err != nil {
			return err
		}
		in = d.Out
		if i < len(activations) {
			d.Activation = activations[i]
			n.Dense = append(n.Dense, d)
			continue
		}
		n.Head = lstm.Head{Inputs: d.In, Outputs: d.Out, W2: d.W, B2: d.B}
	}
	return nil
}

// arrange sorts the prefixes of layers as the metadata of that key say, else as they are counted.
func arrange(f *safetensors.File, key string, prefixes []string) error {
	given, ok := f.Metadata[key]
	if !ok {
		slices.SortFunc(prefixes, counted)
		return nil
	}
	names := strings.Split(given, ",")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	place := func(prefix string) int { return slices.Index(names, strings.Trim(prefix, "./")) }
	for _, p := range prefixes {
		if place(p) < 0 {
			return fmt.Errorf("weights: metadata %s is %q, which does not name the layer %q", key, given, strings.Trim(p, "./"))
		}
	}
	slices.SortFunc(prefixes, func(a, b string) int { return place(a) - place(b) })
	return nil
}

// activations returns those of so many dense layers, from the metadata.
func (r *reader) activations(count int) ([]lstm.Activation, error) {
	var out []lstm.Activation
	given := r.file.Metadata[keyDenseActs]
	for w := range strings.SplitSeq(given, ",") {
		if a := lstm.Activation(strings.TrimSpace(w)); a != "" {
			out = append(out, a)
		}
	}
	for _, a := range out {
		if !slices.Contains([]lstm.Activation{lstm.Linear, lstm.Relu, lstm.Tanh, lstm.Sigmoid}, a) {
			return nil, fmt.Errorf("weights: metadata %s is %q, want a list of %s, %s, %s and %s",
				keyDenseActs, given, lstm.Linear, lstm.Relu, lstm.Tanh, lstm.Sigmoid)
		}
	}
	if len(out) != count {
		return nil, fmt.Errorf("weights: metadata %s is %q, want %d", keyDenseActs, given, count)
	}
	return out, nil
}

// bias reads the bias of d, which may be left out.
func (r *reader) bias(d *lstm.Dense, name string) error {
	if r.file.Find(name) == nil {
		return nil
	}
	b, err := r.take(name, d.Out, 0)
	if err != nil {
		return err
	}
	d.B = b.Data
	return nil
}

// ownDense reads the dense layers of the layout that Encode writes.
func (r *reader) ownDense(n *lstm.Network) error {
	count := 0
	for r.file.Find(fmt.Sprintf("dense.%d.weight", count)) != nil {
		count++
	}
	activations, err := r.activations(count)
	if err != nil {
		return err
	}
	for i, a := range activations {
		w, err := r.take(fmt.Sprintf("dense.%d.weight", i), -1, -1)
		if err != nil {
			return err
		}
		d := lstm.NewDense(w.Shape[1], w.Shape[0], a)
		d.W = w.Data
		if err := r.bias(&d, fmt.Sprintf("dense.%d.bias", i)); err != nil {
			return err
		}
		n.Dense = append(n.Dense, d)
	}
	return nil
}
