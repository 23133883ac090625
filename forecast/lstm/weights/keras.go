package weights

import (
	"fmt"
	"strings"

	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/weights/safetensors"
)

// variable returns name as f spells it: TensorFlow appends ":0".
func variable(f *safetensors.File, name string) string {
	if f.Find(name+":0") != nil {
		return name + ":0"
	}
	return name
}

// keras reads LSTM and Dense layers, each under a name of its own: the order is
// that of the metadata, else that of the names as Keras counts them.
func (r *reader) keras(n *lstm.Network, order gateOrder) error {
	recurrent, others, err := kerasLayers(r.file)
	if err != nil {
		return err
	}
	for _, name := range recurrent {
		if err := r.kerasLayer(n, name, order); err != nil {
			return err
		}
	}
	return r.stack(n, others, func(name string, in int) (lstm.Dense, error) {
		w, err := r.take(variable(r.file, name+"kernel"), in, -1)
		if err != nil {
			return lstm.Dense{}, err
		}
		d := lstm.NewDense(in, w.Shape[1], lstm.Linear)
		for i := range in {
			for j := range d.Out {
				d.W[j*in+i] = w.Data[i*d.Out+j]
			}
		}
		err = r.bias(&d, variable(r.file, name+"bias"))
		return d, err
	})
}

func (r *reader) kerasLayer(n *lstm.Network, name string, order gateOrder) error {
	kernel, err := r.take(variable(r.file, name+"kernel"), -1, -1)
	if err != nil {
		return err
	}
	in, hidden := kernel.Shape[0], kernel.Shape[1]/4
	if kernel.Shape[1] != 4*hidden {
		return fmt.Errorf("weights: tensor %q has shape %v, want [inputs, 4·units]", kernel.Name, kernel.Shape)
	}
	recurrent, err := r.take(variable(r.file, name+"recurrent_kernel"), hidden, 4*hidden)
	if err != nil {
		return err
	}
	bias := make([]float64, 4*hidden)
	if biasName := variable(r.file, name+"bias"); r.file.Find(biasName) != nil {
		b, err := r.take(biasName, 4*hidden, 0)
		if err != nil {
			return err
		}
		bias = b.Data
	}
	n.Layers = append(n.Layers, assemble(in, hidden, order, func(row, col int) float64 {
		if col < in {
			return kernel.Data[col*4*hidden+row]
		}
		return recurrent.Data[(col-in)*4*hidden+row]
	}, func(row int) float64 { return bias[row] }))
	return nil
}

// kerasLayers returns the prefixes of the LSTM layers in order, and of the Dense layers.
func kerasLayers(f *safetensors.File) (recurrent, dense []string, err error) {
	for _, t := range f.Tensors {
		prefix, _, _ := cutLast(t.Name, lastWord(t.Name))
		switch {
		case strings.Contains(t.Name, "backward_") || strings.Contains(t.Name, "forward_"):
			return nil, nil, fmt.Errorf("weights: tensor %q: a bidirectional LSTM reads the future and cannot forecast", t.Name)
		case lastWord(t.Name) == "recurrent_kernel":
			recurrent = append(recurrent, prefix)
		case lastWord(t.Name) == "kernel" && f.Find(variable(f, prefix+"recurrent_kernel")) == nil:
			dense = append(dense, prefix)
		}
	}
	return recurrent, dense, arrange(f, keyLayers, recurrent)
}
