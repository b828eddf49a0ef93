"""The results as Markdown."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version

from bench.figures import Figure

PACKAGES = ("grpcio", "celery", "redis", "hiredis", "protobuf", "numpy", "uvloop")


def table(figures: Sequence[Figure], mask_bytes: float, allowed_mask_bytes: float) -> str:
    """Return one line a figure: medians of the rounds, and the median of the rounds' ratios."""
    lines = [
        "| figure | ours | reference | ratio | rounds' ratios | mark | met |",
        "| --- | ---: | ---: | ---: | :---: | :---: | :---: |",
    ]
    lines += [_line(figure) for figure in figures]
    met = "yes" if mask_bytes <= allowed_mask_bytes else "**no**"
    lines.append(
        f"| Redis bytes per stored mask | {mask_bytes:.0f} B | | | "
        f"| at most {allowed_mask_bytes:.0f} B | {met} |"
    )
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Return a line on what the figures were measured on."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, {versions}"
    )


def _line(figure: Figure) -> str:
    ratios = figure.ratios()
    return " | ".join(
        (
            f"| {figure.name}",
            f"{_number(figure.ours)} {figure.unit}",
            f"{_number(figure.reference)} {figure.unit} ({figure.reference_name})",
            f"**{figure.ratio():.2f}**",
            f"{min(ratios):.2f} to {max(ratios):.2f}",
            f"{figure.bound} {figure.mark:g}",
            "yes |" if figure.is_met() else "**no** |",
        )
    )


def _number(rounds: Sequence[float]) -> str:
    middle = statistics.median(rounds)
    return f"{middle:.2f}" if middle < 100 else f"{middle:.0f}"
