"""Texts as sequences of words, for models that write on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from edunn.datasets.files import read_text

UNKNOWN, PADDING, START, END = "<UNK>", "<PAD>", "<SOS>", "<EOS>"
# A sentence of one word teaches nothing of what follows what.
_LEAST_WORDS = 2


class Sequences(NamedTuple):
    """Sentences as the numbers of their words, to learn the next word from those before.

    Attributes
    ----------
    x, y : ndarray of objects, shape (sentences,)
        Lists of integers: all words but the last, and all but the first.
    word_to_index : dict of str to int
    index_to_word : ndarray of str
        The unknown word, padding, then the words from the most frequent on.
    """

    x: npt.NDArray[np.object_]
    y: npt.NDArray[np.object_]
    word_to_index: dict[str, int]
    index_to_word: npt.NDArray[np.str_]


def read(path: Path, vocabulary_size: int) -> Sequences:
    """Read a text, a comment a line, as sentences.

    Sentences end at a full stop, an exclamation or a question mark and are in lower case. Each
    starts and ends with a word of its own. Words beyond the `vocabulary_size` most frequent, two
    less for the unknown word and padding, are unknown.
    """
    lines = read_text(path).lower().splitlines()
    sentences = list(_sentences(lines))
    if not sentences:
        raise ValueError(f"{path} has no sentence of at least {_LEAST_WORDS} words.")
    words, counts = np.unique([word for words in sentences for word in words], return_counts=True)
    # Stable: of words that are as frequent, the first by the alphabet comes first.
    frequent = words[np.argsort(-counts, kind="stable")][: vocabulary_size - 2]
    index_to_word = np.concatenate([[UNKNOWN, PADDING], frequent])
    word_to_index = {str(word): index for index, word in enumerate(index_to_word)}
    unknown = word_to_index[UNKNOWN]
    indices = [[word_to_index.get(word, unknown) for word in words] for words in sentences]
    return Sequences(
        _objects([sentence[:-1] for sentence in indices]),
        _objects([sentence[1:] for sentence in indices]),
        word_to_index,
        index_to_word,
    )


def _sentences(lines: list[str]) -> Iterator[list[str]]:
    text = " ".join(line.strip() for line in lines)
    for sentence in text.replace("!", ".").replace("?", ".").split("."):
        words = sentence.split()
        if len(words) >= _LEAST_WORDS:
            yield [START, *words, END]


def _objects(lists: list[list[int]]) -> npt.NDArray[np.object_]:
    """Return an array of lists, also where all have one length."""
    array = np.empty(len(lists), dtype=object)
    for i, items in enumerate(lists):
        array[i] = items
    return array
