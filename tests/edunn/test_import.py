"""What `import edunn` brings with it, and what it offers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy
import pytest

import edunn as nn

ROOT = Path(nn.__file__).parent

LAYERS = [
    "AddConstant",
    "AvgPool2d",
    "BatchNorm",
    "Bias",
    "Conv2d",
    "Dense",
    "Dropout",
    "Flatten",
    "GELU",
    "Identity",
    "Linear",
    "LinearRegression",
    "LogisticRegression",
    "MaxPool2d",
    "MultiplyConstant",
    "RNN",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "TanH",
]
LOSSES = [
    "BinaryCrossEntropy",
    "CrossEntropyWithLabels",
    "MeanError",
    "SequenceCrossEntropyWithLabels",
    "SquaredError",
]
OPTIMIZERS = ["GradientDescent", "MomentumGD", "NesterovMomentumGD", "RMSprop", "Adam", "SignGD"]
MODULES = ["initializers", "metrics", "utils", "plot", "datasets", "errors", "model", "catalogue"]


@pytest.mark.parametrize("name", [*LAYERS, *LOSSES, *OPTIMIZERS, *MODULES, "Phase", "Model"])
def test_the_public_names_are_there(name: str) -> None:
    assert name in nn.__all__
    assert hasattr(nn, name)


def test_all_lists_nothing_that_is_not_there() -> None:
    assert [name for name in nn.__all__ if not hasattr(nn, name)] == []


def test_every_layer_and_loss_is_in_the_catalogue() -> None:
    assert set(nn.LAYER_TYPES) == {*LAYERS, *LOSSES}


def test_importing_brings_numpy_alone() -> None:
    code = "import sys, edunn; print(*{name.partition('.')[0] for name in sys.modules})"
    result = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        # Without site packages' own start-up files, which import what they like.
        env={"PYTHONPATH": f"{ROOT.parent}:{Path(numpy.__file__).parent.parent}"},
    )
    brought = set(result.stdout.split()) - sys.stdlib_module_names - {"__main__"}
    assert brought == {"edunn", "numpy"}


def test_the_library_imports_nothing_of_the_service() -> None:
    forbidden = ("import server", "from server", "import worker", "from worker", "import grpc")
    for path in ROOT.rglob("*.py"):
        lines = path.read_text().splitlines()
        assert not [line for line in lines if line.strip().startswith(forbidden)], path


def test_the_library_is_marked_as_typed() -> None:
    assert (ROOT / "py.typed").exists()


def test_no_file_is_past_400_lines() -> None:
    assert [p for p in ROOT.rglob("*.py") if len(p.read_text().splitlines()) > 400] == []
