"""What the sync and the asyncio client share: the channel, and what becomes of failed calls."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Sequence
from threading import Lock
from typing import Any

import grpc

from edunn_client import _calls as calls
from edunn_client import _forks as forks
from edunn_client._addresses import Target, parse_target
from edunn_client._calls import Call
from edunn_client._channel import (
    Options,
    TLSLike,
    channel_credentials,
    channel_options,
    longest_request,
)
from edunn_client._connection_faults import connection_fault
from edunn_client._deadlines import Deadline, check_timeout
from edunn_client._environment import TokenLike, complete
from edunn_client._errors import (
    EdunnError,
    deadline_exceeded,
    error_from_rpc,
    error_of_service,
    unavailable,
)
from edunn_client._headers import Metadata, MetadataPairs, bearer, metadata_pairs
from edunn_client._retries import AttemptError, Attempts, Failure, RetryPolicy
from edunn_client._scope import CallScope

DEFAULT_TIMEOUT = 30.0
# How long a session may take to be left after something has failed.
FAREWELL_SECONDS = 1.0
# A timeout for what comes at the very end of a call's time.
SOME_TIME = 0.001

log = logging.getLogger("edunn_client")
log.addHandler(logging.NullHandler())


class Connection:
    """A connection to a service, made at the first call. Clients document the arguments."""

    def __init__(
        self,
        address: str | Sequence[str] | None,
        *,
        token: TokenLike,
        tls: TLSLike,
        timeout: float,
        retry: RetryPolicy | None,
        options: Options | None,
        interceptors: Sequence[Any],
        channel: Any,
        compression: grpc.Compression | None,
        metadata: Metadata | None,
        slow_call: float,
    ) -> None:
        self.timeout = check_timeout(timeout)
        self.interceptors = tuple(interceptors)
        self.retry = retry or RetryPolicy()
        self._own_channel = channel
        self._compression = compression
        self._own_metadata = metadata_pairs(metadata)
        self._slow_call = check_timeout(slow_call, "slow_call")
        if channel is None:
            access = complete(address, token, tls)
            self.target, self._token = access.target, access.token
            self._credentials = channel_credentials(access.tls)
            self._warn_of_bare_token()
        else:
            if tls is not None or options is not None:
                raise ValueError("a channel of your own has its TLS and its options already")
            self.target = Target(("the channel",)) if address is None else parse_target(address)
            self._token, self._credentials = token, None
        if self._token is not None and not callable(self._token):
            # What is wrong with it is said when the client is made.
            bearer(self._token)
        self._options = channel_options(self.target, options or ())
        self.longest_request = longest_request(self._options)
        self._channel: Any = None
        self._methods: dict[str, Any] = {}
        self._is_closed = False
        self._was_forked = False
        self._lost_at: float | None = None
        self._lock = Lock()
        forks.watch(self)

    def method(self, name: str) -> Any:
        """Return gRPC's callable for a method.

        The channel is opened only now: an asyncio channel belongs to the event loop that runs when
        it is opened, and a client may be made before there is one.
        """
        if self._is_closed:
            raise ValueError("the client has been closed")
        if self._channel is None:
            with self._lock:
                if self._channel is None:
                    forks.check()
                    channel = self._open_channel()
                    self._methods = calls.methods(channel)
                    # Last, because other threads take it for the sign that all is there.
                    self._channel = channel
        return self._methods[name]

    def take_channel(self) -> Any:
        """Return the channel to close, or None where there is none that this client has opened."""
        with self._lock:
            channel, self._channel, self._is_closed = self._channel, None, True
            return None if self._own_channel is not None else channel

    @property
    def is_lost(self) -> bool:
        """Whether the latest call found no connection or no answer."""
        return self._lost_at is not None

    def check_time(self, deadline: Deadline) -> None:
        """Refuse a call whose time is over. gRPC might still answer it: its timers are coarse."""
        if not deadline.left:
            raise AttemptError(Failure(self._too_late(deadline)))

    def _too_late(self, deadline: Deadline) -> EdunnError:
        return deadline_exceeded(f"no answer from {self.target} within {deadline.timeout:g} s")

    def failure_of(self, error: grpc.RpcError, deadline: Deadline) -> Failure:
        """Return what a failed attempt means."""
        told = error_of_service(error)
        if told is not None:
            return Failure(told)
        found = error_from_rpc(error)
        if found.code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return Failure(self._too_late(deadline))
        if found.code is not grpc.StatusCode.UNAVAILABLE:
            return Failure(found)
        fault = connection_fault(found.message, self.target, self._credentials is not None)
        if fault is None:
            return Failure(found)
        return Failure(unavailable(fault.sentence), was_sent=False, is_final=fault.is_final)

    def pause_after(self, attempts: Attempts, call: str, failure: Failure) -> float:
        """Return the seconds to wait before the next attempt, or raise what ends the call."""
        if failure.error.code in (
            grpc.StatusCode.UNAVAILABLE,
            grpc.StatusCode.DEADLINE_EXCEEDED,
        ):
            self._lost_at = self._lost_at or time.monotonic()
        pause = attempts.pause_after(failure)
        log.warning(
            "%s failed: %s; attempt %d in %.2f s", call, failure.error, attempts.failures + 1, pause
        )
        return pause

    def note_success(self, call: str, deadline: Deadline) -> None:
        """Log what is worth it of a call that was answered."""
        if self._lost_at is not None:
            seconds = time.monotonic() - self._lost_at
            self._lost_at = None
            log.warning("connected to %s again after %.1f s", self.target, seconds)
        if deadline.elapsed > self._slow_call:
            log.warning("%s took %.1f s", call, deadline.elapsed)

    def attempts(self, call: Call[Any], deadline: Deadline, patient: bool) -> Attempts:
        policy = self.retry if patient else RetryPolicy(attempts=1)
        return Attempts(policy, deadline, call.repeatable)

    def metadata(self, token: object, scope: CallScope | None) -> MetadataPairs:
        """Return the metadata of a call; `token` is what `ask_for_token` gave."""
        pairs = self._own_metadata if scope is None else self._own_metadata + scope._metadata()
        return pairs if token is None else (("authorization", bearer(token)), *pairs)

    def ask_for_token(self) -> Any:
        """Return the token, or of an asyncio client an awaitable of it; None if there is none."""
        return self._token() if callable(self._token) else self._token

    def _open_channel(self) -> Any:
        if self._own_channel is not None:
            if self._was_forked:
                raise RuntimeError(
                    "the channel of this client was made before a fork: make both in the child"
                )
            return self._own_channel
        return self._new_channel(self.target.for_grpc())

    def _new_channel(self, target: str) -> Any:
        raise NotImplementedError

    def _begin_anew(self) -> None:
        """Give up the channel in a child process: it is the parent's."""
        # Closing it, which the end of its last reference would do, would wait for the parent's
        # threads.
        _left_behind.append((self._channel, self._methods))
        self._channel, self._methods = None, {}
        self._was_forked = True
        self._lock = Lock()

    def _warn_of_bare_token(self) -> None:
        if self._token is not None and self._credentials is None and not self.target.is_local:
            warnings.warn(
                f"the token for {self.target} travels unencrypted: give tls=True", stacklevel=4
            )


_left_behind: list[object] = []
