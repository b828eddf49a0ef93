"""A batch's bytes are what protobuf itself would write."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from edunn_serving.internal.v1.batch_pb2 import Batch
from server.batch_bytes import encode_batch
from server.operation import PendingOperation
from worker.store import SessionKey

OPERATIONS = st.lists(
    st.tuples(
        st.integers(0, 8),
        st.text(max_size=200),
        st.text(max_size=10),
        st.integers(0, 2**62),
        st.binary(max_size=20_000),
    ),
    max_size=5,
)


@given(OPERATIONS)
@settings(deadline=None, max_examples=50, derandomize=True)
def test_spliced_batch_parses_to_its_operations(
    operations: list[tuple[int, str, str, int, bytes]],
) -> None:
    loop = asyncio.new_event_loop()
    pending = [
        PendingOperation(
            method, SessionKey(caller, session), request, deadline, loop.create_future()
        )
        for method, session, caller, deadline, request in operations
    ]
    loop.close()
    parsed = Batch.FromString(encode_batch(pending)).operations
    assert [
        (each.method, each.session_id, each.caller, each.deadline_unix_ms, each.request)
        for each in parsed
    ] == operations
