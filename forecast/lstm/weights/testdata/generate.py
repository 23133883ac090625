"""Writes the reference fixtures of package lstm: weights, inputs and outputs.

    python3 generate.py pytorch    needs torch; runs torch.nn.LSTM and torch.nn.Linear
    python3 generate.py keras      needs numpy only; then node keras.mjs

PyTorch outputs are those of torch itself, in double precision on weights that
are exact in single precision. Keras ones are written here from the equations of
keras.layers.LSTM (use_bias=True, activation "tanh", recurrent_activation
"sigmoid") in the framework's own orientation (x @ kernel) and gate order (i, f,
c, o), and then replaced by those that TensorFlow.js computes (keras.mjs), which
differ by less than 2e-7.

The two called window forecast from the last WINDOW values, starting each time
with a state of zero, and by several dense layers. There is an output for each
full window.
"""

import json
import struct
import sys

SHAPES = [  # inputs, units per layer, outputs
    (1, [4], 1),
    (3, [8, 8], 6),
    (5, [16], 2),
]
STEPS = 12
WINDOW = 5  # of the fixtures called window


def write_safetensors(path, tensors, metadata):
    header, buffer = {"__metadata__": metadata}, b""
    for name, array in tensors.items():
        raw = array.astype("<f4").tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(array.shape),
            "data_offsets": [len(buffer), len(buffer) + len(raw)],
        }
        buffer += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + buffer)


def metadata(layout, inputs, outputs):
    features = ["value", "change", "day", "week", "gap"][:inputs]
    return {
        "format": "forescale.lstm",
        "version": "1",
        "layout": layout,
        "features": ",".join(features),
        "normalisation": "none",
        "rungs": ",".join(str(i + 1) for i in range(outputs)),
        "quantiles": "0.5",
    }


def write(layout, k, origin, shape, tensors, inputs, outputs):
    stem = "%s-%d" % (layout, k)
    write_safetensors(stem + ".safetensors", tensors, metadata(layout, shape[0], shape[2]))
    with open(stem + ".json", "w") as f:
        json.dump({"origin": origin, "inputs": inputs, "outputs": outputs}, f, indent=1)
        f.write("\n")


def slide(values, forecast):
    """Returns the forecast from each full window of values."""
    return [[float(forecast(values[k - WINDOW : k]))] for k in range(WINDOW, len(values) + 1)]


def windowed(layout, **more):
    m = metadata(layout, 1, 1)
    m.update({"window": str(WINDOW)}, **more)
    return m


def write_windowed(layout, origin, tensors, meta, values, outputs):
    write_safetensors(layout + "-window.safetensors", tensors, meta)
    with open(layout + "-window.json", "w") as f:
        json.dump({"origin": origin, "inputs": [[float(v)] for v in values], "outputs": outputs}, f, indent=1)
        f.write("\n")


def pytorch_window():
    import torch

    torch.manual_seed(103)
    lstm = torch.nn.LSTM(1, 6, num_layers=2)
    first, last = torch.nn.Linear(6, 4), torch.nn.Linear(4, 1)
    for module in (lstm, first, last):
        for p in module.parameters():
            p.data *= 3
    last.bias.data += 1  # forecasts of a load are not negative
    state = {}
    for prefix, module in (("lstm.", lstm), ("fc1.", first), ("fc2.", last)):
        state.update({prefix + name: p for name, p in module.state_dict().items()})
    tensors = {name: p.numpy() for name, p in state.items()}
    values = torch.rand(STEPS)
    for module in (lstm, first, last):
        module.double()

    def forecast(window):
        x = torch.tensor(window, dtype=torch.float64).reshape(-1, 1)
        return last(torch.relu(first(lstm(x)[0][-1])))

    with torch.no_grad():
        outputs = slide(values.double().tolist(), forecast)
    origin = "torch %s (Debian python3-torch): torch.nn.LSTM(1, 6, num_layers=2), Linear(6, 4), relu, Linear(4, 1), .double(), manual_seed(103)" % torch.__version__
    write_windowed("pytorch", origin, tensors, windowed("pytorch", dense_activations="relu"), values.double().tolist(), outputs)


def pytorch():
    import torch

    pytorch_window()
    for k, (n, units, out) in enumerate(SHAPES):
        torch.manual_seed(100 + k)
        lstm = torch.nn.LSTM(n, units[0], num_layers=len(units))
        linear = torch.nn.Linear(units[-1], out)
        for p in lstm.parameters():
            p.data *= 2  # far enough from zero for every gate to matter
        state = {"rnn." + name: p for name, p in lstm.state_dict().items()}
        state.update({"fc." + name: p for name, p in linear.state_dict().items()})
        tensors = {name: p.numpy() for name, p in state.items()}
        x = torch.randn(STEPS, n)
        with torch.no_grad():
            y = linear.double()(lstm.double()(x.double())[0])
        origin = "torch %s (Debian python3-torch): torch.nn.LSTM(%d, %d, num_layers=%d), torch.nn.Linear(%d, %d), .double(), manual_seed(%d)" % (
            torch.__version__, n, units[0], len(units), units[-1], out, 100 + k)
        write("pytorch", k, origin, (n, units, out), tensors, x.double().tolist(), y.tolist())


def keras_window():
    """The weights and inputs; the outputs are those of keras.mjs."""
    import numpy as np

    rng = np.random.default_rng(203)
    tensors = {}
    for name, a, b in (("lstm", 1, 6), ("lstm_1", 6, 4)):
        for word, shape in (("kernel", (a, 4 * b)), ("recurrent_kernel", (b, 4 * b)), ("bias", (4 * b,))):
            tensors["%s/%s" % (name, word)] = rng.normal(0, 0.8, shape).astype(np.float32)
    for name, a, b in (("dense", 4, 5), ("dense_1", 5, 3), ("dense_2", 3, 1)):
        tensors[name + "/kernel"] = rng.normal(0, 0.9, (a, b)).astype(np.float32)
        tensors[name + "/bias"] = rng.normal(0, 0.7, (b,)).astype(np.float32)
    tensors["dense_2/bias"][:] = 1  # forecasts of a load are not negative
    values = rng.uniform(0, 2, STEPS).astype(np.float32)
    meta = windowed("keras", activation="relu", dense_activations="relu,tanh")
    write_windowed("keras", "", tensors, meta, values, [])


def keras():
    import numpy as np

    keras_window()

    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    for k, (n, units, out) in enumerate(SHAPES):
        rng = np.random.default_rng(200 + k)
        tensors, sizes = {}, [n] + units
        for i, (a, b) in enumerate(zip(sizes, units)):
            name = "lstm/lstm_cell" if i == 0 else "lstm_%d/lstm_cell" % i
            for word, shape in (("kernel", (a, 4 * b)), ("recurrent_kernel", (b, 4 * b)), ("bias", (4 * b,))):
                tensors["%s/%s" % (name, word)] = rng.normal(0, 0.7, shape).astype(np.float32)
        tensors["dense/kernel"] = rng.normal(0, 0.7, (units[-1], out)).astype(np.float32)
        tensors["dense/bias"] = rng.normal(0, 0.7, (out,)).astype(np.float32)
        inputs = rng.normal(0, 1, (STEPS, n)).astype(np.float32).astype(float)
        rows = inputs
        for i, size in enumerate(units):
            name = "lstm/lstm_cell" if i == 0 else "lstm_%d/lstm_cell" % i
            kernel, recurrent, bias = (tensors["%s/%s" % (name, w)].astype(float) for w in ("kernel", "recurrent_kernel", "bias"))
            h, c, hs = np.zeros(size), np.zeros(size), []
            for x in rows:
                z_i, z_f, z_c, z_o = np.split(x @ kernel + h @ recurrent + bias, 4)
                c = sigmoid(z_f) * c + sigmoid(z_i) * np.tanh(z_c)
                h = sigmoid(z_o) * np.tanh(c)
                hs.append(h)
            rows = np.array(hs)
        outputs = rows @ tensors["dense/kernel"].astype(float) + tensors["dense/bias"].astype(float)
        origin = "the equations of keras.layers.LSTM and Dense in numpy %s, default_rng(%d)" % (np.__version__, 200 + k)
        write("keras", k, origin, (n, units, out), tensors, inputs.tolist(), outputs.tolist())


if __name__ == "__main__":
    {"pytorch": pytorch, "keras": keras}[sys.argv[1]]()
