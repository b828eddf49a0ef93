"""Callers that use the service again and again, check every answer, and count the refusals.

Each caller has a session of its own and sends pairs of a Dropout forward and its backward. Some
callers send one call after the other, some send bursts over `Compute` streams. A refused forward is
sent again with its `forward_id`, as a careful client does. A test causes its fault meanwhile.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import grpc
import numpy as np
from contract import Refusal, array, spec, tensor
from core_waits import CoreWaits
from google.protobuf import any_pb2
from google.rpc import error_details_pb2

from edunn_serving.v1 import layer_service_pb2 as api
from edunn_serving.v1.layer_service_pb2_grpc import LayerServiceStub

SHAPE = (8, 64)
BURST = 8
# A caller may get its answer this long after the deadline, and by what it waited for a core.
SLACK_SECONDS = 2.0
PAUSE_SECONDS = 0.1
# The pause after each step, so that processes that start again find the machine not full.
STEP_SECONDS = 0.03
# grpc.aio's message for a stream that it could not begin. Other calls are UNAVAILABLE then.
GRPC_AIO_LOST_CALL = "Internal error from Core"
# By default gRPC waits a second before it connects again.
OPTIONS = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 500),
    ("grpc.use_local_subchannel_pool", 1),
]


@dataclass
class Caller:
    """One caller's session and answers."""

    number: int
    address: str
    run: str
    # The mask of each answered forward, as bytes.
    masks: dict[int, bytes] = field(default_factory=dict)
    answers: int = 0

    @property
    def session_id(self) -> str:
        return f"load-{self.run}-{self.number}"

    def input(self, number: int) -> np.ndarray:
        """Return the input of the forward of this number. No element of it is zero."""
        return np.random.default_rng([self.number, number]).uniform(1, 2, SHAPE)

    def forward(self, number: int) -> api.ForwardRequest:
        return api.ForwardRequest(
            session_id=self.session_id,
            layer="drop",
            inputs=[tensor(self.input(number))],
            forward_id=f"n{number}",
        )

    def backward(self, number: int) -> api.BackwardRequest:
        return api.BackwardRequest(
            session_id=self.session_id,
            layer="drop",
            forward_id=f"n{number}",
            output_gradient=tensor(self.input(number)),
        )


class VerifiedLoad:
    """A load on one or more servers, as a context manager. It runs in a thread of its own.

    Parameters
    ----------
    addresses
        The servers. The callers are spread over them.
    callers
        The number of callers. Every other one uses `Compute`.
    deadline
        The timeout of each call, in seconds; for a stream, of one burst.
    """

    def __init__(self, *addresses: str, callers: int = 16, deadline: float = 30.0) -> None:
        self._run_id = f"{time.monotonic_ns():x}"
        self._deadline = deadline
        self.callers = [
            Caller(number, addresses[number % len(addresses)], self._run_id)
            for number in range(callers)
        ]
        self.wrong: list[str] = []
        # The number of refused calls by (code, reason). The reason is empty if no server answered.
        self.refusals: Counter[tuple[str, str]] = Counter()
        self.messages: dict[tuple[str, str], str] = {}
        # The longest time of a call, in seconds.
        self.longest = 0.0
        self._waits = CoreWaits()
        self._failure: BaseException | None = None
        self._progress = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._main, name="verified-load")

    def __enter__(self) -> VerifiedLoad:
        self._thread.start()
        try:
            self.await_each_caller(2)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Let every caller finish its present step."""
        with self._progress:
            loop, stop = self._loop, self._stop
        if loop is not None and stop is not None and self._thread.is_alive():
            loop.call_soon_threadsafe(stop.set)
        self._thread.join()

    def await_each_caller(self, answers: int, seconds: float = 90.0) -> None:
        """Wait until every caller has had this many more answers."""
        with self._progress:
            wanted = {caller.number: caller.answers + answers for caller in self.callers}

            def reached() -> bool:
                return self._failure is not None or all(
                    caller.answers >= wanted[caller.number] for caller in self.callers
                )

            healthy = self._progress.wait_for(reached, seconds)
        assert self._failure is None, f"the load itself failed: {self._failure!r}"
        behind = [each.number for each in self.callers if each.answers < wanted[each.number]]
        assert healthy, f"callers {behind} were not answered within {seconds:g} s: {self.story()}"

    def await_refusal(self, *codes: str, seconds: float = 60.0) -> None:
        """Wait until a call is refused with one of these codes."""
        with self._progress:
            met = self._progress.wait_for(
                lambda: any(code in codes for code, _ in self.refusals), seconds
            )
        assert met, f"no call was refused with {' or '.join(codes)}: {self.story()}"

    def pause(self, seconds: float) -> None:
        """Let the load go on for this time, for a fault that lasts."""
        self._thread.join(seconds)

    def story(self) -> str:
        """Return a summary of the load so far, for the message of a failed test."""
        answers = sum(caller.answers for caller in self.callers)
        refusals = {
            f"{code} {reason}".strip(): f"{count} times, such as: {self.messages[code, reason]}"
            for (code, reason), count in self.refusals.items()
        }
        return f"{answers} answers, longest call {self.longest:.1f} s, refusals {refusals}"

    def check(self, *allowed: tuple[str, str]) -> None:
        """Fail unless all answers were right, all refusals expected and all deadlines kept.

        Each mask is compared with the mask of the same forward in a new session of the same seed.
        """
        print(self.story())
        assert self._failure is None, f"the load itself failed: {self._failure!r}"
        assert not self.wrong, f"{len(self.wrong)} wrong answers, such as: {self.wrong[0]}"
        longest = self._deadline + SLACK_SECONDS + self._waits.seconds
        assert self.longest <= longest, self.story()
        assert set(self.refusals) <= set(allowed), self.story()
        for caller in self.callers:
            self._check_masks(caller)

    def _check_masks(self, caller: Caller) -> None:
        again = Caller(caller.number, caller.address, f"{self._run_id}-again")
        numbers = list(caller.masks)
        requests = [again.forward(number) for number in numbers]
        operations = [
            api.ComputeOperation(request_id=str(number), forward=request)
            for number, request in zip(numbers, requests, strict=True)
        ]
        with grpc.insecure_channel(caller.address, OPTIONS) as channel:
            stub = LayerServiceStub(channel)
            stub.CreateSession(_creation(again), timeout=60, wait_for_ready=True)
            messages = [
                api.ComputeRequest(operations=operations[at : at + BURST])
                for at in range(0, len(operations), BURST)
            ]
            for answer in stub.Compute(iter(messages), timeout=120):
                for result in answer.results:
                    mask = array(result.forward.output) != 0
                    number = int(result.request_id)
                    assert mask.tobytes() == caller.masks[number], (
                        f"forward {number} of seed {caller.number} had another mask"
                    )
            stub.DeleteSession(api.DeleteSessionRequest(session_id=again.session_id), timeout=60)

    def _main(self) -> None:
        try:
            with self._waits:
                asyncio.run(self._run())
        except BaseException as error:  # the test's own thread raises it
            with self._progress:
                self._failure = error
                self._progress.notify_all()

    async def _run(self) -> None:
        stop = asyncio.Event()
        with self._progress:
            self._loop, self._stop = asyncio.get_running_loop(), stop
        async with asyncio.TaskGroup() as tasks:
            for caller in self.callers:
                tasks.create_task(self._call_until(stop, caller))

    async def _call_until(self, stop: asyncio.Event, caller: Caller) -> None:
        async with grpc.aio.insecure_channel(caller.address, OPTIONS) as channel:
            stub = LayerServiceStub(channel)
            await stub.CreateSession(_creation(caller), timeout=60, wait_for_ready=True)
            step = self._unary_step if caller.number % 2 else self._stream_step
            first = 0
            while not stop.is_set():
                done, pause = await step(stub, caller, first)
                first += done
                await asyncio.sleep(pause or STEP_SECONDS)

    async def _unary_step(self, stub: Any, caller: Caller, number: int) -> tuple[int, float]:
        """Send a forward and its backward; return the number of finished pairs, and a pause."""
        output, pause = await self._timed(
            lambda: stub.Forward(caller.forward(number), timeout=self._deadline)
        )
        if output is None:
            return 0, pause
        self._check_output(caller, number, output)
        gradient, pause = await self._timed(
            lambda: stub.Backward(caller.backward(number), timeout=self._deadline)
        )
        if gradient is not None:
            self._check_gradient(caller, number, gradient)
        return 1, pause

    async def _stream_step(self, stub: Any, caller: Caller, first: int) -> tuple[int, float]:
        """Send a burst of pairs. Each backward follows its forward at once."""
        numbers = range(first, first + BURST)
        operations = []
        for number in numbers:
            operations += [
                api.ComputeOperation(request_id=f"f{number}", forward=caller.forward(number)),
                api.ComputeOperation(request_id=f"b{number}", backward=caller.backward(number)),
            ]
        results: dict[str, api.ComputeResult] = {}

        async def exchange() -> bool:
            call = stub.Compute(timeout=self._deadline)
            await call.write(api.ComputeRequest(operations=operations))
            await call.done_writing()
            async for answer in call:
                results.update({result.request_id: result for result in answer.results})
            return True

        ended, pause = await self._timed(exchange)
        for number in numbers:
            # The forward comes first, because the backward is checked against its mask.
            if result := results.get(f"f{number}"):
                pause = max(pause, self._take_result(caller, number, result))
                if result.HasField("error"):
                    # The backward's forward did not run.
                    continue
            if result := results.get(f"b{number}"):
                pause = max(pause, self._take_result(caller, number, result))
        if ended and len(results) != len(operations):
            self.wrong.append(f"a stream ended well with {len(results)} of {len(operations)}")
        # If an answer is missing the whole burst is sent again. Repeated pairs give equal answers.
        answered = all(number in caller.masks for number in numbers)
        return (BURST if ended and answered else 0), pause

    def _take_result(self, caller: Caller, number: int, result: api.ComputeResult) -> float:
        kind = result.WhichOneof("result")
        if kind == "forward":
            self._check_output(caller, number, result.forward)
        elif kind == "backward":
            self._check_gradient(caller, number, result.backward)
        else:
            error = result.error
            code = next(each for each in grpc.StatusCode if each.value[0] == error.code)
            return self._note_refusal(code, _reason(error.details), error.message)
        return 0.0

    async def _timed(self, call: Callable[[], Awaitable[Any]]) -> tuple[Any, float]:
        """Make a call; return its answer, or None and the pause before the next try."""
        began = time.monotonic()
        try:
            return await call(), 0.0
        except asyncio.InvalidStateError:
            # grpc.aio raises it if a writer's call has ended. The status would be UNAVAILABLE.
            return None, self._note_refusal(grpc.StatusCode.UNAVAILABLE, "", "the call had ended")
        except grpc.RpcError as error:
            refused = Refusal(error)
            if refused.message == GRPC_AIO_LOST_CALL:
                return None, self._note_refusal(grpc.StatusCode.UNAVAILABLE, "", refused.message)
            reason = refused.reason if refused.details else ""
            self._note_refusal(refused.code, reason, refused.message)
            return None, refused.retry_seconds if refused.asks_to_wait else PAUSE_SECONDS
        finally:
            self.longest = max(self.longest, time.monotonic() - began)

    def _note_refusal(self, code: grpc.StatusCode, reason: str, message: str) -> float:
        """Count a refusal and return the pause after it, in seconds."""
        with self._progress:
            self.refusals[code.name, reason] += 1
            self.messages[code.name, reason] = message
            self._progress.notify_all()
        return PAUSE_SECONDS

    def _check_output(self, caller: Caller, number: int, answer: api.ForwardResponse) -> None:
        sent, output = caller.input(number), array(answer.output)
        kept = output != 0
        if answer.forward_id != f"n{number}":
            self.wrong.append(f"forward n{number} was answered as {answer.forward_id}")
        if not np.array_equal(output, np.where(kept, 2 * sent, 0.0)):
            self.wrong.append(f"forward n{number}: neither 0 nor doubled")
        if not 0.3 < kept.mean() < 0.7:
            self.wrong.append(f"forward n{number} kept {kept.mean():.0%}")
        mask = kept.tobytes()
        if caller.masks.setdefault(number, mask) != mask:
            self.wrong.append(f"forward n{number} was answered with two masks")
        self._note_answer(caller)

    def _check_gradient(self, caller: Caller, number: int, answer: api.BackwardResponse) -> None:
        mask = caller.masks.get(number)
        gradient = array(answer.input_gradient)
        kept = gradient != 0
        if mask is not None and kept.tobytes() != mask:
            self.wrong.append(f"backward n{number} had another mask than its forward")
        if not np.array_equal(gradient, np.where(kept, 2 * caller.input(number), 0.0)):
            self.wrong.append(f"backward n{number}: neither 0 nor doubled")
        self._note_answer(caller)

    def _note_answer(self, caller: Caller) -> None:
        with self._progress:
            caller.answers += 1
            self._progress.notify_all()


def _creation(caller: Caller) -> api.CreateSessionRequest:
    return api.CreateSessionRequest(
        session_id=caller.session_id, seed=caller.number, layers=[spec("drop", "Dropout", p=0.5)]
    )


def _reason(details: Sequence[any_pb2.Any]) -> str:
    info = error_details_pb2.ErrorInfo()
    for detail in details:
        if detail.Unpack(info):
            return str(info.reason)
    return ""
