"""Trainings by the command, and how they look while they go on."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edunn_client import (
    Client,
    EdunnError,
    Epoch,
    Progress,
    TrainingEvent,
    TrainingInfo,
    TrainingOutcome,
    TrainingState,
    optimizers,
)
from edunn_client._training_view import LinesView, Story, TerminalView, render_html

MODEL = json.dumps(
    {
        "type": "Dense",
        "config": {"input_size": 3, "output_size": 2, "activation_name": "softmax"},
    }
)


def edunn(*arguments: str, address: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "edunn_client", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | {"EDUNN_TARGET": address, "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Write a table whose label tells whether its first number is the largest."""
    x = np.random.default_rng(1).random((120, 3))
    rows = np.column_stack([x, x.argmax(axis=1) == 0])
    path = tmp_path / "largest first.csv"
    np.savetxt(path, rows, delimiter=",", header="a,b,c,first", comments="")
    return path


def test_train_trainings_and_watch(address: str, samples: Path, tmp_path: Path) -> None:
    pytest.importorskip("typer", reason="typer is not installed (extra `cli`)")
    out = tmp_path / "m.safetensors"
    options = ["--epochs", "5", "--metric", "accuracy", "--validation", "0.2", "--seed", "7"]
    said = edunn("train", str(samples), MODEL, *options, "--out", str(out), address=address)
    assert "epoch 5: " in said and "loss" in said and "accuracy" in said
    assert "succeeded after epoch 5" in said
    # The name is the file's, as far as a name may have its letters.
    again = json.loads(
        edunn("train", "largest-first", str(out), *options, "--json", address=address)
    )
    assert (again["state"], again["dataset"], again["epochs_done"]) == (
        "succeeded", "largest-first", 5,
    )  # fmt: skip
    edunn("upload", str(samples), "again", address=address)
    known = {each["name"] for each in json.loads(edunn("datasets", "--json", address=address))}
    assert {"again", "largest-first", "digits"} <= known
    assert "of edunn" in edunn("datasets", address=address)
    listed = json.loads(edunn("trainings", "--json", address=address))
    assert listed[0]["training_id"] == again["training_id"]
    assert "model on largest-first" in edunn("trainings", address=address)
    left = ["train", "largest-first", MODEL, "--epochs", "100000", "--detach"]
    training_id = edunn(*left, address=address).strip()
    edunn("cancel", training_id, address=address)
    assert "cancelled" in edunn("watch", training_id, address=address)
    with Client(address) as client:
        client.training(training_id).resume()
        client.training(training_id).cancel()


def test_a_training_that_fails_ends_the_command_with_its_reason(
    address: str, samples: Path
) -> None:
    pytest.importorskip("typer", reason="typer is not installed (extra `cli`)")
    with pytest.raises(AssertionError, match="no column"):
        edunn("train", str(samples), MODEL, "--target", "none", address=address)
    with pytest.raises(AssertionError, match="SquaredErr"):
        edunn("train", str(samples), MODEL, "--loss", "SquaredErr", address=address)


def info(**changes: Any) -> TrainingInfo:
    values: dict[str, Any] = {
        "training_id": "t", "session_id": "s", "layer": "net", "dataset": "<digits>",
        "optimizer": "Adam", "optimizer_config": {"lr": 0.01}, "epochs": 3, "batch_size": 32,
        "seed": 1, "state": TrainingState.RUNNING, "outcome": TrainingOutcome.NONE, "error": None,
        "progress": Progress(0, 5, 10, 0.7, 5000.0, 3.2, 1 / 6), "results": (), "best_epoch": 0,
        "stopped_early": False, "cancel_requested": False,
        "create_time": datetime(2026, 1, 1, tzinfo=UTC), "start_time": None, "end_time": None,
        "expire_time": None,
    }  # fmt: skip
    return TrainingInfo(**values | changes)


def events() -> list[TrainingEvent]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    done = [Epoch(e, {"loss": 1 / e}, {"loss": 2 / e, "accuracy": 0.9}, 0.01, 1.0) for e in (1, 2)]
    ended = info(state=TrainingState.SUCCEEDED, progress=Progress(3, 0, 10, 0.3, 5000.0, None, 1.0))
    return [
        TrainingEvent("1-0", now, progress=Progress(0, 5, 10, 0.7, 5000.0, 3.2, 1 / 6)),
        *(TrainingEvent(f"2-{each.epoch}", now, epoch=each) for each in done),
        TrainingEvent("3-0", now, ended=ended),
    ]


def test_a_terminal_shows_a_bar() -> None:
    console = pytest.importorskip("rich.console", reason="rich is not installed (extra `cli`)")
    file = io.StringIO()
    with TerminalView(info(), console.Console(file=file, force_terminal=True, width=200)) as view:
        for event in events():
            view.show(event)
    shown = file.getvalue()
    for text in ("net on <digits>", "epoch 3/3", "validation loss 1", "accuracy 0.9", "succeeded"):
        assert text in shown
    assert "100%" in shown


def test_a_notebook_shows_a_bar_and_a_plot_of_the_loss() -> None:
    story = Story(info())
    assert "<svg" not in render_html(story)
    for event in events():
        story.note(event)
    picture = render_html(story)
    # Names of others are no markup.
    assert "<digits>" not in picture and "&lt;digits&gt;" in picture
    tree = ElementTree.fromstring(picture.replace("<br>", "<br/>"))  # noqa: S314 - it is ours
    assert tree.find(".//progress") is not None
    lines = tree.findall(".//polyline")
    assert [len(line.attrib["points"].split()) for line in lines] == [2, 2]


def test_elsewhere_each_epoch_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with LinesView(info()) as view:
        for event in events():
            view.show(event)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "net on <digits>: epoch 1: loss 1; validation loss 2 accuracy 0.9"
    assert lines[-1] == "net on <digits>: succeeded"


def test_the_optimizer_s_configuration_is_told(address: str) -> None:
    with Client(address) as client, client.session(seed=1) as session:
        session.layer("loss", "SquaredError")
        line = session.layer("line", "LinearRegression", input_size=3, output_size=1)
        x = np.random.default_rng(1).random((20, 3))
        client.upload_dataset("line", x, x @ np.array([[1.0], [2.0], [3.0]]), replace=True)
        told = line.fit("line", "loss", optimizers.Adam(lr=0.25), epochs=1, metrics=["rmse"])
        assert told.info.optimizer_config == {"lr": 0.25}
        assert "rmse" in told.result().results[0].training
        assert told.watch().state is TrainingState.SUCCEEDED


def test_a_session_in_which_no_training_starts_does_not_stay(address: str) -> None:
    pytest.importorskip("typer", reason="typer is not installed (extra `cli`)")
    from edunn_client._cli.training_commands import _deleted_by_errors

    with Client(address) as client:
        session = client.session(ttl=3600)
        with pytest.raises(RuntimeError), _deleted_by_errors(session):
            raise RuntimeError
        with pytest.raises(EdunnError) as gone:
            session.refresh()
        assert gone.value.reason == "SESSION_NOT_FOUND"
