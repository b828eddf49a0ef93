from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import edunn_client
import numpy as np
import pytest


def edunn(*arguments: str, address: str = "127.0.0.1:1") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "edunn_client", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"EDUNN_TARGET": address, "COLUMNS": "120"},
    )


def answer_of(*arguments: str, address: str) -> Any:
    done = edunn(*arguments, "--json", address=address)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_without_its_extra_the_command_says_what_to_install() -> None:
    code = "import sys; sys.modules['typer'] = None; from edunn_client._cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip() == ("the command edunn needs typer: pip install 'edunn-client[cli]'")


class TestCommands:
    @pytest.fixture(autouse=True)
    def _with_extra(self) -> None:
        pytest.importorskip("typer", reason="typer is not installed (extra `cli`)")
        pytest.importorskip("rich", reason="rich is not installed (extra `cli`)")

    def test_layers_as_json_and_as_a_table(self, address: str) -> None:
        catalogue = answer_of("layers", address=address)
        dropout = next(kind for kind in catalogue if kind["type"] == "Dropout")
        assert dropout["config_fields"][0]["default"] == 0.5
        assert answer_of("layers", "Dropout", address=address) == dropout
        assert "p=0.5" in edunn("layers", address=address).stdout
        assert "required" in edunn("layers", "Linear", address=address).stdout

    def test_forward_and_backward(self, address: str, tmp_path: Path) -> None:
        out = tmp_path / "y.npy"
        arguments = ["forward", "Dropout", "[[1.0, 2.0, 3.0, 4.0]]", "--seed", "1"]
        arguments += ["--config", '{"p": 0.5}', "--gradient", "ones", "--out", str(out)]
        result = answer_of(*arguments, address=address)
        y = np.array(result["output"]["data"])
        gradient = np.array(result["input_gradient"]["data"])
        assert np.array_equal(gradient, np.where(y == 0, 0, 2))
        assert np.load(out).tolist() == [y.tolist()]
        assert "input_gradient" in edunn(*arguments, address=address).stdout

    def test_integers_become_floats_for_a_layer(self, address: str) -> None:
        result = answer_of("forward", "Dropout", "[[1, 2]]", "--phase", "test", address=address)
        assert result["output"]["data"] == [1.0, 2.0]
        answer_of("forward", "Dropout", "[[1, 2]]", "--gradient", "[[1, 1]]", address=address)
        result = answer_of(
            "forward", "SquaredError", "[[1]]", "[[3]]", "--gradient", "[[1]]", address=address
        )
        assert result["input_gradient"]["data"] == [4.0]

    def test_labels_stay_integers(self, address: str) -> None:
        arguments = ["CrossEntropyWithLabels", "[1, 0]", "[[0, 1], [1, 0]]"]
        assert answer_of("forward", *arguments, address=address)["output"]["data"] == [0.0, 0.0]

    def test_the_version_is_the_package_s(self) -> None:
        assert edunn("--version").stdout == f"edunn-client {edunn_client.__version__}\n"

    def test_forward_takes_files_and_phases(self, address: str, tmp_path: Path) -> None:
        np.save(tmp_path / "x.npy", np.eye(3))
        result = answer_of(
            "forward", "Dropout", str(tmp_path / "x.npy"), "--phase", "test", address=address
        )
        assert result["output"]["data"] == np.eye(3).ravel().tolist()

    def test_json_has_no_nan(self, address: str, tmp_path: Path) -> None:
        np.save(tmp_path / "x.npy", np.array([1.5, np.nan, np.inf, -np.inf]))
        result = answer_of("forward", "Identity", str(tmp_path / "x.npy"), address=address)
        assert result["output"]["data"] == [1.5, "NaN", "Infinity", "-Infinity"]

    def test_walkthrough(self, address: str) -> None:
        done = edunn("walkthrough", "--seed", "3", address=address)
        assert done.returncode == 0
        assert "all 9 checks hold" in done.stdout
        assert all(each["holds"] for each in answer_of("walkthrough", address=address))

    def test_bench(self, address: str) -> None:
        measured = answer_of("bench", "--calls", "50", address=address)
        assert measured["one_caller_p50_ms"] > 0
        assert measured["stream_operations_per_second"] > 0
        assert "one caller, p50" in edunn("bench", "--calls", "5", address=address).stdout

    @pytest.mark.parametrize(
        ("arguments", "word"),
        [
            (["layers", "Dropuot"], "no layer type"),
            (["forward", "Dropout", "[[1.0]]", "--config", '{"p": 2}'], "p"),
            (["forward", "Dropout", "[[1.0]]", "--config", "p=2"], "no JSON"),
            (["forward", "Dropout", "x.npy"], "x.npy"),
            (["forward", "Dropout", "[[1, 2], [3]]"], "rows differ in length"),
            (["forward", "Dropout", "[[1.0]]", "--out", "no/such/y.npy"], "cannot be written"),
            (["forward", "Dropout", "[[1.0]]", "--phase", "tset"], "phase must be"),
            (["bench", "--shape", "8by4"], "8x64"),
        ],
    )
    def test_what_is_wrong_is_said_in_a_line(
        self, address: str, arguments: list[str], word: str
    ) -> None:
        done = edunn(*arguments, address=address)
        assert done.returncode == 1
        assert word in done.stderr
        assert "Traceback" not in done.stderr

    def test_nobody_at_the_address(self) -> None:
        done = edunn("layers", address="127.0.0.1:1")
        assert done.returncode == 1
        assert "127.0.0.1:1" in done.stderr
        assert "Traceback" not in done.stderr
