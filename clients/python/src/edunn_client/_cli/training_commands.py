"""The commands about trainings: start one, list them, watch one."""

# Where typer is not installed its decorators have no types.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from edunn_client._cli.commands import json_object
from edunn_client._cli.terminal import Json, print_json, show, stop, with_client
from edunn_client._client import Client
from edunn_client._dataset_files import is_dataset_file, read_file
from edunn_client._layer import RemoteLayer
from edunn_client._session import Session
from edunn_client._steps import LocalOptimizer
from edunn_client._training import Training
from edunn_client._training_calls import EarlyStopping
from edunn_client._training_info import TrainingInfo

# The session of a training that nobody waits for.
_DAY = 86_400.0
_MANY = 20


def add_training_commands(app: typer.Typer) -> None:
    for command in (upload, datasets, train, trainings, watch, cancel, resume):
        app.command()(command)


@with_client
def upload(
    client: Client,
    file: Annotated[Path, typer.Argument(help="A .npz with x and y, or a .csv with names first.")],
    name: Annotated[str | None, typer.Argument(help="Its name; else the file's.")] = None,
    target: Annotated[
        str | None, typer.Option(help="Of a .csv file the column to predict; else the last.")
    ] = None,
    replace: Annotated[bool, typer.Option(help="Replace another one of this name.")] = False,
) -> None:
    """Store a data set at the service. The same bytes again are not sent."""
    x, y = read_file(file, target)
    stored = client.upload_dataset(name or _name_of(file), x, y, replace=replace)
    x_is, y_is = (f"{spec.dtype} {spec.shape}" for spec in (stored.x, stored.y))
    show(Text(f"{stored.name}: x {x_is}, y {y_is}"))


@with_client
def datasets(
    client: Client,
    as_json: Json = False,
) -> None:
    """List one's data sets and those that the service brings."""
    found = client.datasets()
    if as_json:
        print_json(
            [
                {"name": each.name, "x": vars(each.x), "y": vars(each.y), "bundled": each.bundled}
                for each in found
            ]
        )
        return
    table = Table("data set", "x", "y", "bytes", "")
    for each in found:
        x, y = (f"{spec.dtype} {spec.shape}" for spec in (each.x, each.y))
        table.add_row(each.name, x, y, f"{each.size_bytes:,}", "of edunn" if each.bundled else "")
    show(table)


@with_client
def train(
    client: Client,
    dataset: Annotated[
        str, typer.Argument(help="A data set of the service, or a .npz or .csv file to upload.")
    ],
    model: Annotated[
        str,
        typer.Argument(
            help="A .safetensors file of a model, or a layer as JSON: "
            '\'{"type": "Dense", "config": {...}}\', or a .json file that has it.'
        ),
    ],
    loss: Annotated[str, typer.Option(help="The loss layer's type.")] = "CrossEntropyWithLabels",
    optimizer: Annotated[str, typer.Option(help="The optimizer's type.")] = "Adam",
    config: Annotated[str, typer.Option(help="Its configuration as JSON.")] = '{"lr": 0.01}',
    epochs: Annotated[int, typer.Option(help="How often all samples are seen.")] = 10,
    batch_size: Annotated[int, typer.Option(help="Samples of a step.", min=1)] = 32,
    validation: Annotated[float, typer.Option(help="The share kept for validation.")] = 0.0,
    metric: Annotated[
        list[str] | None, typer.Option(help="accuracy, rmse or mae; may be given again.")
    ] = None,
    patience: Annotated[
        int, typer.Option(help="Stop after so many epochs without a better loss; 0: never.")
    ] = 0,
    seed: Annotated[int | None, typer.Option(help="Makes the training repeatable.")] = None,
    target: Annotated[
        str | None, typer.Option(help="Of a .csv file the column to predict; else the last.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the trained model to this .safetensors file.")
    ] = None,
    detach: Annotated[bool, typer.Option(help="Print the training's id and do not wait.")] = False,
    as_json: Json = False,
) -> None:
    """Train a model with a data set, and show a live bar until it is done."""
    settings = json_object(config)
    name = _dataset(client, dataset, target)
    session = client.session(seed=seed, ttl=_DAY)
    with _deleted_by_errors(session):
        layer = _model(session, model)
        session.layer("loss", loss)
        training = layer.fit(
            name,
            "loss",
            _named_optimizer(optimizer, settings),
            epochs=epochs,
            batch_size=batch_size,
            validation_share=validation,
            metrics=metric or (),
            early_stopping=EarlyStopping(patience) if patience else None,
            seed=seed,
        )
    if detach:
        print(training.training_id)
        return
    _finish(training, out, as_json)
    session.delete()


@with_client
def trainings(
    client: Client,
    every: Annotated[bool, typer.Option("--all", help="All of them, not the latest 20.")] = False,
    as_json: Json = False,
) -> None:
    """List one's trainings, the newest first."""
    found: list[TrainingInfo] = []
    for info in client.trainings():
        found.append(info)
        if len(found) == _MANY and not every:
            break
    if as_json:
        print_json([_described(info) for info in found])
        return
    table = Table("training", "what", "state", "done", "loss", "started")
    table.columns[0].no_wrap = True
    for info in found:
        state = info.state.name.lower()
        table.add_row(
            info.training_id,
            Text(f"{info.layer} on {info.dataset}"),
            f"{state} (stops)" if info.cancel_requested and not info.state.has_ended else state,
            f"{info.progress.share:.0%}",
            f"{info.progress.loss:.4g}",
            f"{info.create_time.astimezone():%Y-%m-%d %H:%M:%S}",
        )
    show(table if found else "no trainings")


@with_client
def watch(
    client: Client,
    training_id: Annotated[str, typer.Argument(help="As `edunn trainings` lists it.")],
    out: Annotated[
        Path | None, typer.Option(help="At the end write the model to this .safetensors file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show a live bar of a training until it is done. Ctrl-C ends the watching alone."""
    _finish(client.training(training_id), out, as_json)


@with_client
def cancel(
    client: Client,
    training_id: Annotated[str, typer.Argument(help="As `edunn trainings` lists it.")],
) -> None:
    """End a training; what it has computed stays, and `edunn resume` goes on with it."""
    client.training(training_id).cancel()


@with_client
def resume(
    client: Client,
    training_id: Annotated[str, typer.Argument(help="As `edunn trainings` lists it.")],
) -> None:
    """Go on with a training that was cancelled or has failed."""
    client.training(training_id).resume()


@contextmanager
def _deleted_by_errors(session: Session) -> Iterator[None]:
    """Delete a session in which no training starts. It would stay for a day."""
    try:
        yield
    except BaseException:
        session.delete()
        raise


def _dataset(client: Client, given: str, target: str | None) -> str:
    """Return the name of a data set; a file is uploaded under its own."""
    path = Path(given)
    if not is_dataset_file(path):
        return given
    x, y = read_file(path, target)
    return client.upload_dataset(_name_of(path), x, y, replace=True).name


def _name_of(path: Path) -> str:
    return re.sub(r"[^A-Za-z0-9_.-]", "-", path.stem)[:64]


def _model(session: Session, given: str) -> RemoteLayer:
    if given.endswith(".safetensors"):
        return session.load(given)
    text = Path(given).read_text(encoding="utf-8") if given.endswith(".json") else given
    layer = json_object(text, "the model")
    type_name, config = layer.get("type"), layer.get("config", {})
    if not (isinstance(type_name, str) and isinstance(config, dict)):
        raise stop('the model needs a type and a config: \'{"type": "Dense", "config": {...}}\'')
    return session.layer("model", type_name, **config)


def _named_optimizer(name: str, config: dict[str, Any]) -> LocalOptimizer:
    """Return an optimizer by its name: its type is its class."""
    optimizer: LocalOptimizer = type(name, (), {"config": config})()
    return optimizer


def _finish(training: Training, out: Path | None, as_json: bool) -> None:
    info = training.result() if as_json else training.watch()
    if out is not None:
        training.save(out)
    if as_json:
        print_json(_described(info))
        return
    last = info.results[-1] if info.results else None
    text = f"{training.training_id}: {info.state.name.lower()}"
    if last is not None:
        text += f" after epoch {last.epoch}: {json.dumps(last.validation or last.training)}"
    show(Text(text))


def _described(info: TrainingInfo) -> dict[str, Any]:
    return {
        "training_id": info.training_id,
        "session_id": info.session_id,
        "layer": info.layer,
        "dataset": info.dataset,
        "optimizer": {"type": info.optimizer, "config": dict(info.optimizer_config)},
        "state": info.state.name.lower(),
        "outcome": info.outcome.name.lower(),
        "error": None if info.error is None else str(info.error),
        "epochs": info.epochs,
        "epochs_done": info.progress.epochs_done,
        "share": info.progress.share,
        "loss": info.progress.loss,
        "seed": info.seed,
        "results": [
            {
                "epoch": each.epoch,
                "training": dict(each.training),
                "validation": dict(each.validation),
                "learning_rate": each.learning_rate,
            }
            for each in info.results
        ],
        "create_time": info.create_time.isoformat(),
    }
