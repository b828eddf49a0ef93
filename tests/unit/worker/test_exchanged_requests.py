"""A worker runs the requests that a server has put into the exchange, and says which it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from one_worker import STREAM, Worker, reason_of, set_weight

from edunn_serving import keys
from edunn_serving.batch_message import BatchMessage, OperationHead
from edunn_serving.exchange import Exchange
from edunn_serving.replies import AGAIN, NOT_EXCHANGED, STATUS, Answer, Reply
from edunn_serving.seal import Seal

KEY = "k" * 32
HEAD = OperationHead("SetParameters", "", "s", 0, "linear", None)
REQUEST = set_weight(5.0).SerializeToString()


class Service:
    """A worker with the key of its service, and what a server does with its batches."""

    def __init__(self, url: str, folder: Path) -> None:
        self.exchange = Exchange(str(folder))
        self.exchange.enter()
        self.worker = Worker(url, "worker", exchange_folder=str(folder), shared_key=KEY)

    def run(self, file: str, *, marked: bytes = REQUEST) -> Reply:
        """Run a batch of one request that is in a file; return its reply."""
        connection = self.worker._connection
        connection.run(("RPUSH", keys.batch("batch"), 0))
        mark = Seal(KEY).mark("request", marked, "batch", "0")
        batch = BatchMessage("batch", STREAM, [HEAD], None, marks=[mark], files=[file])
        self.worker._engine.run(BatchMessage.decode(batch.encode()))
        (((_, fields),),) = connection.run(("XREVRANGE", STREAM, "+", "-", "COUNT", 1))
        answer = Answer.decode(Seal(KEY).open("reply", fields[1], STREAM))
        return answer.replies[0]


@pytest.fixture
def service(redis_url: str, tmp_path: Path) -> Service:
    return Service(redis_url, tmp_path / "exchange")


def test_request_in_the_exchange_is_run_and_stays_for_another_run(service: Service) -> None:
    name = service.exchange.put([REQUEST]) or ""
    reply = service.run(name)
    # The worker has read it, because it knows that there is no such session.
    assert (reply.kind, reason_of(reply.data)) == (STATUS, "SESSION_NOT_FOUND")
    assert service.exchange.read(name) == REQUEST


@pytest.mark.parametrize("name", ["0" * 32, "../key"])
def test_request_that_is_not_there_is_asked_for_again(service: Service, name: str) -> None:
    reply = service.run(name)
    assert (reply.kind, reply.data) == (AGAIN, NOT_EXCHANGED)


def test_request_that_the_server_has_not_put_there_is_refused(service: Service) -> None:
    name = service.exchange.put([b"forged"]) or ""
    reply = service.run(name)
    assert (reply.kind, reason_of(reply.data)) == (STATUS, "INTERNAL")
