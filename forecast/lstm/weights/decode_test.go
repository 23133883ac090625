package weights

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/cell"
	"github.com/forescale/forescale/forecast/lstm/lstmtest"
	"github.com/forescale/forescale/forecast/lstm/weights/safetensors"
)

// A reference is what a framework, or its equations, computed once; see
// testdata/generate.py.
type reference struct {
	Origin          string
	Inputs, Outputs [][]float64
}

func readReference(t *testing.T, stem string) ([]byte, reference) {
	t.Helper()
	var r reference
	text, err := os.ReadFile("testdata/" + stem + ".json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &r))
	require.NotEmpty(t, r.Origin)
	weights, err := os.ReadFile("testdata/" + stem + ".safetensors")
	require.NoError(t, err)
	return weights, r
}

// deviation is the largest difference between what n computes and the reference.
func deviation(n *lstm.Network, r reference) float64 {
	var states []*cell.State
	for i := range n.Layers {
		states = append(states, n.Layers[i].NewState())
	}
	worst := 0.0
	out := make([]float64, n.Head.Outputs)
	for k, x := range r.Inputs {
		for i, s := range states {
			copy(s.Input(), x)
			n.Layers[i].Step(s)
			x = s.Output()
		}
		n.Head.Forward(x, out)
		for j, v := range out {
			worst = math.Max(worst, math.Abs(v-r.Outputs[k][j]))
		}
	}
	return worst
}

func TestReferenceOutputs(t *testing.T) {
	for _, framework := range []string{"pytorch", "keras"} {
		for k := range 3 {
			stem := fmt.Sprintf("%s-%d", framework, k)
			weights, r := readReference(t, stem)
			n, err := Decode(weights)
			require.NoError(t, err, stem)
			require.Len(t, r.Inputs, 12)
			require.LessOrEqualf(t, deviation(n, r), 1e-6, "%s: %s", stem, r.Origin)
		}
	}
}

// The file that convert/test_keras_to_safetensors.py --write makes by way of an
// .h5 file computes what the weights it was made of do.
func TestAConvertedKerasFile(t *testing.T) {
	weights, err := os.ReadFile("testdata/keras-h5.safetensors")
	require.NoError(t, err)
	n, err := Decode(weights)
	require.NoError(t, err)
	_, r := readReference(t, "keras-1")
	require.LessOrEqual(t, deviation(n, r), 1e-6)
}

// Each wrong order of the gates, that of ONNX and of old TensorFlow among them,
// is off by far more than the reference test allows.
func TestAWrongGateOrderFails(t *testing.T) {
	for _, framework := range []string{"pytorch", "keras"} {
		weights, r := readReference(t, framework+"-1")
		for _, order := range []gateOrder{{0, 3, 1, 2}, {0, 2, 3, 1}, {0, 2, 1, 3}, {1, 0, 2, 3}, {0, 1, 3, 2}} {
			n, err := decode(weights, order)
			require.NoError(t, err)
			require.Greater(t, deviation(n, r), 1e-2, "%s %v", framework, order)
		}
	}
}

// Without one of PyTorch's two biases the outputs are wrong: they are added.
func TestBothBiasesOfPyTorchCount(t *testing.T) {
	weights, r := readReference(t, "pytorch-0")
	f, err := safetensors.Decode(weights)
	require.NoError(t, err)
	clear(f.Find("rnn.bias_hh_l0").Data)
	weights, err = safetensors.Encode(f)
	require.NoError(t, err)
	n, err := Decode(weights)
	require.NoError(t, err)
	require.Greater(t, deviation(n, r), 1e-2)
}

func TestEncodeAndDecodeAreInverse(t *testing.T) {
	want := lstmtest.Untrained(time.Hour, 8, 5)
	data, err := Encode(want)
	require.NoError(t, err)
	got, err := Decode(data)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// Each row changes one thing in a good file, and says by which words its owner
// learns of it.
func TestDecodeRefuses(t *testing.T) {
	type file = safetensors.File
	reshape := func(name string, shape ...int) func(*file) {
		return func(f *file) {
			size := 1
			for _, d := range shape {
				size *= d
			}
			*f.Find(name) = safetensors.Tensor{Name: name, Shape: shape, Data: make([]float64, size)}
		}
	}
	meta := func(key, value string) func(*file) {
		return func(f *file) { f.Metadata[key] = value }
	}
	rename := func(from, to string) func(*file) {
		return func(f *file) { f.Find(from).Name = to }
	}
	for name, c := range map[string]struct {
		stem   string
		change func(*file)
		want   string
	}{
		"no metadata":         {"pytorch-0", func(f *file) { f.Metadata = nil }, `metadata format is "", want "forescale.lstm"`},
		"newer version":       {"pytorch-0", meta("version", "2"), `metadata version is "2", want "1"`},
		"other layout":        {"pytorch-0", meta("layout", "keras"), `metadata layout is "keras", but the tensors are named as in "pytorch"`},
		"unknown key":         {"pytorch-0", meta("quantile", "0.5"), `metadata "quantile" is unknown`},
		"hard sigmoid":        {"keras-0", meta("recurrent_activation", "hard_sigmoid"), `metadata recurrent_activation is "hard_sigmoid", want "sigmoid"`},
		"bad step":            {"pytorch-0", meta("step", "-1m"), `metadata step is "-1m": want a positive duration`},
		"unknown feature":     {"pytorch-0", meta("features", "vlaue"), `feature "vlaue" is unknown, want some of`},
		"feature twice":       {"pytorch-1", meta("features", "value,value,day"), `feature "value" occurs twice`},
		"too few features":    {"pytorch-1", meta("features", "value"), "layer 0 takes 3 inputs, want 1"},
		"no normalisation":    {"pytorch-0", meta("normalisation", "minmax:5,5"), `metadata normalisation is "minmax:5,5": want daily`},
		"rungs not ascending": {"keras-1", meta("rungs", "1,2,3,4,6,5"), "rung 5 after 6"},
		"rungs against head":  {"keras-1", meta("rungs", "1"), "the head has 6 outputs, want 1"},
		"quantile of one":     {"pytorch-0", meta("quantiles", "1"), "quantile level 1"},
		"relative":            {"pytorch-0", meta("output", "change"), "the head takes 4 inputs, want 8"},
		"gates not four":      {"pytorch-0", reshape("rnn.weight_ih_l0", 15, 1), `tensor "rnn.weight_hh_l0" has shape [16 4], want [12 3]`},
		"matrix as vector":    {"pytorch-0", reshape("rnn.weight_hh_l0", 64), `tensor "rnn.weight_hh_l0" has shape [64], want [16 4]`},
		"bias too long":       {"pytorch-0", reshape("rnn.bias_hh_l0", 17), `tensor "rnn.bias_hh_l0" has shape [17], want [16]`},
		"head too wide":       {"pytorch-0", reshape("fc.weight", 1, 5), `tensor "fc.weight" has shape [1 5], want [-1 4]`},
		"second linear":       {"pytorch-0", rename("rnn.bias_hh_l0", "fc2.weight"), `metadata dense_activations is "", want 1: one for each of ["fc." "fc2."] but the last`},
		"missing":             {"pytorch-0", rename("rnn.weight_hh_l0", "hh"), `tensor "rnn.weight_hh_l0" is missing`},
		"not understood":      {"pytorch-0", rename("rnn.bias_hh_l0", "attention"), `tensor "attention" is not part of an LSTM`},
		"bidirectional":       {"pytorch-0", rename("rnn.bias_hh_l0", "rnn.weight_ih_l0_reverse"), `tensor "rnn.weight_ih_l0_reverse": a bidirectional`},
		"projected":           {"pytorch-0", rename("rnn.bias_hh_l0", "rnn.weight_hr_l0"), `tensor "rnn.weight_hr_l0": an LSTM with proj_size`},
		"keras bidirectional": {"keras-0", rename("lstm/lstm_cell/bias", "bidirectional/backward_lstm/bias"), `"bidirectional/backward_lstm/bias": a bidirectional`},
		"keras kernel":        {"keras-0", reshape("lstm/lstm_cell/recurrent_kernel", 4, 15), `tensor "lstm/lstm_cell/recurrent_kernel" has shape [4 15], want [4 16]`},
		"keras second dense":  {"keras-0", rename("lstm/lstm_cell/bias", "dense_1/kernel"), `want 1: one for each of ["dense/" "dense_1/"] but the last`},
		"nothing known":       {"pytorch-0", rename("rnn.weight_ih_l0", "x"), `no LSTM among the tensors`},
		"weight out of range": {"pytorch-0", func(f *file) { f.Find("fc.bias").Data[0] = 1e9 }, `tensor "fc.bias" has a weight of 1e+09, want at most 1e+06`},
	} {
		weights, _ := readReference(t, c.stem)
		f, err := safetensors.Decode(weights)
		require.NoError(t, err)
		c.change(f)
		weights, err = safetensors.Encode(f)
		require.NoError(t, err, name)
		_, err = Decode(weights)
		require.ErrorContainsf(t, err, c.want, name)
	}
}

func TestKerasLayersKeepTheirOrder(t *testing.T) {
	f := &safetensors.File{Metadata: map[string]string{}}
	for _, name := range []string{"lstm_10/", "lstm_9/", "lstm/"} {
		f.Tensors = append(f.Tensors, safetensors.Tensor{Name: name + "kernel:0"}, safetensors.Tensor{Name: name + "recurrent_kernel:0"})
	}
	f.Tensors = append(f.Tensors, safetensors.Tensor{Name: "dense/kernel:0"})
	layers, dense, err := kerasLayers(f)
	require.NoError(t, err)
	require.Equal(t, []string{"lstm/", "lstm_9/", "lstm_10/"}, layers)
	require.Equal(t, []string{"dense/"}, dense)
	maps.Copy(f.Metadata, map[string]string{"layers": "lstm_9, lstm,lstm_10"})
	layers, _, err = kerasLayers(f)
	require.NoError(t, err)
	require.Equal(t, []string{"lstm_9/", "lstm/", "lstm_10/"}, layers)
	f.Metadata["layers"] = "lstm_9,lstm,lstm_1" // of layers of one size no other check would find the wrong order
	_, _, err = kerasLayers(f)
	require.ErrorContains(t, err, `metadata layers is "lstm_9,lstm,lstm_1", which does not name the layer "lstm_10"`)
}

// FuzzDecode looks for a panic and for memory out of proportion, and runs what
// is accepted: its forecasts must be finite. The inputs are large; give
// -fuzzminimizetime 1x, or the time goes into making them smaller.
func FuzzDecode(f *testing.F) {
	for _, stem := range []string{"pytorch-0", "keras-0", "keras-1", "pytorch-window", "keras-window"} {
		weights, err := os.ReadFile("testdata/" + stem + ".safetensors")
		require.NoError(f, err)
		f.Add(weights)
	}
	weights, err := Encode(lstmtest.Untrained(time.Hour, 8, 8))
	require.NoError(f, err)
	f.Add(weights)
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		n, err := Decode(data)
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20+300*len(data)))
		if err != nil {
			return
		}
		e, err := n.NewExpert(time.Unix(0, 0), max(time.Minute, min(n.Config.Step, 12*time.Hour)))
		if err != nil {
			return
		}
		for _, v := range []float64{0, 3, 1e9, 5} {
			e.Update(v)
			for _, h := range []int{1, 2, 7} {
				require.GreaterOrEqual(t, e.At(h), 0.0, "%d steps ahead", h) // nor NaN
			}
		}
	})
}
