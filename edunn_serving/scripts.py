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
    # SHA-1 of the text. Redis finds the script by it.
    digest: str

    @classmethod
    def named(cls, *names: str, **constants: Any) -> Script:
        """Read a script. The names before its own are those of scripts whose functions it calls.

        A script has the fields of a session's hash as `FIELDS` and the constants as `CONSTANTS`.
        """
        tables = [
            f"local {table} = {_lua(values)}"
            for table, values in (("FIELDS", FIELDS), ("CONSTANTS", constants))
            if values
        ]
        text = "\n".join([*tables, *((LUA / f"{name}.lua").read_text() for name in names)])
        # SHA-1 is Redis's choice. The digest is only a name and protects nothing.
        return cls(text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest())

    def command(self, keys: Sequence[Any], arguments: Sequence[Any]) -> Command:
        """Return the command that runs the script. Redis must have loaded the script before."""
        return ("EVALSHA", self.digest, len(keys), *keys, *arguments)


def _lua(value: Any) -> str:
    """Return a table, a list, a text or a number as Lua writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {_lua(each)}" for name, each in value.items()) + " }"
    if isinstance(value, list):
        return "{ " + ", ".join(map(_lua, value)) + " }"
    return json.dumps(value)
