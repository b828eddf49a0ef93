"""The types of settings: how a variable's text becomes a value."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from pydantic_settings import NoDecode

from edunn_serving.errors import quoted
from edunn_serving.limits import parse_limits
from edunn_serving.redis_url import RedisUrl

MEBIBYTE = 1024 * 1024
# The largest values that fit everywhere they are used: about 30 years, and 63 bits.
LONGEST_SECONDS = 1e9
LARGEST_NUMBER = 2**63 - 1


def setting(
    default: Any, doc: str, *, minimum: float | None = None, maximum: float | None = None
) -> Any:
    """Return the field of a setting: its default, what it means, and its bounds."""
    if minimum is not None and maximum is None:
        maximum = LONGEST_SECONDS if isinstance(default, float) else LARGEST_NUMBER
    return Field(default=default, description=doc, ge=minimum, le=maximum)


def _parse_redis_url(given: str | RedisUrl) -> RedisUrl:
    if isinstance(given, RedisUrl):
        return given
    try:
        return RedisUrl.parse(given)
    except ValueError as error:
        raise ValueError(f"cannot be used: {error}") from None


def _check_address(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError(f"must be host:port, such as 127.0.0.1:50051, got {quoted(text)}")
    return text


def _check_address_if_any(text: str) -> str:
    return _check_address(text) if text else text


def _check_limits(text: str) -> str:
    parse_limits(text)
    return text


LogLevel = Literal["DEBUG", "INFO", "WARNING", "ERROR"]
Address = Annotated[str, BeforeValidator(_check_address)]
AddressOrNothing = Annotated[str, BeforeValidator(_check_address_if_any)]
LimitsOfRole = Annotated[str, BeforeValidator(_check_limits)]
# Without NoDecode pydantic would read the variable as JSON.
ParsedRedisUrl = Annotated[RedisUrl, NoDecode, BeforeValidator(_parse_redis_url)]
