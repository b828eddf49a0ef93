"""A server's counts, and the page on which Prometheus reads them."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from google.rpc import status_pb2
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from edunn_serving.errors import Code
from edunn_serving.replies import STATUS, Reply
from edunn_serving.settings import SettingsError

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counts:
    """The counts of a server's operations since it began."""

    # Operations that workers answered, by method and gRPC status code.
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    # Operations that were refused before a worker saw them, by reason.
    refused: Counter[str] = field(default_factory=Counter)
    # Operations whose deadline passed, by place: `queue` if not sent, `worker` if not computed.
    expired: Counter[str] = field(default_factory=Counter)
    # Operations that left their lanes because their callers had gone.
    cancelled: int = 0
    batches: int = 0
    batches_sent_again: int = 0
    compute_seconds: float = 0.0

    def note_reply(self, method: str, reply: Reply) -> None:
        """Count a worker's reply."""
        code = Code(status_pb2.Status.FromString(reply.data).code) if reply.kind == STATUS else None
        self.answered[method, code.name if code else "OK"] += 1
        if code is Code.DEADLINE_EXCEEDED:
            self.expired["worker"] += 1
        self.compute_seconds += reply.seconds


class Observed(Protocol):
    """The source of the metrics: the dispatcher."""

    counts: Counts

    def gauges(self) -> dict[str, tuple[str, float]]:
        """Return each gauge's description and present value, by its name."""


class ServerCollector:
    """Makes metrics of a server's counts only when they are read, so that counting costs little."""

    def __init__(self, observed: Observed) -> None:
        self._observed = observed

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        counts = self._observed.counts
        yield _counter(
            "operations", "Operations that workers have answered.", ("method", "code"),
            {labels: number for labels, number in list(counts.answered.items())},
        )  # fmt: skip
        yield _counter(
            "operations_refused", "Operations refused before a worker saw them.", ("reason",),
            {(reason,): number for reason, number in list(counts.refused.items())},
        )  # fmt: skip
        yield _counter(
            "operations_expired", "Operations not computed because their deadline had passed.",
            ("where",), {(where,): counts.expired[where] for where in ("queue", "worker")},
        )  # fmt: skip
        plain = {
            "operations_cancelled": (
                "Operations that left the queue because their caller had gone.", counts.cancelled),
            "batches": ("Batches sent to workers.", counts.batches),
            "batches_sent_again": (
                "Batches taken back and sent again.", counts.batches_sent_again),
            "compute_seconds": ("Seconds that workers have computed.", counts.compute_seconds),
        }  # fmt: skip
        for name, (text, value) in plain.items():
            yield _counter(name, text, (), {(): value})
        for name, (text, value) in self._observed.gauges().items():
            yield GaugeMetricFamily(f"edunn_{name}", text, value=value)


def serve_metrics(address: str, observed: Observed) -> Callable[[], None]:
    """Serve the metrics at `http://ADDRESS/metrics` from a thread; return a function to stop it.

    Raises
    ------
    SettingsError
        The address cannot be used.
    """
    registry = CollectorRegistry()
    registry.register(ServerCollector(observed))
    host, _, port = address.rpartition(":")
    try:
        server, thread = start_http_server(int(port), host.strip("[]"), registry)
    except OSError as error:
        raise SettingsError(f"EDUNN_METRICS_ADDRESS {address} cannot be used: {error}") from error

    # By default each connection that is reset writes a traceback to standard error.
    server.handle_error = _log_error  # type: ignore[method-assign]

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


def _log_error(request: object, client_address: object) -> None:
    log.info("the metrics could not be sent to %s", client_address, exc_info=True)


def _counter(
    name: str, text: str, labels: tuple[str, ...], values: dict[tuple[str, ...], float]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"edunn_{name}", text, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family
