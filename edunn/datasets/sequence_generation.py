"""The texts by function: `reddit_comments()` is `load_sequence_generation("reddit_comments")`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from edunn.datasets import files, text
from edunn.datasets.loading import TEXTS, load_sequence_generation

#: The function of each text, by its name.
loaders: dict[str, Callable[[], text.Sequences]] = {
    name: partial(load_sequence_generation, name) for name in TEXTS
}
reddit_comments = loaders["reddit_comments"]


__getattr__ = files.paths(__name__, basepath="", classification_basepath="sequence_data")


def load_sequence_dataset(filename: str | Path, vocabulary_size: int) -> text.Sequences:
    """Read a text, a comment a line, from the folder of data sets.

    Parameters
    ----------
    filename : str or Path
        From the folder of data sets, or a whole path.
    vocabulary_size : int
        How many words are kept, the unknown word and padding among them.
    """
    return text.read(files.folder() / filename, vocabulary_size)
