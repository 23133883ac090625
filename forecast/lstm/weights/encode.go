package weights

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/input"
	"github.com/forescale/forescale/forecast/lstm/weights/safetensors"
)

// The metadata keys of a weight file, and the words they may hold.
const (
	keyFormat        = "format"
	keyVersion       = "version"
	keyLayout        = "layout"
	keyStep          = "step"
	keyFeatures      = "features"
	keyNormalisation = "normalisation"
	keyRungs         = "rungs"
	keyQuantiles     = "quantiles"
	keyTargets       = "targets"
	keyOutput        = "output"
	keyLayers        = "layers"
	keyWindow        = "window"
	keyActivation    = "activation"
	keyRecurrent     = "recurrent_activation"
	keyDense         = "dense"
	keyDenseActs     = "dense_activations"

	formatName    = "forescale.lstm"
	formatVersion = "1"
)

// Encode returns n as a safetensors file in our own layout; see the package
// comment. [Decode] returns the same network bit for bit.
func Encode(n *lstm.Network) ([]byte, error) {
	f := &safetensors.File{Metadata: metadata(n)}
	add := func(name string, data []float64, shape ...int) {
		f.Tensors = append(f.Tensors, safetensors.Tensor{Name: name, Shape: shape, Data: data})
	}
	for i, l := range n.Layers {
		add(fmt.Sprintf("lstm.%d.weight", i), l.W, 4*l.Hidden, l.In+l.Hidden)
		add(fmt.Sprintf("lstm.%d.bias", i), l.B, 4*l.Hidden)
	}
	for i, d := range n.Dense {
		add(fmt.Sprintf("dense.%d.weight", i), d.W, d.Out, d.In)
		add(fmt.Sprintf("dense.%d.bias", i), d.B, d.Out)
	}
	h := &n.Head
	if h.Hidden > 0 {
		add("head.hidden.weight", h.W1, h.Hidden, h.Inputs)
		add("head.hidden.bias", h.B1, h.Hidden)
	}
	add("head.output.weight", h.W2, h.Outputs, h.Inputs+h.Hidden)
	add("head.output.bias", h.B2, h.Outputs)
	return safetensors.Encode(f)
}

func metadata(n *lstm.Network) map[string]string {
	c := &n.Config
	m := map[string]string{
		keyFormat:        formatName,
		keyVersion:       formatVersion,
		keyLayout:        string(ownLayout),
		keyFeatures:      join(c.Features, func(f input.Feature) string { return string(f) }),
		keyRungs:         join(c.Rungs, strconv.Itoa),
		keyQuantiles:     join(c.Quantiles, number),
		keyNormalisation: "daily",
		keyTargets:       "value",
		keyOutput:        "value",
	}
	if c.Step > 0 {
		m[keyStep] = c.Step.String()
	}
	if s := c.Normalisation; s.Scale > 0 {
		m[keyNormalisation] = "affine:" + number(s.Offset) + "," + number(s.Scale)
	}
	if c.Peaks {
		m[keyTargets] = "value,peak"
	}
	if c.Relative {
		m[keyOutput] = "change"
	}
	if c.Window > 0 {
		m[keyWindow] = strconv.Itoa(c.Window)
	}
	if n.Layers[0].Relu {
		m[keyActivation] = string(lstm.Relu)
	}
	if len(n.Dense) > 0 {
		m[keyDenseActs] = join(n.Dense, func(d lstm.Dense) string { return string(d.Activation) })
	}
	return m
}

func join[T any](xs []T, text func(T) string) string {
	words := make([]string, len(xs))
	for i, x := range xs {
		words[i] = text(x)
	}
	return strings.Join(words, ",")
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
