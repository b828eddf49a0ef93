"""Mutates the bytes of a protobuf message field by field, so that most results are messages still.

A mutation of single bytes mostly breaks the length of a field, and the rest of the message is lost.
"""

from __future__ import annotations

import random

VARINT, EIGHT_BYTES, LENGTH_DELIMITED, FOUR_BYTES = 0, 1, 2, 5
# Numbers at which decoders go wrong: signs, widths, and sizes near limits.
EDGES = (0, 1, 2, 63, 64, 65, 127, 128, 255, 1 << 31, (1 << 31) - 1, 1 << 32, 1 << 47, 1 << 48,
         1 << 62, 1 << 63, (1 << 64) - 1)  # fmt: skip
TEXTS = (b"", b"a", b"x" * 65, b"l\x00", b"\xff\xfe", "ä".encode(), b"../..", b"{}", b"#1")

Field = tuple[int, int, bytes]


def split(message: bytes) -> list[Field] | None:
    """Return the fields of a message: number, wire type, value; None if it is none."""
    fields: list[Field] = []
    at = 0
    try:
        while at < len(message):
            tag, at = read_varint(message, at)
            number, wire_type = tag >> 3, tag & 7
            begin = at
            if wire_type == VARINT:
                _, at = read_varint(message, at)
            elif wire_type == LENGTH_DELIMITED:
                size, begin = read_varint(message, at)
                at = begin + size
            elif wire_type in (EIGHT_BYTES, FOUR_BYTES):
                at += 8 if wire_type == EIGHT_BYTES else 4
            else:
                return None
            if at > len(message):
                return None
            fields.append((number, wire_type, message[begin:at]))
    except IndexError:
        return None
    return fields


def join(fields: list[Field]) -> bytes:
    """Return the message of these fields."""
    parts: list[bytes] = []
    for number, wire_type, value in fields:
        parts.append(varint(number << 3 | wire_type))
        if wire_type == LENGTH_DELIMITED:
            parts.append(varint(len(value)))
        parts.append(value)
    return b"".join(parts)


def mutate(message: bytes, rng: random.Random, depth: int = 0) -> bytes:
    """Return a message that differs a little."""
    fields = split(message)
    if not fields:
        return join([_new_field(rng)])
    at = rng.randrange(len(fields))
    number, wire_type, value = fields[at]
    choice = rng.randrange(8)
    if choice == 0:
        del fields[at]
    elif choice == 1:
        fields.insert(rng.randrange(len(fields) + 1), fields[at])
    elif choice == 2:
        fields[at] = (rng.randrange(1, 12), wire_type, value)
    elif choice == 3:
        fields.insert(at, _new_field(rng))
    elif choice == 4:
        fields *= 2
    elif wire_type == VARINT:
        fields[at] = (number, wire_type, varint(rng.choice(EDGES)))
    elif wire_type == LENGTH_DELIMITED:
        fields[at] = (number, wire_type, _changed(value, rng, depth))
    else:
        fields[at] = (number, wire_type, rng.randbytes(len(value)))
    return join(fields)


def _changed(value: bytes, rng: random.Random, depth: int) -> bytes:
    """Return another value of a field: a message, packed numbers, text or bytes."""
    choice = rng.randrange(6)
    if choice < 3 and depth < 12 and split(value):
        return mutate(value, rng, depth + 1)
    if choice == 3:
        return b"".join(varint(rng.choice(EDGES)) for _ in range(rng.randrange(6)))
    if choice == 4:
        return rng.choice(TEXTS)
    at = rng.randrange(len(value) + 1)
    return value[:at] + rng.randbytes(rng.randrange(9)) + value[at + rng.randrange(9) :]


def _new_field(rng: random.Random) -> Field:
    number = rng.randrange(1, 12)
    if rng.randrange(2):
        return number, VARINT, varint(rng.choice(EDGES))
    return number, LENGTH_DELIMITED, rng.choice(TEXTS)


def varint(number: int) -> bytes:
    """Return a number as protobuf writes it."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def read_varint(message: bytes, at: int) -> tuple[int, int]:
    """Return the number at an offset, and the offset behind it."""
    number = shift = 0
    while True:
        byte = message[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte <= 0x7F:
            return number, at
        shift += 7
