package lstm

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/forescale/forescale/forecast/lstm/safetensors"
)

// pytorch reads the state dict of a module that holds one nn.LSTM and one
// nn.Linear, under any names.
func (n *Network) pytorch(p *pile, order gateOrder) error {
	prefix, linear, err := pytorchModules(p.file)
	if err != nil {
		return err
	}
	for k := 0; p.file.Find(prefix+"weight_ih_l"+strconv.Itoa(k)) != nil; k++ {
		if err := n.pytorchLayer(p, prefix, strconv.Itoa(k), order); err != nil {
			return err
		}
	}
	if len(n.layers) == 0 || len(linear) != 1 {
		return fmt.Errorf("lstm: %d LSTM layers and the linear layers %q, want at least one and exactly one", len(n.layers), linear)
	}
	w, err := p.take(linear[0]+"weight", -1, n.layers[len(n.layers)-1].Hidden)
	if err != nil {
		return err
	}
	n.head = head{inputs: w.Shape[1], outputs: w.Shape[0], w2: w.Data, b2: make([]float64, w.Shape[0])}
	if p.file.Find(linear[0]+"bias") == nil {
		return nil
	}
	b, err := p.take(linear[0]+"bias", w.Shape[0], 0)
	if err != nil {
		return err
	}
	n.head.b2 = b.Data
	return nil
}

// pytorchModules returns the prefixes of the LSTM and of the linear layers.
func pytorchModules(f *safetensors.File) (prefix string, linear []string, err error) {
	for _, t := range f.Tensors {
		before, after, isLSTM := cutLast(t.Name, "weight_ih_l")
		switch {
		case strings.HasSuffix(t.Name, "_reverse"):
			return "", nil, fmt.Errorf("lstm: tensor %q: a bidirectional LSTM reads the future and cannot forecast", t.Name)
		case strings.Contains(t.Name, "weight_hr_l"):
			return "", nil, fmt.Errorf("lstm: tensor %q: an LSTM with proj_size is not read", t.Name)
		case isLSTM && after == "0":
			prefix = before
		case lastWord(t.Name) == "weight":
			linear = append(linear, strings.TrimSuffix(t.Name, "weight"))
		}
	}
	return prefix, linear, nil
}

func (n *Network) pytorchLayer(p *pile, prefix, k string, order gateOrder) error {
	ih, err := p.take(prefix+"weight_ih_l"+k, -1, -1)
	if err != nil {
		return err
	}
	in, hidden := ih.Shape[1], ih.Shape[0]/4
	hh, err := p.take(prefix+"weight_hh_l"+k, 4*hidden, hidden)
	if err != nil {
		return err
	}
	bias := make([]float64, 4*hidden)
	for _, name := range []string{prefix + "bias_ih_l" + k, prefix + "bias_hh_l" + k} {
		if p.file.Find(name) == nil {
			continue // bias=False
		}
		b, err := p.take(name, 4*hidden, 0)
		if err != nil {
			return err
		}
		for i, v := range b.Data {
			bias[i] += v
		}
	}
	if ih.Shape[0] != 4*hidden {
		return fmt.Errorf("lstm: tensor %q has shape %v, want [4·units, inputs]", ih.Name, ih.Shape)
	}
	n.layers = append(n.layers, assemble(in, hidden, order, func(r, c int) float64 {
		if c < in {
			return ih.Data[r*in+c]
		}
		return hh.Data[r*hidden+c-in]
	}, func(r int) float64 { return bias[r] }))
	return nil
}
