"""Draws the results: how far each figure is beyond its mark, or short of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture
from matplotlib.patches import Patch

from bench.figures import Figure
from bench.report import number

# Colours of Okabe and Ito's palette, which people with any colour vision can tell apart.
MET, MISSED, INK, FAINT = "#0072B2", "#E69F00", "#222222", "#767676"
# Longer bars are cut at this length, so that bars near the mark stay readable.
LONGEST = 2.5


@dataclass(frozen=True)
class Bar:
    """One figure, as multiples of its mark: the median and all rounds."""

    name: str
    score: float
    worst: float
    best: float
    measured: str
    wanted: str


def bar_of(figure: Figure) -> Bar:
    """Return the bar of a figure that has a mark."""
    if figure.mark is None:
        raise ValueError(f"{figure.name} has no mark to be compared with")
    mark = figure.mark
    more = figure.bound == "at least"

    def score(ratio: float) -> float:
        return ratio / mark if more else mark / ratio

    scores = [score(ratio) for ratio in figure.ratios()]
    return Bar(
        figure.name,
        score(figure.ratio()),
        min(scores),
        max(scores),
        number(figure.ratio()),
        f"{figure.bound} {mark:g}",
    )


def draw(bars: Sequence[Bar], title: str, note: str, path: Path) -> None:
    """Write the picture as a PNG."""
    with mpl.rc_context({"font.size": 12, "font.family": "DejaVu Sans", "text.color": INK}):
        picture = Picture(figsize=(12, 2.2 + 0.46 * len(bars)))
        axes = picture.add_axes((0.395, 0.13, 0.365, 0.68))
        for at, bar in enumerate(bars):
            axes.barh(
                at,
                min(bar.score, LONGEST),
                height=0.6,
                color=MET if bar.score >= 1 else MISSED,
                zorder=2,
            )
            rounds = [min(bar.worst, LONGEST), min(bar.best, LONGEST)]
            axes.plot(rounds, [at, at], color=INK, lw=1.4, zorder=3, solid_capstyle="butt")
        _describe(axes, bars)
        picture.text(0.015, 0.955, title, fontsize=16, fontweight="bold", va="center")
        picture.legend(
            handles=[Patch(color=MET, label="mark met"), Patch(color=MISSED, label="not met")],
            loc="center left", bbox_to_anchor=(0.007, 0.892), ncols=2, frameon=False,
        )  # fmt: skip
        picture.text(0.985, 0.015, note, ha="right", va="bottom", fontsize=10, color=FAINT)
        picture.savefig(path, dpi=110)


def _describe(axes: Axes, bars: Sequence[Bar]) -> None:
    """Name the bars, and write the measured value and the mark beside each."""
    axes.axvline(1, color=INK, lw=1.6, zorder=3.5)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xlim(0, max(1.5, *(min(bar.best, LONGEST) for bar in bars)) * 1.03)
    axes.set_yticks(range(len(bars)), [bar.name for bar in bars])
    axes.set_xlabel("times as good as the mark (further right is better)", color=INK)
    axes.grid(axis="x", color="#DDDDDD", zorder=0)
    axes.tick_params(length=0, colors=INK)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    beside = axes.get_yaxis_transform()
    columns = ((1.17, "right", "ratio"), (1.22, "left", "mark"))
    for at, alignment, heading in columns:
        axes.text(at, -0.95, heading, transform=beside, ha=alignment, va="center", color=FAINT)
    axes.text(1, -0.95, "the mark", ha="center", va="center", color=FAINT)
    for row, bar in enumerate(bars):
        for (at, alignment, _), text in zip(columns, (bar.measured, bar.wanted), strict=True):
            axes.text(at, row, text, transform=beside, ha=alignment, va="center")
