"""Reads the fields of a protobuf message from its bytes, without parsing their values."""

from __future__ import annotations

from collections.abc import Iterator

from google.protobuf.descriptor import Descriptor, FieldDescriptor

# A bound, because reading the fields blocks the event loop.
MAX_FIELDS = 10_000

# The deepest nesting that `walk` follows. It is a little more than protobuf parses.
MAX_DEPTH = 120
# `walk` yields after about this many parts.
PARTS_A_STEP = 256

# Wire types, https://protobuf.dev/programming-guides/encoding/#structure.
VARINT, EIGHT_BYTES, LENGTH_DELIMITED, FOUR_BYTES = 0, 1, 2, 5


def check_field_count(message: bytes, limit: int) -> None:
    """Check before a message is parsed that it has at most `limit` fields.

    Raises
    ------
    ValueError, IndexError
        The message has more fields, or the bytes are no message.
    """
    for _ in fields(message, limit):
        pass


def fields(
    message: bytes, limit: int = MAX_FIELDS, at: int = 0, end: int | None = None
) -> Iterator[tuple[int, int, int]]:
    """Yield each field's number, and the begin and end of its value.

    The value of any field that is no string, bytes or message counts as empty. `at` and `end` are
    those of a message within the bytes.
    """
    end = len(message) if end is None else end
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
    """Return the number that begins at an offset, and the offset after it."""
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


class TooManyPartsError(ValueError):
    """A message has too many parts."""


class TooMuchTextError(ValueError):
    """A message has more text than is allowed."""


def walk(
    message: bytes, descriptor: Descriptor, limit: int, text_limit: int | None = None
) -> Iterator[None]:
    """Count the parts of a message, those within others too, and yield now and then.

    A part is a field, or a number of a packed field. It may take two bytes of the message.

    Raises
    ------
    TooManyPartsError
        There are more than `limit` parts.
    TooMuchTextError
        Its strings take more than `text_limit` bytes.
    ValueError, IndexError
        The bytes are no message.
    """
    # The messages that are still to be read: where each begins and ends, its type and its depth.
    messages = [(0, len(message), descriptor, 1)]
    parts = text = 0
    while messages:
        begin, end, kind, depth = messages.pop()
        if depth > MAX_DEPTH:
            # protobuf's parser will refuse it.
            continue
        for number, first, last in fields(message, limit + 1, begin, end):
            parts += 1
            field = kind.fields_by_number.get(number)
            if field is not None and field.message_type is not None:
                messages.append((first, last, field.message_type, depth + 1))
            elif field is not None and field.is_packed:
                parts += last - first
            elif field is not None and field.type == FieldDescriptor.TYPE_STRING:
                text += last - first
                if text_limit is not None and text > text_limit:
                    raise TooMuchTextError
            if parts > limit:
                raise TooManyPartsError
            if parts % PARTS_A_STEP == 0:
                yield
        yield


def largest_value(message: bytes, descriptor: Descriptor) -> int:
    """Return the bytes of the largest value of a message, such as the data of a tensor.

    Raises
    ------
    ValueError, IndexError
        The bytes are no message.
    """
    largest = 0
    messages = [(0, len(message), descriptor, 1)]
    while messages:
        begin, end, kind, depth = messages.pop()
        for number, first, last in fields(message, MAX_FIELDS, begin, end):
            field = kind.fields_by_number.get(number)
            if field is None or field.message_type is None or depth > MAX_DEPTH:
                largest = max(largest, last - first)
            elif last - first > largest:
                messages.append((first, last, field.message_type, depth + 1))
    return largest


def depth_of(message: bytes, descriptor: Descriptor) -> int:
    """Return the depth of the deepest nested message; 0 if the bytes are no message.

    It also reads messages that are too deep for protobuf's parser. It ignores fields beyond a count
    that no configuration needs.
    """
    deepest = 0
    # The parts of the message that are still to be read, each with its descriptor and its depth.
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
