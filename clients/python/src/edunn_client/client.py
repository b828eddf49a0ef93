"""The connection to a service."""

from __future__ import annotations

import time
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import grpc

from edunn_client import calls
from edunn_client.calls import Call
from edunn_client.channel import (
    Options,
    TLSLike,
    call_metadata,
    channel_credentials,
    channel_options,
)
from edunn_client.descriptions import LayerType, SessionInfo
from edunn_client.phase import PhaseLike
from edunn_client.retries import Attempts, RetryPolicy
from edunn_client.session import Session

DEFAULT_TIMEOUT = 30.0


class Client:
    """A connection to an edunn-serving service. Threads may share it.

    Parameters
    ----------
    address : str
        `host:port`.
    token : str, optional
        The bearer token, where the service asks for one.
    tls : optional
        `True` for TLS with the usual certificate authorities, a `TLS` for others, or gRPC's own
        channel credentials. Without it the connection is plaintext, which is for loopback.
    timeout : float
        Seconds that a call may take, all attempts together, where it names no timeout of its own.
    retry : RetryPolicy, optional
        How often a call is tried again where that is safe.
    options : list of pairs, optional
        Further gRPC channel options.
    """

    def __init__(
        self,
        address: str,
        *,
        token: str | None = None,
        tls: TLSLike = None,
        timeout: float = DEFAULT_TIMEOUT,
        retry: RetryPolicy | None = None,
        options: Options | None = None,
    ) -> None:
        self.address = address
        self._timeout = timeout
        self._retry = retry or RetryPolicy()
        credentials = channel_credentials(tls)
        self._metadata = call_metadata(token, address, encrypted=credentials is not None)
        arguments = channel_options(options)
        self._channel = (
            grpc.insecure_channel(address, arguments)
            if credentials is None
            else grpc.secure_channel(address, credentials, arguments)
        )
        self._methods = calls.unary_methods(self._channel)

    def __repr__(self) -> str:
        return f"<Client of {self.address}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; calls under way in other threads are cancelled."""
        self._channel.close()

    def layer_types(self, *, timeout: float | None = None) -> tuple[LayerType, ...]:
        """Return the catalogue: the layer types that a session can have."""
        layer_types: tuple[LayerType, ...] = self._run(calls.list_layer_types(), timeout)
        return layer_types

    def session(
        self,
        seed: int | None = None,
        phase: PhaseLike | None = None,
        ttl: float | timedelta | None = None,
        session_id: str | None = None,
        *,
        timeout: float | None = None,
    ) -> Session:
        """Create a session; as a context manager it is deleted at the end.

        Parameters
        ----------
        seed : int, optional
            Of everything random in the session. The same seed and the same calls give the same
            initial parameters and the same masks.
        phase : optional
            Of the forwards that name none; otherwise Training.
        ttl : float (seconds) or timedelta, optional
            How long the session outlives its last use; otherwise the service's default.
        session_id : str, optional
            Its name; otherwise the service chooses one that nobody can guess.
        """
        call = calls.create_session(seed, phase, ttl, session_id)
        return Session(self._run(call, timeout), self._run, created=True)

    def attach(self, session_id: str, *, timeout: float | None = None) -> Session:
        """Return a session that exists, with its layers; it is not deleted at the end of `with`.

        Its forwards are counted under names of their own, so that they never meet those of whoever
        created the session. Where a mask must be reproducible, name the forward: `forward_id=`.
        """
        return Session(self._run(calls.get_session(session_id), timeout), self._run, created=False)

    def get_session(self, session_id: str, *, timeout: float | None = None) -> SessionInfo:
        """Return how a session stands: its layers, phase, seed and expiry."""
        info: SessionInfo = self._run(calls.get_session(session_id), timeout)
        return info

    def _run(self, call: Call[Any], timeout: float | None) -> Any:
        attempts = Attempts(
            self._retry, self._timeout if timeout is None else timeout, call.repeatable
        )
        method = self._methods[call.method]
        while True:
            try:
                reply = method(call.request, timeout=attempts.time_left(), metadata=self._metadata)
            except grpc.RpcError as failure:
                time.sleep(attempts.pause_after(failure))
            else:
                return call.decode(reply)
