"""Checkpoints: a training as two files, its model and all else that it needs to go on.

The second file is safetensors too: the optimizer's state, the best parameters so far, and the
position as JSON in the metadata.
"""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import safetensors.numpy

from edunn import catalogue, model_file
from edunn.model import Model, ParameterSet
from edunn_serving.artifacts import ArtifactMissingError, ArtifactStore
from edunn_serving.errors import ServiceError, logged_fault
from edunn_serving.internal.v1.training_pb2 import TrainingRecord
from edunn_serving.training_store import StoredTraining, state_path
from edunn_serving.v1.layer_pb2 import Layer
from worker.configs import plain_config
from worker.training.run import Position, TrainingRun
from worker.training.samples import SampleCache

_OPTIMIZER, _BEST_PARAMETER, _BEST_BUFFER = "optimizer/", "best-parameter/", "best-buffer/"


def write_checkpoint(store: ArtifactStore, path: str, layer: Layer, run: TrainingRun) -> None:
    """Write both files of a checkpoint.

    Raises
    ------
    ServiceError
        STORE_FULL or UNAVAILABLE. NOT_FINITE: the parameters are no longer finite.
    """
    run.check_parameters()
    arrays = {f"{_OPTIMIZER}{name}": array for name, array in run.optimizer_state.items()}
    if run.best is not None:
        parameters, buffers = run.best
        arrays |= {f"{_BEST_PARAMETER}{name}": array for name, array in parameters.items()}
        arrays |= {f"{_BEST_BUFFER}{name}": array for name, array in buffers.items()}
    position = json.dumps(dataclasses.asdict(run.note_generator()))
    # Of the arrays some are numbers, such as the steps of Adam.
    state = {name: np.asarray(array) for name, array in arrays.items()}
    store.put(state_path(path), safetensors.numpy.save(state, {"position": position}))
    store.put(path, encode_model(layer, run.model))


def encode_model(layer: Layer, model: Model) -> bytes:
    """Return a layer as a model file."""
    described = {"type": layer.type, "name": layer.name, "config": plain_config(layer.config)}
    return model_file.encode(
        model_file.ModelFile(described, dict(model.get_parameters()), dict(model.get_buffers()))
    )


def build_bare(layer: Layer) -> Model:
    """Return the model of a description, with parameters that are to be set."""
    return catalogue.build(layer.type, plain_config(layer.config), name=layer.name, blank=True)


def open_run(stored: StoredTraining, store: ArtifactStore, samples: SampleCache) -> TrainingRun:
    """Return a training as its latest checkpoint has it.

    Raises
    ------
    ServiceError
        DATASET_NOT_FOUND, UNAVAILABLE; INTERNAL: the checkpoint is lost.
    """
    record = stored.record
    model = build_bare(record.layer)
    position = Position()
    optimizer: ParameterSet = {}
    best: tuple[ParameterSet, ParameterSet] = ({}, {})
    try:
        file = model_file.decode(store.get(stored.checkpoint))
        model.set_parameters(file.parameters)
        model.set_buffers(file.buffers)
        if stored.slice:
            data = store.get(state_path(stored.checkpoint))
            position = _position_of(data)
            for name, array in safetensors.numpy.load(data).items():
                kind, _, key = name.partition("/")
                target = {_OPTIMIZER: optimizer, _BEST_PARAMETER: best[0], _BEST_BUFFER: best[1]}[
                    f"{kind}/"
                ]
                target[key] = array
    except (ArtifactMissingError, ValueError) as error:
        raise _lost(record) from error
    return TrainingRun(
        record.spec,
        model,
        build_bare(record.loss),
        samples.get(record.dataset),
        position,
        optimizer,
        best if position.best_epoch and record.spec.early_stopping.restore_best else None,
    )


def _position_of(data: bytes) -> Position:
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    return Position(**json.loads(header["__metadata__"]["position"]))


def _lost(record: TrainingRecord) -> ServiceError:
    return logged_fault(f"the checkpoint of the training {record.folder}")
