"""How a training is shown while it goes on: in a notebook, in a terminal, and anywhere else."""

from __future__ import annotations

import html
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol, Self

from edunn_client._training_info import Epoch, Progress, TrainingEvent, TrainingInfo

# Seconds between two pictures in a notebook.
_NOTEBOOK_SECONDS = 0.2
_WIDTH, _HEIGHT, _MARGIN = 480, 160, 36
_COLOURS = {"training": "#1f77b4", "validation": "#d95f02"}


class View(Protocol):
    """Shows the events of a training, as a context manager."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def show(self, event: TrainingEvent) -> None:
        """Take the next event."""


def view_of(info: TrainingInfo) -> View:
    """Return the view that fits where the program runs."""
    if _is_notebook():
        return NotebookView(info)
    if sys.stderr.isatty():
        try:
            return TerminalView(info)
        except ImportError:
            pass
    return LinesView(info)


class Story:
    """What the events of a training have told so far."""

    def __init__(self, info: TrainingInfo) -> None:
        self.info = info
        self.epochs: list[Epoch] = []
        self.progress: Progress = info.progress

    def note(self, event: TrainingEvent) -> None:
        if event.epoch is not None:
            self.epochs.append(event.epoch)
        if event.progress is not None:
            self.progress = event.progress
        if event.ended is not None:
            self.info, self.progress = event.ended, event.ended.progress

    @property
    def title(self) -> str:
        return f"{self.info.layer} on {self.info.dataset}"

    @property
    def where(self) -> str:
        done = max(self.progress.epochs_done, self.epochs[-1].epoch if self.epochs else 0)
        return f"epoch {done}/{self.info.epochs}"

    @property
    def measured(self) -> str:
        """The loss and the metrics, of the latest epoch or of the present one so far."""
        if not self.epochs:
            return f"loss {self.progress.loss:.4g}" if self.progress.loss else ""
        last = self.epochs[-1]
        texts = [_values(last.training)]
        if last.validation:
            texts.append(f"validation {_values(last.validation)}")
        return "; ".join(texts)

    @property
    def pace(self) -> str:
        texts = []
        if self.progress.samples_per_second:
            texts.append(f"{self.progress.samples_per_second:,.0f} samples/s")
        if self.progress.seconds_left is not None and not self.info.state.has_ended:
            texts.append(f"{_clock(self.progress.seconds_left)} left")
        return ", ".join(texts)

    @property
    def ending(self) -> str:
        """How it ended; empty before."""
        state = self.info.state
        if not state.has_ended:
            return ""
        text = state.name.lower()
        if self.info.stopped_early:
            text += " early"
        if self.info.error is not None:
            text += f": {self.info.error.message}"
        return text


class LinesView:
    """A line for each epoch, for logs and for terminals without `rich`."""

    def __init__(self, info: TrainingInfo) -> None:
        self._story = Story(info)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *unused: object) -> None:
        pass

    def show(self, event: TrainingEvent) -> None:
        story = self._story
        story.note(event)
        if event.epoch is not None:
            print(f"{story.title}: epoch {event.epoch.epoch}: {story.measured}", file=sys.stderr)
        if event.ended is not None:
            print(f"{story.title}: {story.ending}", file=sys.stderr)


class TerminalView:
    """A bar of `rich`."""

    def __init__(self, info: TrainingInfo, console: Any = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn
        from rich.progress import Progress as Bars

        self._story = Story(info)
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[told]}", markup=False),
            console=console or Console(stderr=True),
        )
        self._bar = self._bars.add_task(self._story.title, total=1.0, told="waits for a worker")

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._bars.stop()

    def show(self, event: TrainingEvent) -> None:
        story = self._story
        story.note(event)
        told = [story.where, story.measured, story.pace, story.ending]
        share = 1.0 if story.ending == "succeeded" else story.progress.share
        self._bars.update(self._bar, completed=share, told="  ".join(filter(None, told)))


class NotebookView:
    """An HTML bar with a plot of the loss, which is drawn again as the training goes on."""

    def __init__(self, info: TrainingInfo) -> None:
        import IPython.display

        # It has types in some versions only.
        display: Any = IPython.display
        self._html: Any = display.HTML
        self._story = Story(info)
        self._drawn = 0.0
        picture = self._html(render_html(self._story))
        self._handle: Any = display.display(picture, display_id=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *unused: object) -> None:
        self._handle.update(self._html(render_html(self._story)))

    def show(self, event: TrainingEvent) -> None:
        self._story.note(event)
        now = time.monotonic()
        if now - self._drawn >= _NOTEBOOK_SECONDS:
            self._drawn = now
            self._handle.update(self._html(render_html(self._story)))


def render_html(story: Story) -> str:
    """Return a bar and a plot as HTML that needs no script and no other file."""
    told = [story.where, story.measured, story.pace, story.ending]
    text = html.escape("  ·  ".join(filter(None, told)))
    return (
        '<div style="font-family: sans-serif; font-size: 13px; max-width: 640px">'
        f"<b>{html.escape(story.title)}</b> "
        f'<progress value="{story.progress.share:.4f}" max="1" '
        'style="width: 240px; vertical-align: middle"></progress> '
        f"{100 * story.progress.share:.0f} %<br>{text}<br>{_plot(story.epochs)}</div>"
    )


def _plot(epochs: list[Epoch]) -> str:
    """Return the loss of each epoch as an SVG; empty while there is no line to draw."""
    lines = {
        "training": [(each.epoch, each.training["loss"]) for each in epochs],
        "validation": [(each.epoch, each.validation["loss"]) for each in epochs if each.validation],
    }
    points = [point for line in lines.values() for point in line]
    if len(epochs) < 2:
        return ""
    first, last = epochs[0].epoch, epochs[-1].epoch
    low, high = min(y for _, y in points), max(y for _, y in points)
    across = (_WIDTH - 2 * _MARGIN) / max(1, last - first)
    up = (_HEIGHT - 2 * _MARGIN) / ((high - low) or 1.0)

    def place(point: tuple[int, float]) -> str:
        x, y = _MARGIN + (point[0] - first) * across, _HEIGHT - _MARGIN - (point[1] - low) * up
        return f"{x:.1f},{y:.1f}"

    drawn = [
        f'<polyline fill="none" stroke="{_COLOURS[name]}" stroke-width="1.5" '
        f'points="{" ".join(map(place, line))}"><title>loss of {name}</title></polyline>'
        for name, line in lines.items()
        if line
    ]
    labels = [
        (4, _MARGIN, f"{high:.3g}", "#555"),
        (4, _HEIGHT - _MARGIN, f"{low:.3g}", "#555"),
        (_MARGIN, _HEIGHT - 12, f"epoch {first}", "#555"),
        (_WIDTH - 2 * _MARGIN, _HEIGHT - 12, f"epoch {last}", "#555"),
        *(
            (_MARGIN + 120 * at, 16, f"loss of {name}", _COLOURS[name])
            for at, name in enumerate(lines)
            if lines[name]
        ),
    ]
    texts = [
        f'<text x="{x}" y="{y}" font-size="11" fill="{colour}">{html.escape(text)}</text>'
        for x, y, text, colour in labels
    ]
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" aria-label="loss by epoch">'
        f"{''.join(drawn + texts)}</svg>"
    )


def _values(values: Mapping[str, float]) -> str:
    return " ".join(f"{name} {value:.4g}" for name, value in values.items())


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _is_notebook() -> bool:
    """Tell whether the program runs in a notebook's kernel."""
    if "IPython" not in sys.modules:
        return False
    shell = sys.modules["IPython"].get_ipython()
    return shell is not None and hasattr(shell, "kernel")
