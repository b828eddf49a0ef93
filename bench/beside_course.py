"""Compares this library with the course's own, call by call: `python -m bench.beside_course PATH`.

PATH is a checked-out copy of the course's repository, whose library is imported beside this one. It
needs tqdm and colorama. Layers and losses run a forward and a backward, optimizers a step, metrics
and checks what they are for, on few numbers and on many. The two run in turns, in this thread's
processor time; a ratio is the median of the ratios of the turns.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import edunn

Work = Callable[[], object]
#: Made anew for each library; its arrays are the same for both.
Make = Callable[[Any], Work]

# Seconds that one turn of one library takes at least, and turns.
_TURN, _TURNS = 1e-3, 41


@dataclass(frozen=True)
class Case:
    """Something that both libraries do."""

    name: str
    make: Make


def load(path: Path) -> Any:
    """Return the course's library, imported beside this one."""
    ours = {name: sys.modules.pop(name) for name in list(sys.modules) if _is_edunn(name)}
    sys.path.insert(0, str(path))
    try:
        return importlib.import_module("edunn")
    finally:
        sys.path.remove(str(path))
        for name in [name for name in sys.modules if _is_edunn(name)]:
            del sys.modules[name]
        sys.modules.update(ours)


def _is_edunn(name: str) -> bool:
    return name.partition(".")[0] == "edunn"


def cases() -> Iterator[Case]:
    """Go through all that is compared."""
    for size in ((2, 3), (32, 16), (1024, 128)):
        yield from _layers(*size)
        yield from _losses(*size)
        yield from _steps(*size)
        yield from _metrics(size[0])
    yield from _images((1, 1, 4, 4))
    yield from _images((4, 3, 12, 12))
    yield from _sequences(1, 2, 3)
    yield from _sequences(8, 10, 16)
    # As the course's notebooks check layers, with one sample besides, and with more numbers.
    for shape, samples in (((1, 3), 1), ((2, 3), 1), ((2, 3), 100), ((5, 2), 100), ((8, 10), 1)):
        yield from _checks(shape, samples)


def _layers(samples: int, features: int) -> Iterator[Case]:
    x = np.random.default_rng(0).standard_normal((samples, features))
    out = features + 1
    layers: dict[str, Callable[[Any], Any]] = {
        "AddConstant": lambda nn: nn.AddConstant(2.0),
        "MultiplyConstant": lambda nn: nn.MultiplyConstant(2.0),
        "Bias": lambda nn: nn.Bias(features),
        "Linear": lambda nn: nn.Linear(features, out),
        "LinearRegression": lambda nn: nn.LinearRegression(features, out),
        "LogisticRegression": lambda nn: nn.LogisticRegression(features, out),
        "Dense, id": lambda nn: nn.Dense(features, out),
        "Dense, relu": lambda nn: nn.Dense(features, out, "relu"),
        "Dense, tanh": lambda nn: nn.Dense(features, out, "tanh"),
        "Sequential of 3": lambda nn: nn.Sequential(
            [nn.Linear(features, out), nn.Bias(out), nn.ReLU()]
        ),
        "ReLU": lambda nn: nn.ReLU(),
        "Sigmoid": lambda nn: nn.Sigmoid(),
        "TanH": lambda nn: nn.TanH(),
        "GELU": lambda nn: nn.GELU(),
        "Softmax": lambda nn: nn.Softmax(),
        "BatchNorm": lambda nn: nn.BatchNorm(features),
        "Dropout": lambda nn: nn.Dropout(0.5),
        "Dropout, test": lambda nn: _in_test_phase(nn, nn.Dropout(0.5)),
        "Flatten": lambda nn: nn.Flatten(),
    }
    for name, make in layers.items():
        yield Case(f"{name} {samples}x{features}", _both_ways(make, x))


def _in_test_phase(nn: Any, layer: Any) -> Any:
    layer.set_phase(nn.Phase.Test)
    return layer


def _both_ways(make: Callable[[Any], Any], x: Any) -> Make:
    def made(nn: Any) -> Work:
        layer = make(nn)
        g = np.ones_like(layer.forward(x))

        def work() -> None:
            layer.forward(x)
            layer.backward(g)

        return work

    return made


def _losses(samples: int, features: int) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    p = rng.uniform(0.1, 1, (samples, features))
    p /= p.sum(axis=1, keepdims=True)
    labels, truth = rng.integers(0, features, samples), rng.standard_normal((samples, features))
    yes, said = rng.integers(0, 2, samples), rng.uniform(0.1, 0.9, (samples, 1))
    losses: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
        "SquaredError": (lambda nn: nn.SquaredError(), truth, p),
        "CrossEntropy": (lambda nn: nn.CrossEntropyWithLabels(), labels, p),
        "BinaryCrossEntropy": (lambda nn: nn.BinaryCrossEntropy(), yes, said),
        "Mean squared error": (lambda nn: nn.MeanError(nn.SquaredError()), truth, p),
        "Mean cross entropy": (lambda nn: nn.MeanError(nn.CrossEntropyWithLabels()), labels, p),
    }
    for name, (make, y_true, y) in losses.items():
        yield Case(f"{name} {samples}x{features}", _loss(make, y_true, y))


def _loss(make: Callable[[Any], Any], y_true: Any, y: Any) -> Make:
    def made(nn: Any) -> Work:
        loss = make(nn)
        g = 1.0 if np.ndim(loss.forward(y_true, y)) == 0 else np.ones((len(y), 1))

        def work() -> None:
            loss.forward(y_true, y)
            loss.backward(g)

        return work

    return made


def _steps(samples: int, features: int) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((8, samples))
    y = rng.standard_normal((8, features))
    for name in (
        "GradientDescent",
        "MomentumGD",
        "NesterovMomentumGD",
        "RMSprop",
        "Adam",
        "SignGD",
    ):

        def step(nn: Any, name: str = name) -> Work:
            model, optimizer = nn.Linear(samples, features), getattr(nn, name)(8, 1, lr=1e-6)
            gradients = {"w": np.full((samples, features), 1e-3)}
            return lambda: optimizer.optimize_batch(model, gradients, 0, 0)

        yield Case(f"{name}, step {samples}x{features}", step)
        if samples * features > 1000:
            continue

        def epochs(nn: Any, name: str = name) -> Work:
            model, loss = nn.Linear(samples, features), nn.MeanError(nn.SquaredError())
            optimizer = getattr(nn, name)(2, 10, lr=1e-6)
            return lambda: optimizer.optimize(model, x, y, loss, verbose=False)

        yield Case(f"{name}, 10 epochs of 4 batches {samples}x{features}", epochs)


def _metrics(samples: int) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 2, samples), rng.integers(0, 2, samples)
    one[0] = other[0] = 1
    for name in ("accuracy", "precision", "recall", "fscore", "confusion"):
        yield Case(f"{name} {samples}", _metric(name, one, other))
    truth, y = rng.standard_normal((2, samples, 3))
    for name in ("rmse", "mae"):
        yield Case(f"{name} {samples}", _metric(name, truth, y))


def _metric(name: str, one: Any, other: Any) -> Make:
    return lambda nn: lambda: getattr(nn.metrics, name)(one, other)


def _images(shape: tuple[int, ...]) -> Iterator[Case]:
    x = np.random.default_rng(0).standard_normal(shape)
    layers: dict[str, Callable[[Any], Any]] = {
        "Conv2d": lambda nn: nn.Conv2d(shape[1], 2, (3, 3)),
        "MaxPool2d": lambda nn: nn.MaxPool2d(2, 2),
        "AvgPool2d": lambda nn: nn.AvgPool2d(2, 2),
        "Flatten": lambda nn: nn.Flatten(),
    }
    for name, make in layers.items():
        yield Case(f"{name} {'x'.join(map(str, shape))}", _both_ways(make, x))


def _sequences(samples: int, steps: int, features: int) -> Iterator[Case]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((samples, steps, features))
    size = f"{samples}x{steps}x{features}"
    yield Case(f"RNN {size}", _both_ways(lambda nn: nn.RNN(features, 2, 4), x))
    onehot = np.eye(features)[rng.integers(1, features, (samples, steps))]

    def sequence(nn: Any) -> Work:
        loss = nn.SequenceCrossEntropyWithLabels()

        def work() -> None:
            loss.forward(onehot, x)
            loss.backward(1.0)

        return work

    yield Case(f"SequenceCrossEntropy {size}", sequence)


def _checks(shape: tuple[int, int], samples: int) -> Iterator[Case]:
    features = shape[1]
    layers: dict[str, Callable[[Any], Any]] = {
        "Linear": lambda nn: nn.Linear(features, 2),
        "Bias": lambda nn: nn.Bias(features),
        "ReLU": lambda nn: nn.ReLU(),
        "Sigmoid": lambda nn: nn.Sigmoid(),
        "TanH": lambda nn: nn.TanH(),
        "Softmax": lambda nn: nn.Softmax(),
        "GELU": lambda nn: nn.GELU(),
        "Dense, relu": lambda nn: nn.Dense(features, 2, "relu"),
        "AddConstant": lambda nn: nn.AddConstant(2.0),
        "an own scale": lambda nn: _own_scale(nn, features),
        "an own square": _own_square,
        "an own linear": lambda nn: _own_linear(nn, features),
    }
    if shape[0] > 1:
        layers["BatchNorm"] = lambda nn: nn.BatchNorm(features)
    size = f"{shape[0]}x{features}, {samples} samples"
    for name, make in layers.items():
        yield Case(f"check of {name} {size}", _check(make, "common_layer", shape, samples))
    losses: dict[str, tuple[Callable[[Any], Any], str, Any]] = {
        "SquaredError": (lambda nn: nn.SquaredError(), "squared_error", shape),
        "MeanError": (lambda nn: nn.MeanError(nn.SquaredError()), "squared_error", shape),
        "CrossEntropy": (lambda nn: nn.CrossEntropyWithLabels(), "cross_entropy_labels", shape),
        "BinaryCrossEntropy": (
            lambda nn: nn.BinaryCrossEntropy(),
            "binary_cross_entropy_labels",
            shape[0],
        ),
    }
    if shape[0] == 1:
        # The course's own losses of labels take no single sample.
        del losses["CrossEntropy"], losses["BinaryCrossEntropy"]
    for name, (make, check, given) in losses.items():
        yield Case(f"check of {name} {size}", _check(make, check, given, samples))


def _check(make: Callable[[Any], Any], check: str, shape: Any, samples: int) -> Make:
    def made(nn: Any) -> Work:
        layer = make(nn)
        checked = getattr(nn.utils.check_gradient, check)
        # The course's differences are 1.5 times too large: it would stop at once.
        options = {"samples": samples, "break_on_error": False}

        def work() -> None:
            # Its check of a cross entropy now and then steps below a probability of 0.
            with contextlib.suppress(AssertionError):
                checked(layer, shape, **options)

        return work

    return made


def _own_scale(nn: Any, features: int) -> Any:
    class Scale(nn.ModelWithParameters):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.register_parameter("s", np.ones(features))

        def forward(self, x: Any) -> Any:
            self.set_cache(x)
            return x * self.get_parameters()["s"]

        def backward(self, g: Any) -> Any:
            (x,) = self.get_cache()
            return g * self.get_parameters()["s"], {"s": (g * x).sum(axis=0)}

    return Scale()


def _own_square(nn: Any) -> Any:
    class Square(nn.ModelWithoutParameters):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            self.set_cache(x)
            return x**2

        def backward(self, g: Any) -> Any:
            (x,) = self.get_cache()
            return 2 * x * g, {}

    return Square()


def _own_linear(nn: Any, features: int) -> Any:
    class Own(nn.ModelWithParameters):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.register_parameter("w", np.ones((features, 2)))

        def forward(self, x: Any) -> Any:
            self.set_cache(x)
            return x @ self.get_parameters()["w"]

        def backward(self, g: Any) -> Any:
            (x,) = self.get_cache()
            return g @ self.get_parameters()["w"].T, {"w": x.T @ g}

    return Own()


def ratio(
    case: Case, libraries: tuple[Any, Any], turns: int = _TURNS
) -> tuple[float, float, float]:
    """Return the seconds of one call of the first library and of the second, and their ratio."""
    works = [case.make(nn) for nn in libraries]
    counts = [_calls_per_turn(work) for work in works]
    times: list[list[float]] = [[], []]
    for _ in range(turns):
        for work, count, taken in zip(works, counts, times, strict=True):
            taken.append(_time(work, count) / count)
    ratios = [one / other for one, other in zip(*times, strict=True)]
    ours, theirs = map(statistics.median, times)
    return ours, theirs, statistics.median(ratios)


def _calls_per_turn(work: Work) -> int:
    work()
    count = 1
    while (taken := _time(work, count)) < _TURN:
        count = max(2 * count, int(count * _TURN / max(taken, 1e-9)) // 2)
    return count


def _time(work: Work, count: int) -> float:
    start = time.thread_time()
    for _ in range(count):
        work()
    return time.thread_time() - start


def main() -> int:
    """Print the table; return 1 if something is slower than the course's."""
    parser = argparse.ArgumentParser(prog="python -m bench.beside_course", description=__doc__)
    parser.add_argument("path", type=Path, help="a checked-out copy of the course's repository")
    parser.add_argument("words", nargs="*", help="only what has one of these in its name")
    parser.add_argument("--turns", type=int, default=_TURNS)
    parser.add_argument("--mark", type=float, default=1.05, help="the largest ratio")
    options = parser.parse_intermixed_args()
    libraries = edunn, load(options.path.resolve())
    slower = False
    print("| what | µs | the course's µs | ratio |\n| --- | --- | --- | --- |")
    for case in cases():
        if options.words and not any(word in case.name for word in options.words):
            continue
        # Both print what they find.
        with contextlib.redirect_stdout(io.StringIO()), np.errstate(all="ignore"):
            ours, theirs, found = ratio(case, libraries, options.turns)
        slower = slower or found > options.mark
        sign = " SLOWER" if found > options.mark else ""
        row = f"| {case.name} | {ours * 1e6:.1f} | {theirs * 1e6:.1f} | {found:.2f}{sign} |"
        print(row, flush=True)
    return int(slower)


if __name__ == "__main__":
    sys.exit(main())
