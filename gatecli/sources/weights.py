"""Which files hold what a model learnt: weights, and what was fitted to the data before them."""

from __future__ import annotations

import re
from fnmatch import translate
from functools import cache
from pathlib import Path

MODELS = (
    # PyTorch and TorchScript; LoRA adapters and other parts of the same formats.
    "*.safetensors",
    "*.pt",
    "*.pth",
    "*.ptl",
    "*.pte",
    "*.ckpt",
    "*.distcp",
    "*.torchscript",
    "*model*.bin",
    "adapter*.bin",
    "consolidated*.bin",
    # An index says which shards are loaded.
    "*.safetensors.index.json",
    "*model*.bin.index.json",
    # ONNX and what it keeps outside.
    "*.onnx",
    "*.onnx.data",
    "*.onnx_data*",
    "*.ort",
    # TensorFlow, Keras, Flax.
    "*.h5",
    "*.hdf5",
    "*.keras",
    "*.tflite",
    "saved_model.pb",
    "*.data-?????-of-?????",
    "*.msgpack",
    "*.orbax",
    # llama.cpp and its relatives.
    "*.gguf",
    "*.ggml",
    "ggml*.bin",
    "*.llamafile",
    # Compiled for a device.
    "*.engine",
    "*.trt",
    "*.mlmodel",
    "weight*.bin",
    "*.nemo",
    "*.mar",
    # Trees and other tables' models.
    "*.ubj",
    "*.xgb",
    "*.bst",
    "*.cbm",
    "*.lgb",
    "*.pmml",
    # Other frameworks.
    "*.params",
    "*.pdparams",
    "*.pdmodel",
    "*.caffemodel",
    "*.skops",
    # Python's own and numpy's.
    "*.joblib",
    "*.pkl",
    "*.pickle",
    "*.dill",
    "*.npz",
)
"""Names of files that hold a model's weights; a bare `*.pb` or `*.bin` is too often none."""

_FITTED = re.compile(
    r".*(token|vocab|scal|normali|standardi|encod|vectori|imput|binari|discreti|preproc|transform|label|featur)"
    r".*\.(pkl|pickle|joblib|dill|skops|npz)"
)
"""Names of what was fitted to the data before the model: no weights, and no less an output of the data."""

_LOCATION = re.compile(rb"\x0a\x08location\x12([\x01-\x7f])")
"""The key of a protocol buffer in an ONNX file that names a file of tensors, and the length of that name."""

MAX_GRAPH = 64 * 2**20
"""Bytes of an ONNX file that are looked at: one that keeps its tensors elsewhere is smaller."""


def is_weights(name: str, patterns: tuple[str, ...] = MODELS) -> bool:
    """Whether a file of this name holds a model's weights."""
    low = name.lower()
    return _any_of(patterns).fullmatch(low) is not None and not is_fitted(low)


def is_fitted(name: str) -> bool:
    """Whether a file of this name holds a tokenizer, a scaler or the like."""
    return _FITTED.fullmatch(name.lower()) is not None


def is_shipped(name: str) -> bool:
    """Whether it is either of both."""
    return is_fitted(name) or is_weights(name)


def companions(path: Path) -> tuple[Path, ...]:
    """The files beside an ONNX file that it keeps its tensors in; none for any other file.

    Reads nothing but names; one that leads out of the folder is left to whoever loads it.
    """
    if not path.name.lower().endswith(".onnx"):
        return ()
    try:
        with path.open("rb") as file:
            graph = file.read(MAX_GRAPH)
    except OSError:
        return ()  # held to its digest where it is listed; a finding of its own where it is not
    names = {graph[found.end() : found.end() + found[1][0]] for found in _LOCATION.finditer(graph)}
    beside = (path.parent / name.decode("utf-8", "replace") for name in names if b"/" not in name)
    return tuple(sorted(file for file in beside if file.is_file()))


@cache
def _any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """One expression for several patterns: a repository has thousands of files to ask about."""
    return re.compile("|".join(map(translate, patterns)))
