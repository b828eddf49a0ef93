"""The results as Markdown."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version

from bench.cpu import GENERATOR
from bench.figures import Figure, Figures
from bench.load import Measured

PACKAGES = ("grpcio", "celery", "redis", "hiredis", "protobuf", "numpy", "uvloop")
# A run is void if other programs take this share of the machine.
DISTURBING_SHARE = 0.05
SERVICE_PARTS = ("server", "workers", "redis")


def ratios(figures: Sequence[Figure], mask_bytes: float, allowed_mask_bytes: float) -> str:
    """Return one line per figure: medians of the rounds, and the median of the rounds' ratios."""
    lines = [
        "| figure | ours | reference | ratio | rounds' ratios | mark | met |",
        "| --- | ---: | ---: | ---: | :---: | :---: | :---: |",
    ]
    lines += [_ratio_line(figure) for figure in figures]
    met = "yes" if mask_bytes <= allowed_mask_bytes else "**no**"
    lines.append(
        f"| Redis bytes per stored mask | {mask_bytes:.0f} B | | | "
        f"| at most {allowed_mask_bytes:.0f} B | {met} |"
    )
    return "\n".join(lines) + "\n"


def costs(figures: Sequence[Figure]) -> str:
    """Return one line per figure: the processor time of each part for one call of ours."""
    lines = [
        "| figure | server | workers | Redis | generator | echo's server | its generator "
        "| service / echo's server | generator's cores | others' cores |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [_cost_line(figure) for figure in figures]
    return "\n".join(lines) + "\n"


def tail(figures: Figures) -> str:
    """Return how much of the tail comes from the generator and the machine."""
    ours, echo = figures.tail.ours, figures.echo_tail
    return (
        f"At half the maximum load, {_middle(ours, lambda one: one.rate):.0f} calls/s evenly "
        "spaced, each call's time counts from when it was due. The generator sent "
        f"99 % of them less than {_middle(ours, lambda one: one.late_p99_ms):.1f} ms late. Ours: "
        f"p50 {_middle(ours, lambda one: one.p50_ms):.2f} ms, "
        f"p99 {_middle(ours, lambda one: one.p99_ms):.2f} ms. The echo at the same rate: "
        f"p50 {_middle(echo, lambda one: one.p50_ms):.2f} ms, "
        f"p99 {_middle(echo, lambda one: one.p99_ms):.2f} ms, "
        f"late {_middle(echo, lambda one: one.late_p99_ms):.1f} ms.\n"
    )


def number(value: float) -> str:
    """Return a number with a few significant digits."""
    return f"{value:.2f}" if value < 100 else f"{value:.0f}"


def disturbance(figures: Sequence[Figure]) -> str:
    """Return that the run is void if other programs kept the machine busy; otherwise nothing."""
    return void_if_disturbed([one for figure in figures for one in figure.ours])


def void_if_disturbed(measured: Sequence[Measured]) -> str:
    """Return the load of other programs, and that the run is void if it was high."""
    cores = os.cpu_count() or 1
    others = _middle(measured, lambda one: one.cores_of_others)
    load = f"Other programs took {others / cores:.1%} of the machine."
    if others / cores < DISTURBING_SHARE:
        return f"{load}\n\n"
    return (
        f"**{load} This run is void.** They hold up a service of several processes more than one "
        "echo server, so its ratios are worse than on an idle machine.\n\n"
    )


def machine() -> str:
    """Return a line about the machine and the versions of the run."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, {versions}"
    )


def _ratio_line(figure: Figure) -> str:
    rounds = figure.ratios()
    ours = number(statistics.median(figure.our_values()))
    reference = number(statistics.median(figure.reference_values()))
    met = {True: "yes", False: "**no**", None: ""}[figure.is_met()]
    mark = f"{figure.bound} {figure.mark:g}" if figure.mark is not None else ""
    return _row(
        figure.name,
        f"{ours} {figure.unit}",
        f"{reference} {figure.unit} ({figure.reference_name})",
        f"**{number(figure.ratio())}**",
        f"{number(min(rounds))} to {number(max(rounds))}",
        mark,
        met,
    )


def _cost_line(figure: Figure) -> str:
    ours = [_cost(figure.ours, part) for part in (*SERVICE_PARTS, GENERATOR)]
    if figure.reference_name.startswith("echo"):
        reference = [_cost(figure.reference, part) for part in ("echo", GENERATOR)]
        times = f"{_times_the_echo(figure):.2f}"
    else:
        reference, times = ["", ""], ""
    cores = [
        _middle(figure.ours, lambda one: one.cores(GENERATOR)),
        _middle(figure.ours, lambda one: one.cores_of_others),
    ]
    return _row(figure.name, *ours, *reference, times, *(f"{number:.2f}" for number in cores))


def _cost(rounds: Sequence[Measured], part: str) -> str:
    return f"{_middle(rounds, lambda one: one.cost_us(part)):.0f}"


def _times_the_echo(figure: Figure) -> float:
    """Return the cost of the service's processes together, divided by that of the echo's server."""
    return statistics.median(
        sum(ours.cost_us(part) for part in SERVICE_PARTS) / echo.cost_us("echo")
        for ours, echo in zip(figure.ours, figure.reference, strict=True)
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _middle(rounds: Iterable[Measured], value: Callable[[Measured], float]) -> float:
    return statistics.median(value(one) for one in rounds)
