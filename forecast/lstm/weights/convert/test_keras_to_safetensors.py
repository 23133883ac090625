"""Tests of keras_to_safetensors.py on files made with h5py in the layouts of
Keras 2 and Keras 3:  python3 test_keras_to_safetensors.py

The weights are those of ../testdata/keras-1.safetensors, so that the result can
be checked against the reference outputs; --write stores the one from the Keras 2
file as ../testdata/keras-h5.safetensors, which the Go tests read.
"""

import io
import json
import os
import struct
import sys
import tempfile
import unittest
import zipfile

import h5py
import numpy as np

import keras_to_safetensors as converter

TESTDATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "testdata")
ARGS = ["--none", "--features", "value,change,day", "--window", "0"]


def read_safetensors(path):
    with open(path, "rb") as f:
        data = f.read()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + n])
    meta = header.pop("__metadata__")
    out = {}
    for name, e in header.items():
        raw = data[8 + n + e["data_offsets"][0] : 8 + n + e["data_offsets"][1]]
        out[name] = np.frombuffer(raw, {"F32": "<f4", "F64": "<f8"}[e["dtype"]]).reshape(e["shape"])
    return out, meta


def reference():
    tensors, _ = read_safetensors(os.path.join(TESTDATA, "keras-1.safetensors"))
    return {name.replace("/lstm_cell", ""): array for name, array in tensors.items()}


def config(**changes):
    def layer(kind, name, **more):
        base = {"LSTM": {"activation": "tanh", "recurrent_activation": "sigmoid"}, "Dense": {"activation": "linear"}}.get(kind, {})
        return {"class_name": kind, "config": {"name": name, **base, **more}}

    layers = [
        layer("InputLayer", "lstm_input"),
        layer("LSTM", "lstm", return_sequences=True),
        layer("Dropout", "dropout"),
        layer("LSTM", "lstm_1"),
        layer("Dense", "dense"),
    ]
    for i, more in changes.items():
        layers[int(i[1:])]["config"].update(more)
    return {"class_name": "Sequential", "config": {"layers": layers}}


def write_h5(path, config, middle, suffix, root="model_weights/"):
    with h5py.File(path, "w") as f:
        if config is not None:
            f.attrs["model_config"] = json.dumps(config)
        for name, array in reference().items():
            layer, word = name.split("/")
            cell = "/lstm_cell" if layer.startswith("lstm") else ""
            f["%s%s/%s%s/%s%s" % (root, layer, middle % layer, cell, word, suffix)] = array


def write_keras(path, config, root):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as f:
        for name, array in reference().items():
            layer, word = name.split("/")
            inner = "cell/vars" if layer.startswith("lstm") else "vars"
            words = ["kernel", "recurrent_kernel", "bias"] if layer.startswith("lstm") else ["kernel", "bias"]
            f["%s/%s/%s/%d" % (root, layer, inner, words.index(word))] = array
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("config.json", json.dumps(config))
        z.writestr("model.weights.h5", buffer.getvalue())


class Converts(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.out = os.path.join(self.folder.name, "out.safetensors")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def check(self, model, args=ARGS):
        converter.main([model, self.out] + args)
        got, meta = read_safetensors(self.out)
        want = reference()
        self.assertEqual(sorted(got), sorted(want))
        for name in want:
            np.testing.assert_array_equal(got[name], want[name])
        self.assertEqual(meta["layers"], "lstm,lstm_1")
        return meta

    def test_keras_2_file(self):
        write_h5(self.path("m.h5"), config(_0={"batch_input_shape": [None, 24, 3]}), "%s", ":0")
        meta = self.check(self.path("m.h5"), ["--minmax", "0", "1250", "--features", "value,change,day", "--step", "1m"])
        self.assertEqual(meta["window"], "24")
        self.assertEqual(meta["normalisation"], "minmax:0.0,1250.0")
        self.assertEqual(meta["rungs"], "1,2,3,4,5,6")
        self.assertEqual(meta["step"], "1m")

    def test_keras_2_weights_only(self):
        write_h5(self.path("m.h5"), None, "%s", ":0", root="")
        self.check(self.path("m.h5"))

    def test_keras_3_h5_file(self):
        write_h5(self.path("m.h5"), config(), "sequential/%s", "")
        self.check(self.path("m.h5"))

    def test_keras_3_archive(self):
        write_keras(self.path("m.keras"), config(), "layers")
        self.check(self.path("m.keras"))

    def test_early_archive(self):
        write_keras(self.path("m.keras"), config(), "_layer_checkpoint_dependencies")
        self.check(self.path("m.keras"))

    def test_windows(self):
        relu = {"activation": "relu"}
        for changes, args, want in (
            ({"_0": {"batch_shape": [None, 24, 3]}}, [], "24"),
            ({"_1": {"batch_input_shape": [None, 30, 3]}}, [], "30"),
            ({"_0": {"batch_shape": [1, 1, 3]}, "_1": {"stateful": True}}, [], None),
            ({"_0": {"batch_shape": [None, 24, 3]}}, ["--window", "12"], "12"),
            ({"_0": {"batch_shape": [None, None, 3]}}, ["--window", "12"], "12"),
            ({"_0": {"batch_shape": [None, 24, 3]}, "_1": relu, "_3": relu}, [], "24"),
        ):
            write_h5(self.path("m.h5"), config(**changes), "%s", ":0")
            meta = self.check(self.path("m.h5"), ARGS[:3] + args)
            self.assertEqual(meta.get("window"), want)
        self.assertEqual(meta["activation"], "relu")

    def test_dense_layers(self):
        """Two Dense layers in the layouts of .h5 and .keras."""
        model = config(_0={"batch_shape": [None, 24, 3]})
        layers = model["config"]["layers"]
        layers.insert(4, {"class_name": "Dense", "config": {"name": "first", "activation": "relu"}})
        first = {"first/kernel": np.ones((8, 8), "f4"), "first/bias": np.ones(8, "f4")}
        write_h5(self.path("m.h5"), model, "%s", ":0")
        with h5py.File(self.path("m.h5"), "a") as f:
            for name, array in first.items():
                f["model_weights/first/" + name + ":0"] = array
        write_keras(self.path("m.keras"), model, "layers")
        with zipfile.ZipFile(self.path("m.keras")) as z:
            weights = io.BytesIO(z.read("model.weights.h5"))
        with h5py.File(weights, "a") as f:
            f.move("layers/dense", "layers/dense_1")
            for i, array in enumerate(first.values()):
                f["layers/dense/vars/%d" % i] = array
        with zipfile.ZipFile(self.path("m.keras"), "w") as z:
            z.writestr("config.json", json.dumps(model))
            z.writestr("model.weights.h5", weights.getvalue())
        for name in ("m.h5", "m.keras"):
            converter.main([self.path(name), self.out] + ARGS[:3])
            got, meta = read_safetensors(self.out)
            self.assertEqual((meta["dense"], meta["dense_activations"]), ("first,dense", "relu"))
            for key, array in {**reference(), **first}.items():
                np.testing.assert_array_equal(got[key], array)

    def refused(self, config, words, args=ARGS):
        write_h5(self.path("m.h5"), config, "%s", ":0")
        with self.assertRaisesRegex(SystemExit, words):
            converter.main([self.path("m.h5"), self.out] + args)
        self.assertFalse(os.path.exists(self.out))

    def test_refusals(self):
        self.refused(config(_1={"recurrent_activation": "hard_sigmoid"}), "layer lstm: recurrent_activation is 'hard_sigmoid'")
        self.refused(config(_3={"activation": "relu"}), "layer lstm_1: activation is 'relu' after a layer with 'tanh'")
        self.refused(config(_1={"activation": "elu"}), "layer lstm: activation is 'elu', want 'tanh' or 'relu'")
        relu = {"activation": "relu"}
        self.refused(config(_1=relu, _3=relu), "their memory grows without bound")
        self.refused(config(), "does not say how many values", ARGS[:3])
        self.refused(config(_3={"go_backwards": True}), "layer lstm_1: go_backwards")
        self.refused(config(_4={"activation": "relu"}), "layer dense: activation is 'relu', want 'linear' in the last layer")
        self.refused(config(_4={"activation": "softmax"}), "layer dense: activation is 'softmax', want")
        gru = config()
        gru["config"]["layers"][1]["class_name"] = "GRU"
        self.refused(gru, "layer lstm: GRU, want LSTM, Dropout and Dense only")
        self.refused(config(), "takes 3 inputs, --features names 1", ["--none"])
        self.refused(config(), "has 6 outputs, want rungs", ARGS + ["--rungs", "1,2"])


if __name__ == "__main__":
    if "--write" in sys.argv:
        with tempfile.TemporaryDirectory() as folder:
            model = os.path.join(folder, "m.h5")
            write_h5(model, config(), "%s", ":0")
            converter.main([model, os.path.join(TESTDATA, "keras-h5.safetensors")] + ARGS)
    else:
        unittest.main()
