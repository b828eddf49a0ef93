"""Ids of calls."""

from __future__ import annotations

import itertools
import secrets

_SERVER = secrets.token_hex(4)
_numbers = itertools.count(1)


def new_request_id() -> str:
    """Return the id of a call: that of the server's process, and a number."""
    return f"{_SERVER}-{next(_numbers):x}"
