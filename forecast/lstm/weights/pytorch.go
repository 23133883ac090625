package weights

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/weights/safetensors"
)

// pytorch reads the state dict of a module that holds one nn.LSTM and one or
// more nn.Linear, under any names.
func (r *reader) pytorch(n *lstm.Network, order gateOrder) error {
	prefix, linear, err := pytorchModules(r.file)
	if err != nil {
		return err
	}
	for k := 0; r.file.Find(prefix+"weight_ih_l"+strconv.Itoa(k)) != nil; k++ {
		if err := r.pytorchLayer(n, prefix, strconv.Itoa(k), order); err != nil {
			return err
		}
	}
	return r.stack(n, linear, func(name string, in int) (lstm.Dense, error) {
		w, err := r.take(name+"weight", -1, in)
		if err != nil {
			return lstm.Dense{}, err
		}
		d := lstm.NewDense(in, w.Shape[0], lstm.Linear)
		d.W = w.Data
		err = r.bias(&d, name+"bias")
		return d, err
	})
}

// pytorchModules returns the prefixes of the LSTM and of the linear layers.
func pytorchModules(f *safetensors.File) (prefix string, linear []string, err error) {
	for _, t := range f.Tensors {
		before, after, isLSTM := cutLast(t.Name, "weight_ih_l")
		switch {
		case strings.HasSuffix(t.Name, "_reverse"):
			return "", nil, fmt.Errorf("weights: tensor %q: a bidirectional LSTM reads the future and cannot forecast", t.Name)
		case strings.Contains(t.Name, "weight_hr_l"):
			return "", nil, fmt.Errorf("weights: tensor %q: an LSTM with proj_size is not read", t.Name)
		case isLSTM && after == "0":
			prefix = before
		case lastWord(t.Name) == "weight":
			linear = append(linear, strings.TrimSuffix(t.Name, "weight"))
		}
	}
	return prefix, linear, nil
}

func (r *reader) pytorchLayer(n *lstm.Network, prefix, k string, order gateOrder) error {
	ih, err := r.take(prefix+"weight_ih_l"+k, -1, -1)
	if err != nil {
		return err
	}
	in, hidden := ih.Shape[1], ih.Shape[0]/4
	hh, err := r.take(prefix+"weight_hh_l"+k, 4*hidden, hidden)
	if err != nil {
		return err
	}
	bias := make([]float64, 4*hidden)
	for _, name := range []string{prefix + "bias_ih_l" + k, prefix + "bias_hh_l" + k} {
		if r.file.Find(name) == nil {
			continue // bias=False
		}
		b, err := r.take(name, 4*hidden, 0)
		if err != nil {
			return err
		}
		for i, v := range b.Data {
			bias[i] += v
		}
	}
	if ih.Shape[0] != 4*hidden {
		return fmt.Errorf("weights: tensor %q has shape %v, want [4·units, inputs]", ih.Name, ih.Shape)
	}
	n.Layers = append(n.Layers, assemble(in, hidden, order, func(row, col int) float64 {
		if col < in {
			return ih.Data[row*in+col]
		}
		return hh.Data[row*hidden+col-in]
	}, func(row int) float64 { return bias[row] }))
	return nil
}
