"""What the server reads of a request before it hands the request's bytes to a worker."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from edunn_serving.v1.layer_service_pb2 import GetSessionRequest
from worker.errors import invalid_argument

# The tag of field 1, length-delimited: `session_id` in every request that names a session.
SESSION_ID_TAG = 0x0A


def session_id_of(request: bytes) -> str:
    """Return the session that a request names.

    Encoders write fields in order, so the session id stands at the front, and a tensor of many MiB
    behind it need not be read. Bytes that begin otherwise are parsed as a whole.

    Raises
    ------
    ServiceError
        INVALID_ARGUMENT where the request names no session.
    """
    if len(request) > 2 and request[0] == SESSION_ID_TAG and request[1] < 0x80:
        end = 2 + request[1]
        # Another field 1 further on would win; no encoder writes one.
        if end == len(request) or request[end] != SESSION_ID_TAG:
            session_id = request[2:end].decode("utf-8", "replace")
            if session_id:
                return session_id
    try:
        session_id = GetSessionRequest.FromString(request).session_id
    except DecodeError as error:
        raise invalid_argument("request", f"not a message of the method's type: {error}") from error
    if not session_id:
        raise invalid_argument("session_id", "expected the id of a session, got none")
    return session_id
