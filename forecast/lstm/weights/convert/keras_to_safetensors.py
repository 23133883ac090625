#!/usr/bin/env python3
"""Converts a Keras LSTM forecaster (.h5 or .keras) to safetensors for forescale.

    python3 keras_to_safetensors.py lstm_load_forecaster.h5 model.safetensors \
        --minmax 0 1250 --step 1m

The model must be LSTM layers (activation tanh or relu, recurrent_activation
sigmoid, one direction) and Dense layers above them, the last of which is linear;
Dropout layers do nothing at inference and are left out. Anything else is refused
by name.

How many values the model forecasts from is read from the shape of its input.

A Keras file does not say how the series was scaled before training: give the
numbers of the scaler that was used with --minmax, --zscore or --none.

Needs h5py and numpy (Debian: python3-h5py); not TensorFlow, not safetensors.
"""

import argparse
import io
import json
import struct
import sys
import zipfile

import h5py
import numpy as np

IGNORED = {"InputLayer", "Dropout"}
DENSE = ("linear", "relu", "tanh", "sigmoid")


class Refused(Exception):
    """The model is not of the kind that forescale can run."""


def open_model(path):
    """Returns the configuration of the layers, or None, and the file of weights."""
    if zipfile.is_zipfile(path):  # .keras
        with zipfile.ZipFile(path) as archive:
            config = json.loads(archive.read("config.json"))
            weights = h5py.File(io.BytesIO(archive.read("model.weights.h5")), "r")
        return config["config"]["layers"], weights
    weights = h5py.File(path, "r")
    text = weights.attrs.get("model_config")
    if text is None:  # save_weights: no configuration
        return None, weights
    if isinstance(text, bytes):
        text = text.decode()
    return json.loads(text)["config"]["layers"], weights


def check_lstm(config):
    name = config["name"]
    for key, want in (("activation", ("tanh", "relu")), ("recurrent_activation", ("sigmoid",))):
        if config.get(key, want[0]) not in want:
            raise Refused("layer %s: %s is %r, want %s" % (name, key, config[key], " or ".join(map(repr, want))))
    if config.get("go_backwards"):
        raise Refused("layer %s: go_backwards reads the future" % name)


def activation_of(config):
    """Returns what a Dense layer does with its sums."""
    activation = config.get("activation") or "linear"
    if activation not in DENSE:
        raise Refused("layer %s: activation is %r, want %s" % (config["name"], activation, " or ".join(map(repr, DENSE))))
    return activation


class Layers:
    """The names of the layers in order, and how they are to be computed."""

    def __init__(self):
        self.recurrent, self.dense, self.activations = [], [], []
        self.activation = "tanh"  # of the LSTM layers
        self.window = None  # values that the model forecasts from; 0 = it carries its state; None = unknown


def window_of(layer):
    """Returns the length of the model's input, if this layer says it."""
    config = layer["config"]
    if config.get("stateful"):
        return 0
    shape = config.get("batch_shape") or config.get("batch_input_shape")
    return shape[1] if shape and len(shape) == 3 else None


def layers_of(configs, weights):
    """Returns the Layers of a model."""
    found = Layers()
    recurrent, dense = found.recurrent, found.dense
    if configs is None:
        for name in sorted(layer_names(weights), key=lambda n: (len(n), n)):
            words = variables(weights, name)
            if "recurrent_kernel" in words:
                recurrent.append(name)
            elif "kernel" in words:
                dense.append(name)
        if len(dense) > 1:
            raise Refused("no configuration in the file, which would say what the Dense layers %s do" % dense)
        found.activations = ["linear"] * len(dense)
        sys.stderr.write("no configuration in the file: taking %s for tanh/sigmoid LSTM layers in this order\n" % recurrent)
    for layer in configs or []:
        kind, config = layer["class_name"], layer["config"]
        window = window_of(layer)
        if window is not None and found.window != 0:
            found.window = window
        if kind == "LSTM":
            if dense:
                raise Refused("layer %s: an LSTM after a Dense layer" % config["name"])
            check_lstm(config)
            activation = config.get("activation", "tanh")
            if recurrent and activation != found.activation:
                raise Refused("layer %s: activation is %r after a layer with %r, want the same" % (config["name"], activation, found.activation))
            found.activation = activation
            recurrent.append(config["name"])
        elif kind == "Dense":
            dense.append(config["name"])
            found.activations.append(activation_of(config))
        elif kind not in IGNORED:
            raise Refused("layer %s: %s, want LSTM, Dropout and Dense only" % (config.get("name"), kind))
    if not recurrent or not dense:
        raise Refused("LSTM layers %s and Dense layers %s, want at least one of each" % (recurrent, dense))
    if found.activations[-1] != "linear":
        raise Refused("layer %s: activation is %r, want 'linear' in the last layer" % (dense[-1], found.activations[-1]))
    return found


def layer_names(weights):
    group = weights["model_weights"] if "model_weights" in weights else weights
    return [n for n in group if isinstance(group[n], h5py.Group) and n != "top_level_model_weights"]


def variables(weights, layer):
    """Returns name -> array of a layer in a .h5 file.

    The groups in between changed from version to version of Keras
    (lstm/lstm/lstm_cell/kernel:0, lstm/sequential/lstm/lstm_cell/kernel, ...),
    the first and the last word did not.
    """
    group = weights["model_weights"] if "model_weights" in weights else weights
    found = {}

    def visit(path, item):
        if isinstance(item, h5py.Dataset):
            found[path.split("/")[-1].split(":")[0]] = item[()]

    if layer in group:
        group[layer].visititems(visit)
    return found


def numbered(weights, kind, index):
    """Returns name -> array of the index'th layer of a kind in model.weights.h5.

    There groups are named after the class, not after the layer, and variables
    are numbers.
    """
    name = kind if index == 0 else "%s_%d" % (kind, index)
    for root in ("layers", "_layer_checkpoint_dependencies"):
        for inner in ("cell/vars", "vars"):
            path = "%s/%s/%s" % (root, name, inner)
            if path in weights and len(weights[path]):
                words = ("kernel", "recurrent_kernel", "bias") if kind == "lstm" else ("kernel", "bias")
                return {w: weights[path][str(i)][()] for i, w in enumerate(words) if str(i) in weights[path]}
    return {}


def take(tensors, weights, name, kind, index, words):
    """Adds the arrays of a layer to tensors; the bias may be missing."""
    found = variables(weights, name)
    if words[0] not in found:
        found = numbered(weights, kind, index)
    for word in words:
        if word in found:
            tensors["%s/%s" % (name, word)] = found[word]
        elif word != "bias":
            raise Refused("layer %s: its %s is not in the file" % (name, word))


def collect(configs, weights):
    """Returns tensor name -> array, the Layers, and the sizes of the ends."""
    layers, tensors = layers_of(configs, weights), {}
    for i, name in enumerate(layers.recurrent):
        take(tensors, weights, name, "lstm", i, ("kernel", "recurrent_kernel", "bias"))
    for i, name in enumerate(layers.dense):
        take(tensors, weights, name, "dense", i, ("kernel", "bias"))
    first, last = layers.recurrent[0], layers.dense[-1]
    return tensors, layers, tensors[first + "/kernel"].shape[0], tensors[last + "/kernel"].shape[1]


def write_safetensors(path, tensors, metadata):
    header, buffer = {"__metadata__": metadata}, io.BytesIO()
    for name, array in tensors.items():
        dtype = "F64" if array.dtype == np.float64 else "F32"
        begin = buffer.tell()
        buffer.write(np.ascontiguousarray(array, "<f8" if dtype == "F64" else "<f4").tobytes())
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [begin, buffer.tell()]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + buffer.getvalue())


def metadata(args, layers, inputs, outputs):
    features = args.features.split(",")
    if len(features) != inputs:
        raise Refused("the model takes %d inputs, --features names %d (%s)" % (inputs, len(features), args.features))
    rungs = args.rungs or ",".join(str(i + 1) for i in range(outputs // len(args.quantiles.split(","))))
    if len(rungs.split(",")) * len(args.quantiles.split(",")) != outputs:
        raise Refused("the model has %d outputs, want rungs (%s) x quantiles (%s)" % (outputs, rungs, args.quantiles))
    m = {
        "format": "forescale.lstm",
        "version": "1",
        "layout": "keras",
        "layers": ",".join(layers.recurrent),
        "dense": ",".join(layers.dense),
        "features": args.features,
        "rungs": rungs,
        "quantiles": args.quantiles,
        "activation": layers.activation,
        "recurrent_activation": "sigmoid",
    }
    window = layers.window if args.window is None else args.window
    if window is None:
        raise Refused("the file does not say how many values the model forecasts from: give --window N, or --window 0 if it carries its state on")
    if window:
        m["window"] = str(window)
    elif layers.activation == "relu":
        raise Refused("LSTM layers with relu whose state is carried on: their memory grows without bound")
    if len(layers.dense) > 1:
        m["dense_activations"] = ",".join(layers.activations[:-1])
    if args.minmax:
        m["normalisation"] = "minmax:%r,%r" % tuple(args.minmax)
    elif args.zscore:
        m["normalisation"] = "zscore:%r,%r" % tuple(args.zscore)
    else:
        m["normalisation"] = "none"
    if args.step:
        m["step"] = args.step
    return m


def main(argv=None):
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("model", help=".h5 or .keras")
    p.add_argument("out", help=".safetensors")
    p.add_argument("--features", default="value", help="inputs in order, of: value, change, hour.sin, hour.cos, weekday.sin, weekday.cos, ... (default: value)")
    p.add_argument("--rungs", help="horizons of the outputs in steps (default: 1,2,3,...)")
    p.add_argument("--quantiles", default="0.5", help="levels of the outputs of each rung (default: 0.5)")
    p.add_argument("--window", type=int, metavar="N", help="values that the model forecasts from, 0 if it carries its state on (default: as the file says)")
    p.add_argument("--step", help="step of the series, such as 1m (default: any)")
    scale = p.add_mutually_exclusive_group(required=True)
    scale.add_argument("--minmax", nargs=2, type=float, metavar=("MIN", "MAX"), help="the model saw (y - MIN)/(MAX - MIN)")
    scale.add_argument("--zscore", nargs=2, type=float, metavar=("MEAN", "DEVIATION"), help="the model saw (y - MEAN)/DEVIATION")
    scale.add_argument("--none", action="store_true", help="the model saw y itself")
    args = p.parse_args(argv)
    try:
        configs, weights = open_model(args.model)
        tensors, layers, inputs, outputs = collect(configs, weights)
        write_safetensors(args.out, tensors, metadata(args, layers, inputs, outputs))
    except (Refused, KeyError, OSError) as e:
        sys.exit("%s: %s" % (args.model, e))


if __name__ == "__main__":
    main()
