"""Compressed requests are unpacked within bounds."""

from __future__ import annotations

import asyncio
import gzip
import os
import zlib

import pytest

from edunn_serving.errors import Reason, ServiceError
from edunn_serving.rpcs import LAYER_RPCS
from edunn_serving.setting_types import MEBIBYTE
from edunn_serving.settings import Settings
from edunn_serving.wire_format import fields
from server.unpacking import AT_ONCE_BYTES, GZIP, Unpacking

LARGEST = MEBIBYTE
SETTINGS = Settings(max_message_bytes=LARGEST, max_arriving_bytes=2 * LARGEST)


def unpacked(packed: bytes) -> bytes:
    return asyncio.run(unpack(Unpacking(SETTINGS), packed, "a"))


async def unpack(unpacking: Unpacking, packed: bytes, account: str) -> bytes:
    async with unpacking.unpacked(packed, account) as request:
        return request


@pytest.mark.parametrize("size", [0, 1, AT_ONCE_BYTES, AT_ONCE_BYTES + 1, LARGEST])
def test_request_is_what_was_packed(size: int) -> None:
    request = os.urandom(size // 2) + bytes(size - size // 2)
    assert unpacked(gzip.compress(request)) == request


def test_request_that_becomes_too_large_is_refused() -> None:
    for size in (LARGEST + 1, 100 * LARGEST):
        with pytest.raises(ServiceError) as refused:
            unpacked(gzip.compress(bytes(size)))
        assert refused.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize("size", [100, AT_ONCE_BYTES * 2])
def test_broken_data_is_refused(size: int) -> None:
    whole = gzip.compress(os.urandom(size))
    for broken in (whole[:-1], whole + b"more", whole[: len(whole) // 2], GZIP + bytes(20), GZIP):
        with pytest.raises(ServiceError, match="its gzip data is broken") as refused:
            unpacked(broken)
        assert refused.value.reason is Reason.INVALID_ARGUMENT


def test_no_message_begins_as_gzip_does() -> None:
    with pytest.raises((ValueError, IndexError)):
        list(fields(GZIP + bytes(20)))
    for rpc in LAYER_RPCS.values():
        with pytest.raises(Exception, match="parsing"):
            rpc.request_type.FromString(GZIP + bytes(20))


def test_an_account_with_many_bytes_leaves_room_for_others() -> None:
    async def run() -> tuple[list[bytes | BaseException], bytes]:
        unpacking = Unpacking(SETTINGS)
        # Random bytes, so that the packed ones are as many.
        packed = zlib.compress(os.urandom(LARGEST - 1000), wbits=31)
        several = [asyncio.create_task(unpack(unpacking, packed, "a")) for _ in range(5)]
        await asyncio.sleep(0)
        other = await unpack(unpacking, packed, "b")
        return await asyncio.gather(*several, return_exceptions=True), other

    of_a, of_b = asyncio.run(run())
    refused = [each for each in of_a if isinstance(each, ServiceError)]
    assert len(refused) == 4
    assert {each.reason for each in refused} == {Reason.QUEUE_FULL}
    assert len(of_b) == LARGEST - 1000
