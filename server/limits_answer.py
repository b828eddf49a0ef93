"""The answer to GetLimits."""

from __future__ import annotations

from edunn_serving.v1.limits_pb2 import GetLimitsResponse
from server.usage import Usage


def limits_answer(usage: Usage) -> bytes:
    """Return a caller's limits, and how much of them is used."""
    used = {str(name): value for name, value in usage.used().items()}
    answer = GetLimitsResponse(
        caller=usage.caller.name,
        roles=[f"ROLE_{role.name}" for role in sorted(usage.caller.roles)],
    )
    for name, value in sorted(usage.limits.items()):
        limit = answer.limits.add(name=name, value=value)
        if name in used:
            limit.used = used[name]
    encoded: bytes = answer.SerializeToString()
    return encoded
