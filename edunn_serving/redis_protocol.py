"""Writes commands as Redis reads them. Large values are not copied."""

from __future__ import annotations

from typing import Any

import hiredis

from edunn_serving.scripts import Command

Piece = bytes | memoryview

# Values of this size on are pieces of their own.
LARGE_VALUE_BYTES = 64 * 1024


def pieces_of(command: Command) -> list[Piece]:
    """Return a command in pieces, to be sent one after the other.

    An argument may be a list of pieces that belong together.
    """
    if not any(map(_is_large, command)):
        return [hiredis.pack_command(command)]
    # https://redis.io/docs/latest/develop/reference/protocol-spec/: the number of arguments is the
    # first line, and each of them follows its length.
    pieces: list[Piece] = [b"*%d\r\n" % len(command)]
    small: list[Any] = []
    for argument in command:
        if not _is_large(argument):
            small.append(argument)
            continue
        _add_small(pieces, small)
        parts = argument if isinstance(argument, list) else [argument]
        pieces += [b"$%d\r\n" % sum(map(len, parts)), *parts, b"\r\n"]
    _add_small(pieces, small)
    return pieces


def _is_large(argument: Any) -> bool:
    return isinstance(argument, list) or (
        isinstance(argument, bytes) and len(argument) >= LARGE_VALUE_BYTES
    )


def _add_small(pieces: list[Piece], arguments: list[Any]) -> None:
    """Move arguments into the pieces, without a command's first line."""
    if arguments:
        packed = hiredis.pack_command(tuple(arguments))
        pieces.append(packed[packed.index(b"\r\n") + 2 :])
        arguments.clear()
