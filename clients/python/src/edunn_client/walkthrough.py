"""The notebook "Capa Dropout" of the edunn course, with the layer at the other end of a network.

Run it as `python -m edunn_client.walkthrough localhost:50051`. It prints the arrays and one line a
check, and fails if a check does.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable

import numpy as np

from edunn_client._client import Client
from edunn_client._errors import EdunnError
from edunn_client._phase import Phase
from edunn_client._tensors import Array

Show = Callable[[str], None]


class CheckFailed(Exception):  # noqa: N818 - it is no error of the program's
    """The service computed something else than the notebook says."""


class _Report:
    """Shows arrays, and checks as lines that begin with ok or FAILED."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self.checks: list[tuple[str, bool]] = []

    def heading(self, text: str) -> None:
        self._show(f"\n{text}")

    def array(self, name: str, value: Array) -> None:
        text = np.array2string(value, precision=4, suppress_small=True, max_line_width=100)
        self._show(f"  {name} =")
        self._show("\n".join(f"    {line}" for line in text.splitlines()))

    def check(self, fact: str, holds: bool | np.bool_) -> None:
        self.checks.append((fact, bool(holds)))
        self._show(f"  {'ok    ' if holds else 'FAILED'}  {fact}")


def walkthrough(
    client: Client, show: Show = print, seed: int | None = None
) -> list[tuple[str, bool]]:
    """Take a Dropout layer through both phases, forward and backward.

    Parameters
    ----------
    client : Client
    show : callable
        Takes the lines to print.
    seed : int, optional
        Makes the run repeatable; a second session takes the seed after it.

    Returns
    -------
    list of (fact, True)

    Raises
    ------
    CheckFailed
        Naming the facts that did not hold.
    """
    report = _Report(show)
    rng = np.random.default_rng(seed)
    x = rng.random((2, 10))
    with client.session(seed=seed) as session:
        drop = session.layer("drop", "Dropout", p=0.5)
        report.heading(f"A session with a Dropout layer, p = 0.5, at {client.address}")
        report.array("x", x)

        report.heading("Training: forward, then backward of a random gradient")
        y = drop.forward(x)
        g = rng.random(y.shape)
        input_gradient, parameter_gradients = drop.backward(g)
        report.array("y", y)
        report.array("g", g)
        report.array("input gradient", input_gradient)
        dropped = y == 0
        report.check("some numbers are dropped, some are kept", 0 < dropped.sum() < dropped.size)
        report.check("what is kept is twice x", np.allclose(y[~dropped], 2 * x[~dropped]))
        report.check(
            "the gradient is zero exactly where the output is",
            np.array_equal(input_gradient == 0, dropped),
        )
        report.check(
            "elsewhere it is twice g", np.allclose(input_gradient[~dropped], 2 * g[~dropped])
        )
        report.check("Dropout has no parameters", parameter_gradients == {})

        report.heading("Test, by the phase of that request alone")
        y_test = drop.forward(x, phase=Phase.Test)
        input_gradient, _ = drop.backward(g)
        report.array("y", y_test)
        report.check("the output is x", np.array_equal(y_test, x))
        report.check("the gradient is g", np.array_equal(input_gradient, g))

    report.heading("Training in a second session")
    with client.session(seed=None if seed is None else seed + 1) as second:
        other = second.layer("drop", "Dropout", p=0.5)
        y_other = other.forward(x)
        input_gradient, _ = other.backward(g)
    report.array("y", y_other)
    report.array("input gradient", input_gradient)
    report.check("it has a mask of its own", not np.array_equal(y_other == 0, dropped))
    report.check(
        "its gradient follows its own mask",
        np.allclose(input_gradient, np.where(y_other == 0, 0, 2 * g)),
    )

    failed = [fact for fact, holds in report.checks if not holds]
    if failed:
        raise CheckFailed("; ".join(failed))
    return report.checks


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m edunn_client.walkthrough", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "address",
        nargs="?",
        default=os.environ.get("EDUNN_TARGET", "localhost:50051"),
        help="host:port of the service (default: $EDUNN_TARGET, or %(default)s)",
    )
    parser.add_argument("--seed", type=int, help="make the run repeatable")
    arguments = parser.parse_args()
    with Client(arguments.address, token=os.environ.get("EDUNN_TOKEN")) as client:
        try:
            checks = walkthrough(client, seed=arguments.seed)
        except CheckFailed as failure:
            raise SystemExit(f"\nnot so: {failure}") from None
        except EdunnError as error:
            raise SystemExit(f"the service at {arguments.address}: {error}") from None
    print(f"\nall {len(checks)} checks hold")


if __name__ == "__main__":
    main()
