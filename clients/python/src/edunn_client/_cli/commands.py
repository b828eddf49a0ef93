"""The commands, with tables for people and `--json` for machines."""

# Where typer is not installed its decorators have no types.
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from edunn_client._cli.bench import bench
from edunn_client._cli.terminal import ERRORS, Json, print_json, show, stop, with_client
from edunn_client._client import Client
from edunn_client._descriptions import ConfigField, LayerType
from edunn_client._phase import Phase
from edunn_client._tensors import Array
from edunn_client._version import __version__
from edunn_client.walkthrough import CheckFailed, walkthrough

app = typer.Typer(
    help="Run layers of an edunn-serving service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"edunn-client {__version__}")
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show it.")
    ] = False,
) -> None:
    pass


@app.command()
@with_client
def layers(
    client: Client,
    layer_type: Annotated[str | None, typer.Argument(help="Show this type's fields.")] = None,
    as_json: Json = False,
) -> None:
    """List the layer types, or describe one."""
    catalogue = {kind.type: kind for kind in client.layer_types()}
    if layer_type is not None and layer_type not in catalogue:
        raise stop(f"there is no layer type {layer_type!r}; `edunn layers` lists them")
    shown = list(catalogue.values()) if layer_type is None else [catalogue[layer_type]]
    if as_json:
        described = [_describe(kind) for kind in shown]
        print_json(described if layer_type is None else described[0])
    elif layer_type is None:
        show(_types_table(shown))
    else:
        (kind,) = shown
        show(Text(f"{kind.type}: {kind.summary}"), Text(f"Inputs: {', '.join(kind.inputs)}"))
        table = _fields_table(kind)
        show(table if table.row_count else "It has no configuration and learns nothing.")


@app.command()
@with_client
def limits(
    client: Client,
    as_json: Json = False,
) -> None:
    """Show how much you may do, and how much of it is used."""
    found = client.limits()
    if as_json:
        print_json([vars(limit) for limit in found])
    elif found:
        table = Table("limit", "value", "used")
        for limit in found:
            used = "" if limit.used is None else f"{limit.used:g}"
            table.add_row(limit.name, f"{limit.value:g}", used)
        show(table)
    else:
        show("You have no limits.")


@app.command()
@with_client
def forward(
    client: Client,
    layer_type: Annotated[str, typer.Argument(help="A name of the catalogue, such as Dropout.")],
    inputs: Annotated[
        list[str],
        typer.Argument(help="Arrays: a .npy file, or JSON such as '[[1.0, 2.0]]'; a loss has two."),
    ],
    config: Annotated[str, typer.Option(help="The layer's configuration as JSON.")] = "{}",
    phase: Annotated[str, typer.Option(help="training or test.")] = "training",
    seed: Annotated[int | None, typer.Option(help="The session's seed.")] = None,
    gradient: Annotated[
        str | None, typer.Option(help="Also run the backward of this array ('ones' for ones).")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the output to this .npy file.")] = None,
    as_json: Json = False,
) -> None:
    """Run one layer forward, and backward if a gradient is given, in a session of its own."""
    arrays = [_array(text) for text in inputs]
    # A layer computes with floats, and people write [1, 2]. The labels of a loss, which have
    # another shape than what it judges, stay as they are.
    arrays = [_floats(each) if each.shape == arrays[-1].shape else each for each in arrays]
    fields = json_object(config)
    with client.session(seed=seed) as session:
        layer = session.layer("layer", layer_type, **fields)
        output = layer.forward(*arrays, phase=phase, untracked=gradient is None)
        results: dict[str, Array] = {"output": output}
        if gradient is not None:
            given = np.ones_like(output) if gradient == "ones" else _floats(_array(gradient))
            results["input_gradient"], parameter_gradients = layer.backward(given)
            results |= {f"gradient of {name}": g for name, g in parameter_gradients.items()}
    if out is not None:
        _save(out, output)
    if as_json:
        print_json(
            {
                "seed": session.seed,
                "phase": Phase.of(phase).value,
                **{name: _as_json(array) for name, array in results.items()},
            }
        )
        return
    for name, array in results.items():
        show(Text(f"{name}  {array.dtype.name} {array.shape}", style="bold"), Text(str(array)))


@app.command(name="walkthrough")
@with_client
def walk(
    client: Client,
    seed: Annotated[int | None, typer.Option(help="Make the run repeatable.")] = None,
    as_json: Json = False,
) -> None:
    """Take a Dropout layer through both phases, forward and backward, and check the numbers."""
    try:
        checks = walkthrough(client, (lambda _: None) if as_json else print, seed)
    except CheckFailed as failure:
        raise stop(f"not so: {failure}") from None
    if as_json:
        print_json([{"fact": fact, "holds": holds} for fact, holds in checks])
    else:
        print(f"\nall {len(checks)} checks hold")


@app.command(name="bench")
@with_client
def bench_command(
    client: Client,
    calls: Annotated[int, typer.Option(min=1, help="Forwards in each measurement.")] = 1000,
    in_flight: Annotated[int, typer.Option(min=1, help="Operations under way at once.")] = 64,
    shape: Annotated[str, typer.Option(help="Of the input, such as 8x64.")] = "8x64",
    as_json: Json = False,
) -> None:
    """Measure Dropout forwards: the latency of one caller, the throughput of a stream."""
    try:
        sizes = tuple(int(size) for size in shape.split("x"))
    except ValueError:
        raise stop(f"a shape is written 8x64, not {shape!r}") from None
    # The progress goes to stderr, so that --json can be piped.
    with Progress(console=ERRORS) as progress:
        task = progress.add_task("forwards", total=2 * calls)
        measured = bench(client, calls, in_flight, sizes, lambda: progress.advance(task))
    if as_json:
        print_json(measured)
        return
    table = Table("measure", "value")
    table.columns[1].justify = "right"
    table.add_row("one caller, p50", f"{measured['one_caller_p50_ms']:.2f} ms")
    table.add_row("one caller, p99", f"{measured['one_caller_p99_ms']:.2f} ms")
    table.add_row(
        f"stream, {in_flight} in flight", f"{measured['stream_operations_per_second']:.0f} a second"
    )
    show(table)


def _array(text: str) -> Array:
    try:
        if text.endswith(".npy"):
            array: Array = np.load(text, allow_pickle=False)
            return array
        value = json.loads(text)
    except (OSError, ValueError) as error:
        raise stop(f"{text!r} is neither a .npy file nor an array in JSON: {error}") from None
    try:
        return np.asarray(value)
    except ValueError:
        raise stop(f"{text!r} is no array: its rows differ in length") from None


def _floats(array: Array) -> Array:
    return array * 1.0 if array.dtype.kind == "i" else array


def _save(path: Path, array: Array) -> None:
    try:
        np.save(path, array)
    except OSError as error:
        raise stop(f"the output cannot be written: {error}") from None


def json_object(text: str, what: str = "--config") -> dict[str, Any]:
    """Return a JSON object. If the text is none, the command ends and names what should be one."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise stop(f"{what} is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise stop(f"{what} must be a JSON object such as '{{\"p\": 0.5}}'")
    return value


def _as_json(array: Array) -> dict[str, Any]:
    """Return an array as JSON has it; JSON has no NaN, so that is spelt as protobuf does."""
    data = [
        _NOT_FINITE.get(str(value), value) if isinstance(value, float) else value
        for value in array.ravel().tolist()
    ]
    return {"dtype": array.dtype.name, "shape": list(array.shape), "data": data}


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def _describe(kind: LayerType) -> dict[str, Any]:
    return {
        "type": kind.type,
        "summary": kind.summary,
        "config_fields": [vars(field) for field in kind.config_fields],
        "inputs": list(kind.inputs),
        "parameters": [vars(parameter) for parameter in kind.parameters],
        "buffers": [vars(buffer) for buffer in kind.buffers],
    }


def _types_table(kinds: list[LayerType]) -> Table:
    table = Table("type", "what it computes, and its configuration")
    table.columns[0].no_wrap = True
    for kind in kinds:
        about = Text(kind.summary)
        if kind.config_fields:
            fields = ", ".join(_field(field) for field in kind.config_fields)
            about.append(f"\n{fields}", style="dim")
        table.add_row(kind.type, about)
    return table


def _fields_table(kind: LayerType) -> Table:
    table = Table("field", "type", "default", "allowed", "meaning")
    for field in kind.config_fields:
        default = "required" if field.required else json.dumps(field.default)
        table.add_row(
            field.name, field.type, Text(default), Text(field.bounds), Text(field.summary)
        )
    for parameter in kind.parameters:
        table.add_row(parameter.name, "parameter", "", Text(parameter.shape), "learned")
    for buffer in kind.buffers:
        table.add_row(buffer.name, "buffer", "", Text(buffer.shape), "kept, not learned")
    return table


def _field(field: ConfigField) -> str:
    return field.name if field.required else f"{field.name}={json.dumps(field.default)}"
