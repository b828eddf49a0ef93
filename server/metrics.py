"""What a server counts, and the page on which Prometheus reads it."""

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
    """What has happened to operations since the server began."""

    # (method, gRPC status code) of what workers have answered.
    answered: Counter[tuple[str, str]] = field(default_factory=Counter)
    # Reasons of what was refused before any worker saw it.
    refused: Counter[str] = field(default_factory=Counter)
    # Where their deadlines had passed: `queue` if they were not sent, `worker` if not computed.
    expired: Counter[str] = field(default_factory=Counter)
    # How many left the queue because their callers had gone.
    cancelled: int = 0
    batches: int = 0
    batches_sent_again: int = 0
    compute_seconds: float = 0.0

    def note_reply(self, method: str, reply: Reply) -> None:
        """Count what a worker has answered."""
        code = Code(status_pb2.Status.FromString(reply.data).code) if reply.kind == STATUS else None
        self.answered[method, code.name if code else "OK"] += 1
        if code is Code.DEADLINE_EXCEEDED:
            self.expired["worker"] += 1
        self.compute_seconds += reply.seconds


class Observed(Protocol):
    """What the metrics are read from: the dispatcher."""

    counts: Counts

    def gauges(self) -> dict[str, tuple[str, float]]:
        """Return what is so at the moment: by name what it is, and its value."""


class ServerCollector:
    """Makes metrics of a server's counts whenever somebody looks, so that counting costs little."""

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
    """Serve the metrics at `http://ADDRESS/metrics` from a thread; return what stops it.

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

    # Instead of a traceback on standard error for each connection that is reset.
    server.handle_error = _log_error  # type: ignore[method-assign]

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


def _log_error(request: object, client_address: object) -> None:
    log.info("a reader of the metrics at %s was not served", client_address, exc_info=True)


def _counter(
    name: str, text: str, labels: tuple[str, ...], values: dict[tuple[str, ...], float]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"edunn_{name}", text, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family
