"""What the sync and the asyncio client share: the channel, and the deadlines of their calls."""

from __future__ import annotations

import threading
from typing import Any, ClassVar

from edunn_client import calls
from edunn_client.calls import Call
from edunn_client.catalogue import Catalogue
from edunn_client.channel import (
    Options,
    TLSLike,
    call_metadata,
    channel_credentials,
    channel_options,
)
from edunn_client.retries import Attempts, RetryPolicy

DEFAULT_TIMEOUT = 30.0


class Connection:
    """A connection to an edunn-serving service, made at the first call.

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

    _grpc: ClassVar[Any]
    """The module that makes the channels: `grpc` or `grpc.aio`."""

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
        if timeout <= 0:
            raise ValueError(f"timeout must be a positive number of seconds, not {timeout}")
        self.address = address
        self.timeout = timeout
        self._retry = retry or RetryPolicy()
        self._credentials = channel_credentials(tls)
        self._metadata = call_metadata(token, address, encrypted=self._credentials is not None)
        self._options = channel_options(self.address, options)
        self._channel: Any = None
        self._methods: dict[str, Any] = {}
        self._catalogue: Catalogue | None = None
        self._closed = False
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.address}>"

    def _method(self, name: str) -> Any:
        """Return gRPC's callable for a method.

        The channel is opened only now: an asyncio channel belongs to the event loop that runs when
        it is opened, and a client may be made before there is one.
        """
        with self._lock:
            if self._closed:
                raise ValueError("the client has been closed")
            if self._channel is None:
                self._channel = (
                    self._grpc.insecure_channel(self.address, self._options)
                    if self._credentials is None
                    else self._grpc.secure_channel(self.address, self._credentials, self._options)
                )
                self._methods = calls.methods(self._channel)
        return self._methods[name]

    def _take_channel(self) -> Any:
        """Return the channel to close, or None where there is none any longer."""
        with self._lock:
            channel, self._channel, self._closed = self._channel, None, True
            return channel

    def _attempts(self, call: Call[Any], timeout: float | None) -> Attempts:
        seconds = self.timeout if timeout is None else timeout
        return Attempts(self._retry, seconds, call.repeatable)
