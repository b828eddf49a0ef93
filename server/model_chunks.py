"""Model files that come and go in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from google.protobuf.message import DecodeError

from edunn_serving.errors import Reason, ServiceError, invalid_argument
from edunn_serving.v1.layer_service_pb2 import ImportModelRequest
from server.call import EOF, Read

CHUNK_BYTES = 1024 * 1024
# What a model file has besides its arrays: `edunn/model_file.py` allows no larger header.
MAX_HEADER_BYTES = 4 * 1024 * 1024
LENGTH_BYTES = 8


def chunks_of(file: bytes) -> Iterator[bytes]:
    """Yield a file in chunks."""
    for at in range(0, len(file), CHUNK_BYTES):
        yield file[at : at + CHUNK_BYTES]


async def collect_model(read: Read, limit: int, grow: Callable[[int], None]) -> bytes:
    """Return an ImportModelRequest with the chunks of all requests.

    A header that is said to be too long is refused as soon as its length has arrived. `grow` is
    told how many bytes have arrived, and may refuse more of them.

    Raises
    ------
    ServiceError
        TOO_LARGE; INVALID_ARGUMENT: a request is malformed, or names another layer.
    """
    whole = ImportModelRequest()
    chunks: list[bytes] = []
    size, start = 0, b""
    while (data := await read()) is not EOF:
        try:
            request = ImportModelRequest.FromString(data)
        except DecodeError as error:
            raise invalid_argument("request", f"not an ImportModelRequest: {error}") from error
        if not chunks:
            whole.session_id, whole.layer = request.session_id, request.layer
        for field in ("session_id", "layer"):
            if getattr(request, field) not in ("", getattr(whole, field)):
                raise invalid_argument(field, "expected the one of the first message")
        size += len(request.chunk)
        if size > limit:
            raise ServiceError(
                Reason.TOO_LARGE,
                f"the model takes more than the {limit} bytes that are allowed",
                violations=[("chunk", f"the chunks may take {limit} bytes together")],
                metadata={"limit": str(limit)},
            )
        grow(size)
        chunks.append(request.chunk)
        start += request.chunk[: LENGTH_BYTES - len(start)]
        if len(start) == LENGTH_BYTES:
            _check_length(start)
    whole.chunk = b"".join(chunks)
    return whole.SerializeToString()


def _check_length(start: bytes) -> None:
    length = int.from_bytes(start, "little")
    if length > MAX_HEADER_BYTES:
        raise invalid_argument(
            "chunk", f"expected a header of at most {MAX_HEADER_BYTES} bytes, got {length}"
        )
