"""Models of the catalogue saved as files and loaded again; `edunn.model_file` has the format."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np

from edunn import model_file
from edunn.catalogue import LAYER_TYPES, build
from edunn.errors import ConfigError
from edunn.fields import Rule, rules
from edunn.model import Model
from edunn.model_file import Header, ModelFile, ModelFileError
from edunn.parameter_memory import TooLargeError

# A number of a parameter or a buffer, before it gets the dtype that the file has.
_BYTES_PER_NUMBER = 8


def save(model: Model, path: str | os.PathLike[str]) -> None:
    """Save a model as one safetensors file, whole or not at all.

    The file has the layers, their parameters and their buffers. It does not have the phase, the
    source of random numbers, and the last forward.

    Parameters
    ----------
    model : Model
        A layer or a loss of the catalogue, or a network of such.
    path : str or path
        A file that is there is replaced.

    Raises
    ------
    LayerError
        If a layer is somebody's own, or was made with something that a file cannot hold.
    ImportError
        If safetensors is not installed.
    """
    data = model_file.encode(
        ModelFile(described(model), dict(model.get_parameters()), dict(model.get_buffers()))
    )
    path = Path(path)
    # Written beside it and then renamed: nobody finds half a file under the name.
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> Model:
    """Load a model that `save` or the service has written, in the training phase.

    The file need not be trusted: no memory is taken for what it only claims to have.

    Raises
    ------
    ModelFileError
        If it is no such file.
    FileNotFoundError
        If it is not there.
    ImportError
        If safetensors is not installed.
    """
    with Path(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = file.read(model_file.LENGTH_BYTES)
        start += file.read(model_file.header_length(start) - len(start))
        header = model_file.read_header(start)
        if header.size != size:
            raise ModelFileError(
                f"the file should have {header.size} bytes by its header, but has {size}"
            )
        model = _built(header)
        model_file.check_fit(header, model)
        contents = model_file.decode(start + file.read(size - len(start)))
    model.set_parameters(contents.parameters)
    model.set_buffers(contents.buffers)
    return model


def described(model: Model) -> dict[str, Any]:
    """Return what `catalogue.build` makes a model of, as plain JSON values.

    Raises
    ------
    LayerError
        If a layer is somebody's own, or was made with something that a file cannot hold.
    """
    kind = type(model).__name__
    if LAYER_TYPES.get(kind) is not type(model):
        raise model.refusal("model", "made of layers of the catalogue", f"a {kind} of one's own")
    config = {
        name: _value(model, rule)
        for name, rule in rules(type(model)).items()
        # The parameters are in the file themselves.
        if rule.description.type != "initializer"
    }
    entry: dict[str, Any] = {"type": kind, "config": config}
    if model.has_name:
        entry["name"] = model.name
    if model.frozen:
        entry["frozen"] = True
    return entry


def _value(model: Model, rule: Rule) -> Any:
    name = rule.description.name
    match rule.description.type:
        case "layer":
            return described(model.children[name])  # type: ignore[attr-defined]
        case "layers":
            return [described(child) for child in model.children.values()]  # type: ignore[attr-defined]
    value = getattr(model, name)
    if isinstance(value, np.ndarray):
        raise model.refusal(name, "a number, which a file can hold", "an array")
    return list(value) if isinstance(value, tuple) else value


def _built(header: Header) -> Model:
    """Build the model of a file, its parameters not being read yet."""
    layer = header.layer
    known = ("type", "config", "name", "frozen")
    unknown = [key for key in layer if key not in known]
    if unknown:
        raise ModelFileError(f"its layer should have {', '.join(known)}, but has {unknown[0]!r}")
    name, frozen = layer.get("name"), layer.get("frozen", False)
    if not (name is None or isinstance(name, str)) or not isinstance(frozen, bool):
        raise ModelFileError("the name of its layer should be a text, and frozen true or false")
    numbers = sum(math.prod(tensor.shape) for tensor in header.tensors.values())
    try:
        model = build(
            layer["type"],
            layer["config"],
            name=name,
            max_bytes=numbers * _BYTES_PER_NUMBER,
            blank=True,
        )
    except TooLargeError as error:
        raise ModelFileError(f"its layer has more numbers than the file: {error}") from None
    except (ConfigError, RecursionError) as error:
        raise ModelFileError(f"its layer cannot be built: {error}") from None
    model.frozen = frozen
    return model
