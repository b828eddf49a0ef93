"""A worker's engine on a real Redis, without Celery and without a server."""

from __future__ import annotations

from typing import Any

import redis
from contract import array, spec, tensor
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2

from edunn_serving import keys
from edunn_serving.batch_message import BatchMessage, OperationHead, lie_apart
from edunn_serving.pools import LAYERS
from edunn_serving.redis_url import RedisUrl
from edunn_serving.replies import AGAIN, LARGE, STATUS, Answer
from edunn_serving.rpcs import LAYER_RPCS
from edunn_serving.settings import Settings
from edunn_serving.v1 import layer_service_pb2 as api
from worker.engine import Engine
from worker.overrun_guard import OverrunGuard
from worker.script_connection import ScriptConnection
from worker.store import Store

STREAM = "replies"
LINEAR = spec("linear", "Linear", input_size=1, output_size=1)


class Worker:
    """An engine, and of the server what it needs: batches in Redis and a stream of replies."""

    def __init__(self, url: str, name: str, **limits: Any) -> None:
        settings = Settings(redis_url=RedisUrl.parse(url), **limits)
        client = redis.Redis.from_url(url)
        self.store = Store(client, settings)
        self._engine = Engine(self.store, settings, name, OverrunGuard(settings, LAYERS, name))
        # redis-py would make a dict of a stream's entry, whose fields may have one name.
        self._connection = ScriptConnection(client, ())
        self._name = name
        self._batches = 0
        # Of the latest batch: the room that the worker asked for, and the times that it told.
        self.wanted_room: tuple[int, ...] = ()
        self.seconds: tuple[float, ...] = ()

    def run(self, *requests: Message, answer_room: int = 1 << 40) -> list[Any]:
        """Run a batch; return what it answers: a response, or the reason of an error."""
        self._batches += 1
        batch_id = f"{self._name}-{self._batches}"
        methods = [type(request).__name__.removesuffix("Request") for request in requests]
        data = [request.SerializeToString() for request in requests]
        apart = lie_apart(data)
        self._connection.run(("RPUSH", keys.batch(batch_id), len(data) if apart else 0))
        for number, request in enumerate(data if apart else ()):
            self._connection.run(("SET", keys.request(batch_id, number), request))
        heads = [
            _head(*each)._replace(answer_room=answer_room)
            for each in zip(methods, requests, strict=True)
        ]
        # The engine finds out by itself if it has not run the sessions last.
        message = BatchMessage(batch_id, STREAM, heads, None if apart else data, self._name)
        self._engine.run(message)
        (((_, fields),),) = self._connection.run(("XREVRANGE", STREAM, "+", "-", "COUNT", 1))
        answer = Answer.decode(fields[1])
        assert answer.batch_id == fields[0].decode() == batch_id
        kinds, results, self.seconds, _, self.wanted_room = zip(*answer.replies, strict=True)
        return list(map(self._answer, methods, kinds, results))

    def _answer(self, method: str, kind: int, data: bytes) -> Any:
        if kind == AGAIN:
            return "AGAIN"
        if kind == STATUS:
            return reason_of(data)
        if kind == LARGE:
            (data,) = self._connection.run(("GETDEL", data))
        return LAYER_RPCS[method].response_type.FromString(data)

    def weight(self, session_id: str = "s") -> float:
        """Return the one weight of the session's layer."""
        request = api.GetParametersRequest(session_id=session_id, layer="linear")
        (answer,) = self.run(request)
        return float(array(answer.parameters["w"])[0, 0])


def _head(method: str, request: Any) -> OperationHead:
    rpc = LAYER_RPCS[method]
    named = set(rpc.name_fields.values())
    return OperationHead(
        method,
        "",
        request.session_id,
        0,
        request.layer if "layer" in named else None,
        request.forward_id if "forward_id" in named else None,
        request.loss if "loss" in named else None,
        getattr(request, rpc.repeat_name) if rpc.repeat_name else None,
    )


def reason_of(data: bytes) -> str:
    info = error_details_pb2.ErrorInfo()
    status_pb2.Status.FromString(data).details[0].Unpack(info)
    return str(info.reason)


def create(session_id: str = "s") -> api.CreateSessionRequest:
    return api.CreateSessionRequest(session_id=session_id, layers=[LINEAR], seed=1)


def set_weight(value: float, session_id: str = "s") -> api.SetParametersRequest:
    request = api.SetParametersRequest(session_id=session_id, layer="linear")
    request.parameters["w"].CopyFrom(tensor([[value]]))
    return request
