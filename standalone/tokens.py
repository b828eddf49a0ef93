"""The command `edunn-serve tokens`: makes, lists, revokes and rotates the tokens of callers."""

from __future__ import annotations

import argparse
import getpass
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from edunn_serving.audit_lines import audit_line
from edunn_serving.callers import Role
from edunn_serving.token_file import (
    TokenFileError,
    TokenRecord,
    make_token,
    read_tokens,
    revoke_tokens,
    rotate_token,
)
from standalone.data_folder import AUDIT_FILE, TOKENS_FILE, prepare, private
from standalone.errors import StackError

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def main(arguments: Sequence[str]) -> None:
    """Run the command with its arguments."""
    given = _parser().parse_args(arguments)
    try:
        path = given.file or prepare(given.data) / TOKENS_FILE
        given.run(path, given)
    except (TokenFileError, StackError, ValueError, OSError) as error:
        sys.exit(f"edunn-serve tokens: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edunn-serve tokens", description=__doc__)
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("--data", type=Path, default=Path(".data"), help="the stack's data folder")
    place.add_argument("--file", type=Path, help="the file of tokens, in place of the folder's")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    make = commands.add_parser("make", parents=[place], help="make a token and show it once")
    make.add_argument("name", help="the caller's name")
    make.add_argument("--role", type=Role, choices=list(Role), default=Role.STUDENT)
    make.add_argument("--expires", type=_seconds, help="after this time, such as 90d, 12h or 30m")
    make.add_argument("--label", default="", help="what the token is for")
    make.add_argument(
        "--limit",
        type=_limit,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a limit of this caller's own; may be given again",
    )
    make.set_defaults(run=_make)

    listing = commands.add_parser("list", parents=[place], help="list the tokens")
    listing.add_argument("--json", action="store_true", help="as one JSON object a line")
    listing.set_defaults(run=_list)

    revoke = commands.add_parser("revoke", parents=[place], help="make tokens useless at once")
    revoke.add_argument("which", help="a token's id, or a caller's name for all of its tokens")
    revoke.set_defaults(run=_revoke)

    rotate = commands.add_parser("rotate", parents=[place], help="replace a token by a new one")
    rotate.add_argument("id", help="the token's id")
    rotate.add_argument(
        "--keep", type=_seconds, default=0.0, help="how long the old token still works, such as 1h"
    )
    rotate.set_defaults(run=_rotate)
    return parser


def _make(path: Path, given: argparse.Namespace) -> None:
    is_first = not path.exists()
    record, token = make_token(
        path,
        given.name,
        given.role,
        seconds=given.expires,
        label=given.label,
        limits=dict(given.limit),
    )
    _note(path, "token made", record)
    print(f"token {record.id} of {record.name}, {record.role}; shown only now:", file=sys.stderr)
    print(token)
    if is_first:
        print(
            f"{path} is new: a service that is running reads it from its next start on",
            file=sys.stderr,
        )


def _list(path: Path, given: argparse.Namespace) -> None:
    for record in read_tokens(path):
        if given.json:
            shown = {"id": record.id, "name": record.name, "role": record.role,
                     "label": record.label, "created": record.created, "expires": record.expires,
                     "limits": dict(record.limits)}  # fmt: skip
            print(json.dumps(shown))
        else:
            print(_line(record))


def _revoke(path: Path, given: argparse.Namespace) -> None:
    for record in revoke_tokens(path, given.which):
        _note(path, "token revoked", record)
        print(f"revoked token {record.id} of {record.name}")


def _rotate(path: Path, given: argparse.Namespace) -> None:
    record, token = rotate_token(path, given.id, keep_seconds=given.keep)
    _note(path, "token rotated", record)
    print(f"token {record.id} of {record.name} replaces {given.id}:", file=sys.stderr)
    print(token)


def _note(path: Path, event: str, record: TokenRecord) -> None:
    """Write a line of the audit log that lies beside the file."""
    line = audit_line(
        event,
        caller=record.name,
        token=record.id,
        role=record.role,
        label=record.label or None,
        expires=record.expires,
        by=getpass.getuser(),
    )
    with open(path.with_name(AUDIT_FILE), "a", opener=private) as file:
        file.write(line + "\n")


def _line(record: TokenRecord) -> str:
    limits = " ".join(f"{name}={value:g}" for name, value in record.limits.items())
    parts = (record.id, record.name, record.role.value, _ends(record), limits, record.label)
    return "  ".join(filter(None, parts))


def _ends(record: TokenRecord) -> str:
    if record.expires is None:
        return "never expires"
    word = "expired" if record.expires <= time.time() else "expires"
    return f"{word} {time.strftime('%Y-%m-%d %H:%M', time.localtime(record.expires))}"


def _seconds(text: str) -> float:
    given = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([smhd])", text)
    if not given:
        raise argparse.ArgumentTypeError(f"expected a time such as 90d, 12h, 30m or 5s, got {text}")
    return float(given[1]) * UNITS[given[2]]


def _limit(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected NAME=NUMBER, got {text}") from None
