package lstm

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/forescale/forescale/forecast/lstm/cell"
	"github.com/forescale/forescale/forecast/lstm/safetensors"
)

// A layout is whose names, gate order and bias convention a weight file has.
type layout string

const (
	ownLayout     layout = "forescale"
	pytorchLayout layout = "pytorch"
	kerasLayout   layout = "keras"
)

// A gate order says where the blocks of a framework's rows are to be found in
// the order i, f, g, o of package cell: block k of ours is its block order[k].
type gateOrder [4]int

// PyTorch's nn.LSTM has the blocks (W_ii|W_if|W_ig|W_io), Keras' LSTM has
// i, f, c, o with c for our g: both are the order of package cell.
var sameOrder = gateOrder{0, 1, 2, 3} //nolint:gochecknoglobals // a constant

// detect guesses the layout from the names of the tensors.
func detect(f *safetensors.File) (layout, error) {
	for _, t := range f.Tensors {
		switch {
		case strings.Contains(t.Name, "weight_ih_l"):
			return pytorchLayout, nil
		case lastWord(t.Name) == "recurrent_kernel":
			return kerasLayout, nil
		case t.Name == "lstm.0.weight":
			return ownLayout, nil
		}
	}
	return "", fmt.Errorf("lstm: no LSTM among the tensors %q, want lstm.0.weight (own layout), …weight_ih_l0 (PyTorch) or …recurrent_kernel (Keras)", names(f))
}

func names(f *safetensors.File) []string {
	var out []string
	for i, t := range f.Tensors {
		if i == 20 {
			return append(out, "…")
		}
		out = append(out, t.Name)
	}
	return out
}

// A pile holds the tensors of a file that no layer has taken yet.
type pile struct {
	file *safetensors.File
	used map[string]bool
}

// take returns the tensor of that name, which must have rows × cols numbers, or
// rows if cols is 0. A size of −1 accepts any.
func (p *pile) take(name string, rows, cols int) (*safetensors.Tensor, error) {
	t := p.file.Find(name)
	if t == nil {
		return nil, fmt.Errorf("lstm: tensor %q is missing", name)
	}
	want := []int{rows, cols}
	if cols == 0 {
		want = want[:1]
	}
	fits := len(t.Shape) == len(want)
	for i := 0; fits && i < len(want); i++ {
		fits = want[i] == -1 || t.Shape[i] == want[i]
	}
	if !fits {
		return nil, fmt.Errorf("lstm: tensor %q has shape %v, want %v (−1: any size)", name, t.Shape, want)
	}
	p.used[name] = true
	return t, nil
}

// rest returns an error that names the first tensor that no layer has taken: a
// weight that is not understood must not be left out of the sum.
func (p *pile) rest() error {
	for _, t := range p.file.Tensors {
		if !p.used[t.Name] {
			return fmt.Errorf("lstm: tensor %q is not part of an LSTM with a linear head as this version reads it", t.Name)
		}
	}
	return nil
}

// assemble puts the input and the recurrent matrix of a framework side by side;
// at returns the number in row r (4H of them, in the framework's order) and
// column c of [input | recurrent]. bias returns that of row r.
func assemble(in, hidden int, order gateOrder, at func(r, c int) float64, bias func(r int) float64) cell.Layer {
	l := cell.NewLayer(in, hidden)
	for k, from := range order {
		for j := range hidden {
			to, r := k*hidden+j, from*hidden+j
			for c := range in + hidden {
				l.W[to*(in+hidden)+c] = at(r, c)
			}
			l.B[to] = bias(r)
		}
	}
	return l
}

// own reads the layout that Encode writes.
func (n *Network) own(p *pile) error {
	for i := 0; p.file.Find(fmt.Sprintf("lstm.%d.weight", i)) != nil; i++ {
		w, err := p.take(fmt.Sprintf("lstm.%d.weight", i), -1, -1)
		if err != nil {
			return err
		}
		hidden := w.Shape[0] / 4
		if w.Shape[0] != 4*hidden || w.Shape[1] <= hidden {
			return fmt.Errorf("lstm: tensor %q has shape %v, want [4·units, inputs+units]", w.Name, w.Shape)
		}
		b, err := p.take(fmt.Sprintf("lstm.%d.bias", i), 4*hidden, 0)
		if err != nil {
			return err
		}
		n.layers = append(n.layers, cell.Layer{In: w.Shape[1] - hidden, Hidden: hidden, W: w.Data, B: b.Data})
	}
	w2, err := p.take("head.output.weight", -1, -1)
	if err != nil {
		return err
	}
	n.head = head{inputs: w2.Shape[1], outputs: w2.Shape[0], w2: w2.Data}
	if p.file.Find("head.hidden.weight") != nil {
		w1, err := p.take("head.hidden.weight", -1, -1)
		if err != nil {
			return err
		}
		n.head.hidden, n.head.inputs, n.head.w1 = w1.Shape[0], w1.Shape[1], w1.Data
		if n.head.inputs+n.head.hidden != w2.Shape[1] {
			return fmt.Errorf("lstm: tensor %q has shape %v, want %d columns: inputs and hidden units", w2.Name, w2.Shape, n.head.inputs+n.head.hidden)
		}
		b1, err := p.take("head.hidden.bias", n.head.hidden, 0)
		if err != nil {
			return err
		}
		n.head.b1 = b1.Data
	}
	b2, err := p.take("head.output.bias", n.head.outputs, 0)
	if err != nil {
		return err
	}
	n.head.b2 = b2.Data
	return nil
}

// pytorch reads the state dict of a module that holds one nn.LSTM and one
// nn.Linear, under any names.
func (n *Network) pytorch(p *pile, order gateOrder) error {
	prefix := ""
	linear := []string{}
	for _, t := range p.file.Tensors {
		before, after, isLSTM := cutLast(t.Name, "weight_ih_l")
		switch {
		case strings.HasSuffix(t.Name, "_reverse"):
			return fmt.Errorf("lstm: tensor %q: a bidirectional LSTM reads the future and cannot forecast", t.Name)
		case strings.Contains(t.Name, "weight_hr_l"):
			return fmt.Errorf("lstm: tensor %q: an LSTM with proj_size is not read", t.Name)
		case isLSTM && after == "0":
			prefix = before
		case lastWord(t.Name) == "weight":
			linear = append(linear, strings.TrimSuffix(t.Name, "weight"))
		}
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

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// lastWord returns what follows the last dot or slash of a tensor's name, less
// the ":0" of TensorFlow.
func lastWord(name string) string {
	name = strings.TrimSuffix(name, ":0")
	return name[strings.LastIndexAny(name, "./")+1:]
}

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
