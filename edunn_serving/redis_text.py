"""Texts in Redis that no key authenticates: who reaches Redis may have changed them."""

from __future__ import annotations


def text_of(data: bytes) -> str:
    """Return a text. What is no text becomes one that names nothing of ours."""
    return data.decode(errors="replace")
