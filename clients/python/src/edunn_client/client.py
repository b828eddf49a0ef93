"""The connection to a service."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from types import TracebackType
from typing import Any, ClassVar, Self, TypeVar

import grpc

from edunn_client import calls
from edunn_client.calls import Call
from edunn_client.catalogue import Catalogue
from edunn_client.compute import Operation, Result
from edunn_client.connection import Connection
from edunn_client.descriptions import LayerType, SessionInfo
from edunn_client.phase import PhaseLike
from edunn_client.session import Session
from edunn_client.stream import Stream, compute

Answer = TypeVar("Answer")


class Client(Connection):
    """A connection for code without asyncio; the arguments are those of `Connection`.

    Threads may share it.
    """

    _grpc: ClassVar[Any] = grpc

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
        channel = self._take_channel()
        if channel is not None:
            channel.close()

    def layer_types(self, *, timeout: float | None = None) -> tuple[LayerType, ...]:
        """Return the catalogue: the layer types that a session can have."""
        return self._get_catalogue(timeout).layer_types

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
        return Session(self, self._run(call, timeout), created=True)

    def attach(self, session_id: str, *, timeout: float | None = None) -> Session:
        """Return a session that exists, with its layers; it is not deleted at the end of `with`.

        Its forwards are counted under names of their own, so that they never meet those of whoever
        created the session. Where a mask must be reproducible, name the forward: `forward_id=`.
        """
        return Session(self, self.get_session(session_id, timeout=timeout), created=False)

    def get_session(self, session_id: str, *, timeout: float | None = None) -> SessionInfo:
        """Return how a session stands: its layers, phase, seed and expiry."""
        return self._run(calls.get_session(session_id), timeout)

    def stream(self, *, timeout: float | None = None) -> Stream:
        """Open a Compute stream, for many operations at once.

        Parameters
        ----------
        timeout : float, optional
            How long operations may wait without a single answer coming before the stream is given
            up; otherwise the client's. The stream itself may live for as long as it is used.
        """
        method = self._method("Compute")
        return Stream(
            lambda requests: method(requests, metadata=self._metadata),
            self.timeout if timeout is None else timeout,
        )

    def compute(
        self,
        operations: Iterable[Operation],
        *,
        in_flight: int = 64,
        timeout: float | None = None,
    ) -> Iterator[Result]:
        """Run forwards and backwards through a stream, yielding results as they come.

        At most `in_flight` operations are under way, so `operations` may be endless. If the stream
        breaks, what is under way has its error and no more than one further operation is taken.
        """
        return compute(lambda: self.stream(timeout=timeout), operations, in_flight)

    def _get_catalogue(self, timeout: float | None) -> Catalogue:
        if self._catalogue is None:
            self._catalogue = Catalogue(self._run(calls.list_layer_types(), timeout))
        return self._catalogue

    def _run(self, call: Call[Answer], timeout: float | None) -> Answer:
        attempts = self._attempts(call, timeout)
        method = self._method(call.method)
        while True:
            try:
                reply = method(call.request, timeout=attempts.time_left(), metadata=self._metadata)
            except grpc.RpcError as failure:
                time.sleep(attempts.pause_after(failure))
            else:
                return call.decode(reply)
