package weights

import (
	"fmt"
	"math"
	"strings"

	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/cell"
	"github.com/forescale/forescale/forecast/lstm/weights/safetensors"
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
	return "", fmt.Errorf("weights: no LSTM among the tensors %q, want lstm.0.weight (own layout), …weight_ih_l0 (PyTorch) or …recurrent_kernel (Keras)", names(f))
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

// A reader takes the tensors out of a file, each for one layer.
type reader struct {
	file *safetensors.File
	used map[string]bool // names of those taken
}

// take returns the tensor of that name, which must have rows × cols numbers, or
// rows if cols is 0, each of at most [lstm.MaxWeight] in size. A size of −1 accepts any.
func (r *reader) take(name string, rows, cols int) (*safetensors.Tensor, error) {
	t := r.file.Find(name)
	if t == nil {
		return nil, fmt.Errorf("weights: tensor %q is missing", name)
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
		return nil, fmt.Errorf("weights: tensor %q has shape %v, want %v (−1: any size)", name, t.Shape, want)
	}
	for _, w := range t.Data {
		if !(math.Abs(w) <= lstm.MaxWeight) {
			return nil, fmt.Errorf("weights: tensor %q has a weight of %v, want at most %v in size", name, w, float64(lstm.MaxWeight))
		}
	}
	r.used[name] = true
	return t, nil
}

// checkAllTaken returns an error that names the first tensor that no layer has taken: a
// weight that is not understood must not be left out of the sum.
func (r *reader) checkAllTaken() error {
	for _, t := range r.file.Tensors {
		if !r.used[t.Name] {
			return fmt.Errorf("weights: tensor %q is not part of an LSTM with a linear head as this version reads it", t.Name)
		}
	}
	return nil
}

// assemble puts the input and the recurrent matrix of a framework side by side;
// at returns the number in a row (4H of them, in the framework's order) and a
// column of [input | recurrent], bias that of a row.
func assemble(in, hidden int, order gateOrder, at func(row, col int) float64, bias func(row int) float64) cell.Layer {
	l := cell.NewLayer(in, hidden)
	for k, from := range order {
		for j := range hidden {
			to, row := k*hidden+j, from*hidden+j
			for c := range in + hidden {
				l.W[to*(in+hidden)+c] = at(row, c)
			}
			l.B[to] = bias(row)
		}
	}
	return l
}

// own reads the layout that Encode writes.
func (r *reader) own(n *lstm.Network) error {
	for i := 0; r.file.Find(fmt.Sprintf("lstm.%d.weight", i)) != nil; i++ {
		w, err := r.take(fmt.Sprintf("lstm.%d.weight", i), -1, -1)
		if err != nil {
			return err
		}
		hidden := w.Shape[0] / 4
		if w.Shape[0] != 4*hidden || w.Shape[1] <= hidden {
			return fmt.Errorf("weights: tensor %q has shape %v, want [4·units, inputs+units]", w.Name, w.Shape)
		}
		b, err := r.take(fmt.Sprintf("lstm.%d.bias", i), 4*hidden, 0)
		if err != nil {
			return err
		}
		n.Layers = append(n.Layers, cell.Layer{In: w.Shape[1] - hidden, Hidden: hidden, W: w.Data, B: b.Data})
	}
	if err := r.ownDense(n); err != nil {
		return err
	}
	return r.ownHead(n)
}

func (r *reader) ownHead(n *lstm.Network) error {
	w2, err := r.take("head.output.weight", -1, -1)
	if err != nil {
		return err
	}
	n.Head = lstm.Head{Inputs: w2.Shape[1], Outputs: w2.Shape[0], W2: w2.Data}
	if r.file.Find("head.hidden.weight") != nil {
		w1, err := r.take("head.hidden.weight", -1, -1)
		if err != nil {
			return err
		}
		n.Head.Hidden, n.Head.Inputs, n.Head.W1 = w1.Shape[0], w1.Shape[1], w1.Data
		if n.Head.Inputs+n.Head.Hidden != w2.Shape[1] {
			return fmt.Errorf("weights: tensor %q has shape %v, want %d columns: inputs and hidden units", w2.Name, w2.Shape, n.Head.Inputs+n.Head.Hidden)
		}
		b1, err := r.take("head.hidden.bias", n.Head.Hidden, 0)
		if err != nil {
			return err
		}
		n.Head.B1 = b1.Data
	}
	b2, err := r.take("head.output.bias", n.Head.Outputs, 0)
	if err != nil {
		return err
	}
	n.Head.B2 = b2.Data
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
