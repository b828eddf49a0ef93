"""Many operations through a stream, as an iterator of their results."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue

from edunn_client._errors import EdunnError
from edunn_client._operations import Operation, Result, result_of
from edunn_client._stream import Stream


@dataclass(frozen=True)
class _SourceEnded:
    """Nothing more comes of the operations."""

    taken: int
    error: BaseException | None


def check_in_flight(in_flight: int) -> None:
    if not isinstance(in_flight, int):
        raise TypeError(f"in_flight must be a whole number, not {in_flight!r}")
    if in_flight < 1:
        raise ValueError(f"in_flight must be at least 1, not {in_flight}")


def compute(
    open_stream: Callable[[], Stream], operations: Iterable[Operation], in_flight: int
) -> Iterator[Result]:
    """Run operations through a stream and yield their results as they come.

    Operations are taken in a thread of their own: they may wait for a result of an earlier one.
    """
    results: SimpleQueue[Result | _SourceEnded] = SimpleQueue()
    room = threading.Semaphore(in_flight)
    with open_stream() as stream:
        feeder = _Feeder(stream, room, results)
        threading.Thread(
            target=copy_context().run,
            args=(feeder.feed, operations),
            name="edunn-compute",
            daemon=True,
        ).start()
        try:
            yield from _until_all_are_there(results, room)
        finally:
            feeder.stop()


def _until_all_are_there(
    results: SimpleQueue[Result | _SourceEnded], room: threading.Semaphore
) -> Iterator[Result]:
    given, taken = 0, None
    while taken is None or given < taken:
        result = results.get()
        if isinstance(result, _SourceEnded):
            if result.error is not None:
                raise result.error
            taken = result.taken
            continue
        given += 1
        room.release()
        yield result


class _Feeder:
    """Takes operations while there is room, and submits them."""

    def __init__(
        self,
        stream: Stream,
        room: threading.Semaphore,
        results: SimpleQueue[Result | _SourceEnded],
    ) -> None:
        self._stream = stream
        self._room = room
        self._results = results
        self._stopped = False

    def stop(self) -> None:
        self._stopped = True
        self._room.release()

    def feed(self, operations: Iterable[Operation]) -> None:
        taken = 0
        error: BaseException | None = None
        try:
            source = iter(operations)
            while True:
                self._room.acquire()
                if self._stopped:
                    return
                operation = next(source, None)
                if operation is None:
                    break
                taken += 1
                if not self._submit(operation):
                    break
        except BaseException as raised:
            error = raised
        self._results.put(_SourceEnded(taken, error))

    def _submit(self, operation: Operation) -> bool:
        """Submit an operation; False if the stream has ended."""
        try:
            future = self._stream.submit(operation)
        except EdunnError as error:
            # With an error of its own, so that the results before it come too.
            self._results.put(Result(operation, error=error))
            return False
        future.add_done_callback(partial(self._note, operation))
        return True

    def _note(self, operation: Operation, future: Future[object]) -> None:
        self._results.put(result_of(operation, future))
