"""The benchmark's results: which way a ratio is good, and that tables and picture say so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import matplotlib.image
import pytest

from bench import report
from bench.chart import bar_of, draw
from bench.figures import Figure
from bench.load import Measured


def measured(rate: float, server: float, echo: float) -> Measured:
    cpu = {"server": server, "workers": 0.2, "redis": 0.1, "echo": echo, "generator": 0.25}
    return Measured(int(rate), 1.0, 1.0, 2.0, cpu, machine_cpu=1.5)


def figure(bound: Literal["at least", "at most"], mark: float | None) -> Figure:
    made = Figure("a figure", "calls/s", lambda one: one.rate, mark, bound)
    for rate in (400.0, 500.0, 900.0):
        made.note(measured(rate, server=0.7, echo=0.0), measured(1000.0, server=0.0, echo=0.5))
    return made


@pytest.mark.parametrize(
    ("bound", "mark", "met", "score"),
    [
        ("at least", 0.25, True, 2.0),
        ("at least", 1.0, False, 0.5),
        ("at most", 1.0, True, 2.0),
        ("at most", 0.25, False, 0.5),
    ],
)
def test_bar_is_longer_where_the_ratio_is_better(
    bound: Literal["at least", "at most"], mark: float, met: bool, score: float
) -> None:
    bar = bar_of(figure(bound, mark))
    assert figure(bound, mark).is_met() is met
    assert bar.score == pytest.approx(score)
    assert bar.worst <= bar.score <= bar.best


def test_figure_without_a_mark_is_neither_met_nor_missed() -> None:
    assert figure("at least", None).is_met() is None
    with pytest.raises(ValueError, match="no mark"):
        bar_of(figure("at least", None))


def test_tables_have_ratio_cost_and_what_others_took() -> None:
    ratios = report.ratios([figure("at least", 0.65)], 180.0, 320.0)
    assert "| **0.50** | 0.40 to 0.90 | at least 0.65 | **no** |" in ratios
    # Microseconds a call: 0.7, 0.2 and 0.1 s over 500 calls, against 0.5 s over 1000.
    costs = report.costs([figure("at least", 0.65)])
    assert "| 1400 | 400 | 200 | 500 | 500 | 250 | 4.00 | 0.25 | 0.25 |" in costs


def test_results_are_void_if_other_programs_were_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    disturbed = report.disturbance([figure("at least", 0.65)])
    assert disturbed.startswith("**Other programs took 12.5% of the machine. This run is void.**")
    alone = figure("at least", 0.65)
    # The parts' own 0.7 + 0.2 + 0.1 + 0.25 s, and nothing else.
    alone.ours[:] = [replace(one, machine_cpu=1.25) for one in alone.ours]
    assert report.disturbance([alone]) == "Other programs took 0.0% of the machine.\n\n"


def test_picture_is_written(tmp_path: Path) -> None:
    path = tmp_path / "results.png"
    draw([bar_of(figure("at least", 0.25))] * 3, "title", "note", path)
    height, width, _ = matplotlib.image.imread(path).shape
    assert width > 1000
    assert height > 250
