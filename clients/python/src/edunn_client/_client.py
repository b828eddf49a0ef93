"""The connection to a service."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from os import PathLike
from types import TracebackType
from typing import Any, Self

import grpc
from numpy.typing import ArrayLike

from edunn_client import _calls as calls
from edunn_client._caller import Caller
from edunn_client._channel import Options, TLSLike
from edunn_client._chunked import send
from edunn_client._client_state import SLOW_CALL_SECONDS, ClientState
from edunn_client._compute import check_in_flight, compute
from edunn_client._connection import DEFAULT_TIMEOUT
from edunn_client._datasets import NewDataset, delete_dataset, list_datasets
from edunn_client._descriptions import LayerType, Limit, OptimizerType, SessionInfo
from edunn_client._headers import Metadata
from edunn_client._layer import RemoteLayer
from edunn_client._operations import Operation, Result
from edunn_client._phase import PhaseLike
from edunn_client._retries import RetryPolicy
from edunn_client._session import Session
from edunn_client._sharing_caller import SharingCaller
from edunn_client._stream import Stream
from edunn_client._tracebacks import ends_in_caller
from edunn_client._training import Training
from edunn_client._training_calls import get_training, list_trainings
from edunn_client._training_info import DatasetInfo, TrainingInfo


class Client(ClientState[Caller]):
    """A connection to an edunn-serving service, made at the first call. Threads may share it.

    Parameters
    ----------
    address : str or sequence of str, optional
        `host:port`. Of several, in a list or with commas between them, calls go to each in turn,
        and to the others where one is away. Left out: `EDUNN_TARGET` of the environment.
    token : str or callable, optional
        The bearer token, or what returns it; that is asked before every attempt at a call. Left
        out: `EDUNN_TOKEN`.
    tls : optional
        `True` for TLS with the usual certificate authorities, a `TLS` for others and for a
        certificate of the client, or gRPC's own channel credentials; `False` for plaintext. Left
        out: as `EDUNN_CA`, `EDUNN_CERTIFICATE` and `EDUNN_KEY` say, otherwise plaintext, which is
        for loopback.
    timeout : float
        Seconds that a call may take, all attempts together, where it names no timeout of its own.
        Infinity is no deadline.
    retry : RetryPolicy, optional
        How a call is made again where that is safe.
    options : sequence of pairs, optional
        Further gRPC channel options, such as keepalive; they win over the client's.
    interceptors : sequence, optional
        gRPC's client interceptors; the first is the outermost.
    channel : optional
        A gRPC channel of your own in place of `tls` and `options`. The client does not close it.
    compression : grpc.Compression, optional
        Of the requests, such as `grpc.Compression.Gzip`. It pays where the network is slow.
    metadata : mapping or pairs, optional
        gRPC metadata of every call.
    slow_call : float
        Seconds from which on a call is logged as slow.
    share_stream : bool
        Whether forwards and backwards go through one Compute stream, which costs the service less.
        They stay what they are: their order, errors, deadlines, cancellation and retries. Calls
        with metadata of a CallScope or over 4 MiB go by themselves, and all where a proxy lets no
        stream through. A token provider is asked when the stream is opened.
    """

    def __init__(
        self,
        address: str | Sequence[str] | None = None,
        *,
        token: str | Callable[[], str] | None = None,
        tls: TLSLike = None,
        timeout: float = DEFAULT_TIMEOUT,
        retry: RetryPolicy | None = None,
        options: Options | None = None,
        interceptors: Sequence[Any] = (),
        channel: grpc.Channel | None = None,
        compression: grpc.Compression | None = None,
        metadata: Metadata | None = None,
        slow_call: float = SLOW_CALL_SECONDS,
        share_stream: bool = False,
    ) -> None:
        make = SharingCaller if share_stream else Caller
        super().__init__(
            make(
                address,
                token=token,
                tls=tls,
                timeout=timeout,
                retry=retry,
                options=options,
                interceptors=interceptors,
                channel=channel,
                compression=compression,
                metadata=metadata,
                slow_call=slow_call,
            )
        )

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
        self._caller.close()

    @ends_in_caller
    def layer_types(self, *, timeout: float | None = None) -> tuple[LayerType, ...]:
        """Return the catalogue: the layer types that a session can have."""
        return self._caller.catalogue(timeout).layer_types

    @ends_in_caller
    def optimizer_types(self, *, timeout: float | None = None) -> tuple[OptimizerType, ...]:
        """Return the catalogue of optimizers: the types that a step takes."""
        return self._caller.run(calls.list_optimizer_types(), timeout)

    @ends_in_caller
    def limits(self, *, timeout: float | None = None) -> tuple[Limit, ...]:
        """Return how much the caller may do, and how much of it is used. Empty: no limits."""
        return self._caller.run(calls.get_limits(), timeout)

    @ends_in_caller
    def upload_dataset(
        self,
        name: str,
        x: ArrayLike,
        y: ArrayLike,
        *,
        replace: bool = False,
        timeout: float = math.inf,
    ) -> DatasetInfo:
        """Store a data set at the service, for trainings. The same bytes again are not sent.

        Parameters
        ----------
        name : str
            The name by which trainings use it.
        x, y : array_like, with as many samples each
            Inputs, and labels or numbers.
        replace : bool
            Whether another data set of this name is replaced; otherwise that is an error.
        timeout : float
            Seconds, all attempts together; otherwise as long as it takes.
        """
        dataset = NewDataset(name, x, y, replace)
        return send(self._caller, dataset.upload(self.datasets()), timeout)

    @ends_in_caller
    def datasets(self, *, timeout: float | None = None) -> tuple[DatasetInfo, ...]:
        """Return one's own data sets and those that the service brings."""
        return self._caller.run(list_datasets(), timeout)

    @ends_in_caller
    def delete_dataset(self, name: str, *, timeout: float | None = None) -> None:
        """Remove a data set of one's own."""
        self._caller.run(delete_dataset(name), timeout)

    @ends_in_caller
    def training(self, training_id: str, *, timeout: float | None = None) -> Training:
        """Return a training that was started before, here or elsewhere."""
        return Training(self._caller, self._caller.run(get_training(training_id), timeout))

    def trainings(self, *, timeout: float | None = None) -> Iterator[TrainingInfo]:
        """Yield one's own trainings, the newest first, without the results of their epochs."""
        token = ""
        while True:
            page, token = self._caller.run(list_trainings(token), timeout)
            yield from page
            if not token:
                return

    @ends_in_caller
    def load(
        self,
        path: str | PathLike[str],
        *,
        name: str = "model",
        session: Session | None = None,
        timeout: float = math.inf,
    ) -> RemoteLayer:
        """Bring a model file, of `RemoteLayer.save` or of edunn's own `save`, to the service.

        Parameters
        ----------
        path : path
        name : str
            The layer's name. A layer that the session has gets the file's parameters and buffers.
        session : Session, optional
            Otherwise a new one is made, which ends with its time to live: `layer.session_id`.
        """
        return (session or self.session()).load(path, name=name, timeout=timeout)

    @ends_in_caller
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
        return Session(self._caller, self._caller.run(call, timeout), created=True)

    @ends_in_caller
    def attach(self, session_id: str, *, timeout: float | None = None) -> Session:
        """Return a session that exists, with its layers; it is not deleted at the end of `with`.

        Its forwards are counted under names of their own, so that they never meet those of whoever
        created the session. Where a mask must be reproducible, name the forward: `forward_id=`.
        """
        info = self._caller.run(calls.get_session(session_id), timeout)
        return Session(self._caller, info, created=False)

    @ends_in_caller
    def get_session(self, session_id: str, *, timeout: float | None = None) -> SessionInfo:
        """Return how a session stands: its layers, phase, seed and expiry."""
        return self._caller.run(calls.get_session(session_id), timeout)

    def stream(self, *, timeout: float | None = None) -> Stream:
        """Open a Compute stream, for many operations at once.

        Parameters
        ----------
        timeout : float, optional
            How long operations may wait without a single answer coming before the stream is given
            up; otherwise the client's. The stream itself may live for as long as it is used.
        """
        return Stream(self._caller, self.timeout if timeout is None else timeout)

    def compute(
        self,
        operations: Iterable[Operation],
        *,
        in_flight: int = 64,
        timeout: float | None = None,
    ) -> Iterator[Result]:
        """Run forwards and backwards through a stream, yielding results as they come.

        At most `in_flight` operations are under way, so `operations` may be endless. They are taken
        in a thread of their own, and may wait for the results of those before. If the stream
        breaks, what is under way has its error and no more than one further operation is taken.
        """
        check_in_flight(in_flight)
        return compute(lambda: self.stream(timeout=timeout), operations, in_flight)
