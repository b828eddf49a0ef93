"""The settings of how much callers, connections and the store may take."""

from __future__ import annotations

from pydantic_settings import BaseSettings

from edunn_serving.callers import Caller, Role
from edunn_serving.limits import most_generous, parse_limits
from edunn_serving.setting_types import MEBIBYTE, LimitsOfRole
from edunn_serving.setting_types import setting as _setting


class BoundSettings(BaseSettings):
    """The fields of `Settings` that bound what others can take."""

    student_limits: LimitsOfRole = _setting(
        "calls_per_second=500,calls_burst=2000,calls_at_once=256,streams=16,sessions=200,"
        "state_bytes=1073741824,tensor_bytes=67108864,processor_seconds_per_minute=60",
        "The limits of each student: `name=value` pairs, separated by commas. A name left out is "
        "not limited. A token's own limits replace them.",
    )
    grader_limits: LimitsOfRole = _setting(
        "calls_per_second=2000,calls_burst=8000,calls_at_once=1024,streams=64,sessions=2000,"
        "state_bytes=4294967296,tensor_bytes=67108864,processor_seconds_per_minute=240",
        "The limits of each grader.",
    )
    admin_limits: LimitsOfRole = _setting(
        "calls_per_second=50000,calls_burst=200000,calls_at_once=4096,streams=1000,sessions=100000,"
        "state_bytes=68719476736,tensor_bytes=536870912,processor_seconds_per_minute=3840",
        "The limits of each admin, and of each address if the server asks for no token.",
    )
    max_connections: int = _setting(
        4000, "How many connections a server keeps. Beyond it the least known are cut.", minimum=1
    )
    max_address_connections: int = _setting(
        500, "How many connections from one address a server keeps.", minimum=1
    )
    max_connection_calls: int = _setting(
        512,
        "How many calls one connection may have under way. More are refused, and beyond a quarter "
        "more gRPC refuses them without a reason. A client that opens calls only to reset them "
        "costs the server this many at a time.",
        minimum=1,
    )
    shut_out_seconds: float = _setting(
        60.0,
        "For how long at most an address that floods the server can open no new connection. It is "
        "a second at first, and longer each time. 0: never, as behind a proxy, whose address is "
        "that of all callers.",
        minimum=0,
    )
    max_arriving_bytes: int = _setting(
        1024 * MEBIBYTE,
        "How many bytes of incomplete requests a server holds. One address or caller may have half "
        "of them.",
        minimum=1024,
    )
    max_answer_bytes: int = _setting(
        512 * MEBIBYTE,
        "How many bytes of answers a server holds that are not yet read. One caller may have half "
        "of them.",
        minimum=1024,
    )
    first_call_seconds: float = _setting(
        10.0,
        "How long a connection may be open without a call, and a stream without a request.",
        minimum=0.1,
    )
    arrival_seconds: float = _setting(
        60.0, "How long a request may take to arrive, once it is read.", minimum=0.1
    )
    reader_seconds: float = _setting(
        60.0,
        "How long a reader may take for an answer, and a second more for each 64 KiB of it.",
        minimum=0.1,
    )
    idle_seconds: float = _setting(
        600.0,
        "How long a connection or a stream may be open with nothing under way.",
        minimum=0.1,
    )
    redis_bytes: int = _setting(
        0,
        "How much memory the standalone stack's Redis may take. 0: half of the machine's.",
        minimum=0,
    )

    def limits_of(self, caller: Caller) -> dict[str, float]:
        """Return a caller's limits by their names: those of its roles, and its own."""
        of_role = {
            Role.STUDENT: self.student_limits,
            Role.GRADER: self.grader_limits,
            Role.ADMIN: self.admin_limits,
        }
        of_roles = [parse_limits(of_role[role]) for role in caller.roles]
        return {**most_generous(of_roles), **caller.limits}
