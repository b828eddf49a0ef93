"""What a call carries besides its request: gRPC's metadata, and in it the bearer token."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from edunn_client._errors import InvalidArgumentError

MetadataPairs = tuple[tuple[str, str | bytes], ...]
Metadata = Mapping[str, str | bytes] | Iterable[tuple[str, str | bytes]]

NAME = re.compile(r"[0-9a-z_.-]+")
# gRPC sends the bytes of such a header, and of any other one its text.
BINARY = "-bin"


def metadata_pairs(metadata: Metadata | None) -> MetadataPairs:
    """Return gRPC metadata as pairs, with keys as gRPC wants them.

    Raises
    ------
    ValueError
        A key or a value cannot be sent.
    """
    if metadata is None:
        return ()
    pairs = metadata.items() if isinstance(metadata, Mapping) else metadata
    return tuple((_checked_key(key), _checked_value(key, value)) for key, value in pairs)


def bearer(token: object) -> str:
    """Return the header of a token.

    Raises
    ------
    InvalidArgumentError
        It cannot be sent. The message does not show it.
    """
    if not isinstance(token, str):
        raise InvalidArgumentError(
            f"the token must be a str, got {type(token).__name__}", reason="INVALID_ARGUMENT"
        )
    if not can_be_sent(token):
        raise InvalidArgumentError(
            "the token has characters that no header may have, such as a line break or a letter "
            "beyond ASCII: if it comes from a file, strip() it",
            reason="INVALID_ARGUMENT",
        )
    return f"Bearer {token}"


def can_be_sent(text: str) -> bool:
    """Tell whether a text can be a header's value."""
    return text.isascii() and text.isprintable()


def _checked_key(key: str) -> str:
    lower = key.lower()
    if not NAME.fullmatch(lower):
        raise ValueError(
            f"the metadata key {key!r} cannot be sent: a key has ASCII letters, digits and - _ ."
        )
    return lower


def _checked_value(key: str, value: str | bytes) -> str | bytes:
    if key.lower().endswith(BINARY):
        if not isinstance(value, bytes):
            raise ValueError(f"the metadata {key!r} must be bytes, because its key ends with -bin")
    elif not can_be_sent(value if isinstance(value, str) else value.decode("latin-1")):
        raise ValueError(
            f"the metadata {key!r} has characters that no header may have, such as a line break "
            "or a letter beyond ASCII: for any bytes use a key that ends with -bin"
        )
    return value
