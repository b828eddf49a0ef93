"""The Lua scripts that run in Redis."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from edunn_serving.keys import FIELDS

LUA = Path(__file__).parent / "lua"

Command = tuple[Any, ...]


class Script(NamedTuple):
    """A Lua script of the folder `lua/`."""

    text: str
    # What Redis knows it by.
    digest: str

    @classmethod
    def named(cls, *names: str, **constants: Any) -> Script:
        """Read a script; before it stand those whose functions it calls.

        A script knows the fields of a session's hash as `FIELDS`, the constants as `CONSTANTS`.
        """
        tables = [
            f"local {table} = {_lua(values)}"
            for table, values in (("FIELDS", FIELDS), ("CONSTANTS", constants))
            if values
        ]
        text = "\n".join([*tables, *((LUA / f"{name}.lua").read_text() for name in names)])
        # The digest is a name, it protects nothing.
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())

    def command(self, keys: Sequence[Any], arguments: Sequence[Any]) -> Command:
        """Return the command that runs the script, if Redis has seen it before."""
        return ("EVALSHA", self.digest, len(keys), *keys, *arguments)


def _lua(value: Any) -> str:
    """Return a table, a list, a text or a number as Lua writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_lua(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "{ " + ", ".join(map(_lua, value)) + " }"
    return json.dumps(value)
