"""The Lua scripts that run in Redis."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

LUA = Path(__file__).parent / "lua"

Command = tuple[Any, ...]


class Script(NamedTuple):
    """A Lua script of the folder `lua/`."""

    text: str
    # What Redis knows it by.
    digest: str

    @classmethod
    def named(cls, name: str) -> Script:
        """Read a script."""
        text = (LUA / f"{name}.lua").read_text()
        # The digest is a name, it protects nothing.
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())

    def command(self, keys: Sequence[Any], arguments: Sequence[Any]) -> Command:
        """Return the command that runs the script, if Redis has seen it before."""
        return ("EVALSHA", self.digest, len(keys), *keys, *arguments)
