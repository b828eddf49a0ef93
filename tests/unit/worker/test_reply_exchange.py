"""Large responses lie in the exchange while their server may want them, and no longer."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from edunn_serving.exchange import Exchange
from edunn_serving.replies import EXCHANGED, LARGE_BYTES, RESPONSE, STATUS, Reply
from edunn_serving.seal import Seal
from worker.reply_exchange import ReplyExchange

SEAL = Seal("k" * 32)
LARGE = bytes(range(256)) * (LARGE_BYTES // 256)
REPLIES = [Reply(RESPONSE, b"small"), Reply(RESPONSE, LARGE, seconds=2.0), Reply(STATUS, b"error")]


class Service:
    """A server and a worker that share a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = Exchange(str(folder))
        self.presence = self.server.enter()
        self.worker = ReplyExchange(Exchange(str(folder)), SEAL)

    def files(self) -> int:
        return len(list(self.folder.iterdir())) - 1


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path / "exchange")


def test_server_takes_the_large_response_of_a_committed_batch(service: Service) -> None:
    with service.worker.placing(service.presence, REPLIES) as placed:
        placed.are_wanted = True
    small, large, error = placed.replies
    assert (small, error) == (REPLIES[0], REPLIES[2])
    assert (large.kind, large.seconds) == (EXCHANGED, 2.0)
    SEAL.check("result", large.mark, LARGE, large.data.decode())
    assert service.server.take(large.data.decode()) == LARGE
    assert service.files() == 0


def test_response_of_a_run_that_has_not_committed_is_removed(service: Service) -> None:
    with service.worker.placing(service.presence, REPLIES):
        assert service.files() == 1
    assert service.files() == 0


@pytest.mark.parametrize(
    ("error", "files"),
    [(redis.ConnectionError(), 1), (redis.OutOfMemoryError(), 0), (MemoryError(), 0)],
)
def test_response_stays_if_the_batch_may_be_committed(
    service: Service, error: Exception, files: int
) -> None:
    with (
        pytest.raises(type(error)),
        service.worker.placing(service.presence, REPLIES),
    ):
        raise error
    assert service.files() == files


def test_worker_of_another_machine_leaves_the_responses_to_redis(
    service: Service, tmp_path: Path
) -> None:
    elsewhere = ReplyExchange(Exchange(str(tmp_path / "elsewhere")), SEAL)
    for worker, presence in ((elsewhere, service.presence), (service.worker, "")):
        with worker.placing(presence, REPLIES) as placed:
            assert placed.replies == REPLIES
