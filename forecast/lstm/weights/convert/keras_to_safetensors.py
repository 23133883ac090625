#!/usr/bin/env python3
"""Converts a Keras LSTM forecaster (.h5 or .keras) to safetensors for forescale.

    python3 keras_to_safetensors.py lstm_load_forecaster.h5 model.safetensors \
        --minmax 0 1250 --step 1m

The model must be LSTM layers (activation tanh, recurrent_activation sigmoid,
one direction) and one Dense layer (linear) at the end; Dropout layers do
nothing at inference and are left out. Anything else is refused by name.

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
    for key, want in (("activation", "tanh"), ("recurrent_activation", "sigmoid")):
        if config.get(key, want) != want:
            raise Refused("layer %s: %s is %r, want %r" % (name, key, config[key], want))
    if config.get("go_backwards"):
        raise Refused("layer %s: go_backwards reads the future" % name)


def check_dense(config):
    if config.get("activation", "linear") not in ("linear", None):
        raise Refused("layer %s: activation is %r, want 'linear'" % (config["name"], config["activation"]))


def layers_of(configs, weights):
    """Returns the names of the LSTM layers in order and of the Dense layer."""
    recurrent, dense = [], []
    if configs is None:
        names = sorted(layer_names(weights), key=lambda n: (len(n), n))
        for name in names:
            found = variables(weights, name)
            if "recurrent_kernel" in found:
                recurrent.append(name)
            elif "kernel" in found:
                dense.append(name)
        sys.stderr.write("no configuration in the file: taking %s for tanh/sigmoid LSTM layers in this order\n" % recurrent)
    else:
        for layer in configs:
            kind, config = layer["class_name"], layer["config"]
            if kind == "LSTM":
                if dense:
                    raise Refused("layer %s: an LSTM after a Dense layer" % config["name"])
                check_lstm(config)
                recurrent.append(config["name"])
            elif kind == "Dense":
                check_dense(config)
                dense.append(config["name"])
            elif kind not in IGNORED:
                raise Refused("layer %s: %s, want LSTM, Dropout and Dense only" % (config.get("name"), kind))
    if not recurrent or len(dense) != 1:
        raise Refused("LSTM layers %s and Dense layers %s, want at least one and exactly one" % (recurrent, dense))
    return recurrent, dense[0]


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


def collect(configs, weights):
    """Returns tensor name -> array, the LSTM names, and the sizes of the ends."""
    recurrent, dense = layers_of(configs, weights)
    tensors = {}
    for i, name in enumerate(recurrent):
        found = variables(weights, name)
        if "recurrent_kernel" not in found:
            found = numbered(weights, "lstm", i)
        if "kernel" not in found or "recurrent_kernel" not in found:
            raise Refused("layer %s: its kernels are not in the file" % name)
        for word in ("kernel", "recurrent_kernel", "bias"):
            if word in found:
                tensors["%s/%s" % (name, word)] = found[word]
    found = variables(weights, dense)
    if "kernel" not in found:
        found = numbered(weights, "dense", 0)
    if "kernel" not in found:
        raise Refused("layer %s: its kernel is not in the file" % dense)
    for word in ("kernel", "bias"):
        if word in found:
            tensors["%s/%s" % (dense, word)] = found[word]
    inputs = tensors["%s/kernel" % recurrent[0]].shape[0]
    return tensors, recurrent, inputs, found["kernel"].shape[1]


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


def metadata(args, recurrent, inputs, outputs):
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
        "layers": ",".join(recurrent),
        "features": args.features,
        "rungs": rungs,
        "quantiles": args.quantiles,
        "activation": "tanh",
        "recurrent_activation": "sigmoid",
    }
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
    p.add_argument("--step", help="step of the series, such as 1m (default: any)")
    scale = p.add_mutually_exclusive_group(required=True)
    scale.add_argument("--minmax", nargs=2, type=float, metavar=("MIN", "MAX"), help="the model saw (y - MIN)/(MAX - MIN)")
    scale.add_argument("--zscore", nargs=2, type=float, metavar=("MEAN", "DEVIATION"), help="the model saw (y - MEAN)/DEVIATION")
    scale.add_argument("--none", action="store_true", help="the model saw y itself")
    args = p.parse_args(argv)
    try:
        configs, weights = open_model(args.model)
        tensors, recurrent, inputs, outputs = collect(configs, weights)
        write_safetensors(args.out, tensors, metadata(args, recurrent, inputs, outputs))
    except (Refused, KeyError, OSError) as e:
        sys.exit("%s: %s" % (args.model, e))


if __name__ == "__main__":
    main()
