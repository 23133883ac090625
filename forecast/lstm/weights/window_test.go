package weights

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forescale/forescale/forecast/lstm"
	"github.com/forescale/forescale/forecast/lstm/weights/safetensors"
)

const fixtureWindow = 5 // as in testdata/generate.py

// windowDeviation is the largest difference between the forecasts of n as an expert and
// those of the reference, from each cell at which a window is full.
func windowDeviation(t *testing.T, n *lstm.Network, r reference) float64 {
	t.Helper()
	e, err := n.NewExpert(time.Unix(0, 0), time.Minute)
	require.NoError(t, err)
	worst := 0.0
	for k, v := range r.Inputs {
		e.Update(v[0])
		if k < fixtureWindow-1 {
			continue
		}
		worst = math.Max(worst, math.Abs(e.At(1)-r.Outputs[k-fixtureWindow+1][0]))
	}
	return worst
}

// A network that was trained on windows, with dense layers above the LSTM, forecasts as its
// framework does.
func TestWindowedReferenceOutputs(t *testing.T) {
	for _, framework := range []string{"pytorch", "keras"} {
		weights, r := readReference(t, framework+"-window")
		n, err := Decode(weights)
		require.NoError(t, err, framework)
		require.Equal(t, fixtureWindow, n.Config.Window)
		require.LessOrEqualf(t, windowDeviation(t, n, r), 1e-6, "%s: %s", framework, r.Origin)

		own, err := Encode(n)
		require.NoError(t, err)
		again, err := Decode(own)
		require.NoError(t, err)
		require.Equal(t, n, again, "its own layout holds all of it")
	}
}

// Each row changes what the metadata say of a windowed network: it then forecasts
// something else by far more than the reference test allows.
func TestWhatTheMetadataSayOfALayerCounts(t *testing.T) {
	for name, c := range map[string]struct{ stem, key, value string }{
		"state carried on":    {"pytorch-window", "window", "0"},
		"shorter window":      {"pytorch-window", "window", "4"},
		"no activation":       {"pytorch-window", "dense_activations", "linear"},
		"tanh for relu":       {"keras-window", "activation", "tanh"},
		"other dense":         {"keras-window", "dense_activations", "relu,sigmoid"},
		"longer keras window": {"keras-window", "window", "6"},
	} {
		weights, r := readReference(t, c.stem)
		n, err := Decode(withMetadata(t, weights, c.key, c.value))
		require.NoError(t, err, name)
		require.Greater(t, windowDeviation(t, n, r), 1e-3, name)
	}
}

func withMetadata(t *testing.T, weights []byte, key, value string) []byte {
	t.Helper()
	f, err := safetensors.Decode(weights)
	require.NoError(t, err)
	f.Metadata[key] = value
	weights, err = safetensors.Encode(f)
	require.NoError(t, err)
	return weights
}

// Each row says something about the dense layers or the window that does not fit.
func TestDecodeRefusesWindowsAndDenseLayers(t *testing.T) {
	for name, c := range map[string]struct{ stem, key, value, want string }{
		"relu carried on":    {"keras-window", "window", "", "the memory of a layer with relu grows while it is carried on, so such a network needs a window"},
		"window of words":    {"keras-window", "window", "an hour", `metadata window is "an hour": want a number of cells`},
		"window too long":    {"keras-window", "window", "100000", "window is 100000 cells, want 1 to 4096"},
		"activations":        {"keras-window", "dense_activations", "relu", `metadata dense_activations is "relu", want 2: one for each of ["dense/" "dense_1/" "dense_2/"] but the last`},
		"unknown activation": {"keras-window", "dense_activations", "relu,softmax", `metadata dense_activations is "relu,softmax", want a list of linear, relu, tanh and sigmoid`},
		"names":              {"pytorch-window", "dense", "fc1,out", `metadata dense is "fc1,out", which does not name the layer "fc2"`},
		"order":              {"pytorch-window", "dense", "fc2,fc1", `tensor "fc2.weight" has shape [1 4], want [-1 6]`},
		"hard activation":    {"pytorch-window", "activation", "elu", `metadata activation is "elu", want "tanh" or "relu": no other is computed`},
	} {
		weights, _ := readReference(t, c.stem)
		_, err := Decode(withMetadata(t, weights, c.key, c.value))
		require.ErrorContains(t, err, c.want, name)
	}
}
