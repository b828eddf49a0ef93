"""Reads the fields of a protobuf message off its bytes, without parsing what they hold."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor

# Reading the fields holds up everybody else.
MAX_FIELDS = 10_000

# Wire types, https://protobuf.dev/programming-guides/encoding/#structure.
VARINT, EIGHT_BYTES, LENGTH_DELIMITED, FOUR_BYTES = 0, 1, 2, 5


def check_field_count(message: bytes, limit: int) -> None:
    """Check that a message has at most so many fields, before it is parsed.

    Raises
    ------
    ValueError, IndexError
        It has more, or the bytes are no message.
    """
    for _ in fields(message, limit):
        pass


def fields(message: bytes, limit: int = MAX_FIELDS) -> Iterator[tuple[int, int, int]]:
    """Yield each field's number, and where its value begins and ends.

    A value that is no string, no bytes and no message is taken for empty.
    """
    at, end = 0, len(message)
    count = 0
    while at < end:
        count += 1
        if count > limit:
            raise ValueError(f"it has more than {limit} fields")
        tag, at = _varint(message, at)
        number, wire_type = tag >> 3, tag & 7
        begin = at
        if wire_type == LENGTH_DELIMITED:
            size, begin = _varint(message, at)
            at = begin + size
            if at > end:
                break
            yield number, begin, at
            continue
        if wire_type == VARINT:
            _, at = _varint(message, at)
        elif wire_type == EIGHT_BYTES:
            at += 8
        elif wire_type == FOUR_BYTES:
            at += 4
        else:
            raise ValueError(f"unknown wire type {wire_type}")
        yield number, begin, begin
    if at != end:
        raise ValueError("it ends in the middle of a field")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, and the place behind it."""
    byte = message[at]
    number = byte & 0x7F
    shift = 7
    while byte > 0x7F:
        at += 1
        byte = message[at]
        number |= (byte & 0x7F) << shift
        shift += 7
        if shift > 70:
            raise ValueError("a number is too long")
    return number, at + 1


def depth_of(message: bytes, descriptor: Descriptor) -> int:
    """Return how many messages lie within each other at most; 0 where the bytes are no message.

    It takes messages that protobuf refuses to parse for their depth. Fields beyond a count that no
    configuration needs are not looked at.
    """
    deepest = 0
    # What is still to be looked at: a part of the message, what it is, how deep it lies.
    parts = [(message, descriptor, 1)]
    looked_at = 0
    try:
        while parts and looked_at < MAX_FIELDS:
            part, kind, depth = parts.pop()
            deepest = max(deepest, depth)
            for number, begin, end in fields(part):
                looked_at += 1
                field = kind.fields_by_number.get(number)
                if field is not None and field.message_type is not None:
                    parts.append((part[begin:end], field.message_type, depth + 1))
    except (ValueError, IndexError):
        return 0
    return deepest
