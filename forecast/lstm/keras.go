package lstm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/forescale/forescale/forecast/lstm/safetensors"
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
func (n *Network) keras(p *pile, order gateOrder) error {
	recurrent, dense, err := kerasLayers(p.file)
	if err != nil {
		return err
	}
	for _, name := range recurrent {
		if err := n.kerasLayer(p, name, order); err != nil {
			return err
		}
	}
	w, err := p.take(variable(p.file, dense+"kernel"), n.layers[len(n.layers)-1].Hidden, -1)
	if err != nil {
		return err
	}
	n.head = newHead(w.Shape[0], 0, w.Shape[1])
	for i := range w.Shape[0] {
		for j := range w.Shape[1] {
			n.head.w2[j*w.Shape[0]+i] = w.Data[i*w.Shape[1]+j]
		}
	}
	biasName := variable(p.file, dense+"bias")
	if p.file.Find(biasName) == nil {
		return nil
	}
	b, err := p.take(biasName, n.head.outputs, 0)
	if err != nil {
		return err
	}
	n.head.b2 = b.Data
	return nil
}

func (n *Network) kerasLayer(p *pile, name string, order gateOrder) error {
	kernel, err := p.take(variable(p.file, name+"kernel"), -1, -1)
	if err != nil {
		return err
	}
	in, hidden := kernel.Shape[0], kernel.Shape[1]/4
	if kernel.Shape[1] != 4*hidden {
		return fmt.Errorf("lstm: tensor %q has shape %v, want [inputs, 4·units]", kernel.Name, kernel.Shape)
	}
	recurrent, err := p.take(variable(p.file, name+"recurrent_kernel"), hidden, 4*hidden)
	if err != nil {
		return err
	}
	bias := make([]float64, 4*hidden)
	if biasName := variable(p.file, name+"bias"); p.file.Find(biasName) != nil {
		b, err := p.take(biasName, 4*hidden, 0)
		if err != nil {
			return err
		}
		bias = b.Data
	}
	n.layers = append(n.layers, assemble(in, hidden, order, func(r, c int) float64 {
		if c < in {
			return kernel.Data[c*4*hidden+r]
		}
		return recurrent.Data[(c-in)*4*hidden+r]
	}, func(r int) float64 { return bias[r] }))
	return nil
}

// kerasLayers returns the prefixes of the LSTM layers in order, and of the only
// Dense layer.
func kerasLayers(f *safetensors.File) (recurrent []string, dense string, err error) {
	var others []string
	for _, t := range f.Tensors {
		prefix, _, _ := cutLast(t.Name, lastWord(t.Name))
		switch {
		case strings.Contains(t.Name, "backward_") || strings.Contains(t.Name, "forward_"):
			return nil, "", fmt.Errorf("lstm: tensor %q: a bidirectional LSTM reads the future and cannot forecast", t.Name)
		case lastWord(t.Name) == "recurrent_kernel":
			recurrent = append(recurrent, prefix)
		case lastWord(t.Name) == "kernel" && f.Find(variable(f, prefix+"recurrent_kernel")) == nil:
			others = append(others, prefix)
		}
	}
	if len(recurrent) == 0 || len(others) != 1 {
		return nil, "", fmt.Errorf("lstm: LSTM layers %q and Dense layers %q, want at least one and exactly one", recurrent, others)
	}
	if given, ok := f.Metadata[keyLayers]; ok {
		order := strings.Split(given, ",")
		slices.SortStableFunc(recurrent, func(a, b string) int {
			return slices.Index(order, strings.Trim(a, "./")) - slices.Index(order, strings.Trim(b, "./"))
		})
		return recurrent, others[0], nil
	}
	slices.SortFunc(recurrent, func(a, b string) int { // lstm, lstm_1, …, lstm_10
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	return recurrent, others[0], nil
}
