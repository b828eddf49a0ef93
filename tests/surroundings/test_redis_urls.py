"""One table of Redis's addresses: server, worker and health checks take each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import grpc
import pytest
from certificates import make_certificate
from edunn_client import Client
from programs import HANGING_SECONDS, SERVER, WORKER, Program, environment_of, redis_server
from waiting import await_true

from edunn_serving.own_channel import WITHOUT_PROXY
from edunn_serving.redis_connections import connect
from edunn_serving.redis_url import RedisUrl
from server.healthcheck import main as server_healthcheck
from standalone.stack import find_redis, free_port, is_serving

PASSWORD = "hush#with/all?that@has%20a mea:ning é"
USER = "worker/one"
ESCAPED = quote(PASSWORD, safe="")
# By name: the URL with the places in it, and a database of its own, so that all run at once.
URLS = {
    "plain": "redis://127.0.0.1:{open}/1",
    "database in the query": "redis://localhost:{open}?db=2",
    "socket": "unix://{open_socket}?db=3",
    "password": "redis://:{password}@127.0.0.1:{closed}/1",
    "user and password": "redis://{user}:{password}@127.0.0.1:{closed}/2",
    "password in the query": "redis://127.0.0.1:{closed}/3?password={password}",
    "socket with a password": "unix://:{password}@{closed_socket}?db=4",
    "TLS": "rediss://:{password}@localhost:{tls}/5?ssl_ca_certs={certificate}",
    "TLS with a certificate of its own": (
        "rediss://:{password}@localhost:{tls}/6?ssl_ca_certs={certificate}"
        "&ssl_certfile={certificate}&ssl_keyfile={key}"
    ),
    "TLS that trusts anybody": "rediss://:{password}@127.0.0.1:{tls}/7?ssl_cert_reqs=none",
}


def has_tls(binary: str) -> bool:
    """Tell whether a Redis knows TLS: the one of the wheel does not."""
    done = subprocess.run(
        [binary, "--port", "0", "--tls-auth-clients", "perhaps"],
        capture_output=True,
        text=True,
        timeout=HANGING_SECONDS,
        check=False,
    )
    # Each refuses that, but only one that knows TLS says what would be right.
    return "optional" in done.stdout + done.stderr


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run two Redis, one for everybody and one with passwords and TLS, and say where they are."""
    folder = tmp_path_factory.mktemp("redis")
    one, other = folder / "open", folder / "closed"
    one.mkdir()
    other.mkdir()
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    make_certificate(certificate, key)
    # Names that are no URL as they stand.
    open_socket, closed_socket = one / "a b.sock", other / "c#d?e%f.sock"
    ports = {name: str(free_port()) for name in ("open", "closed", "tls")}
    tls = [
        f"tls-port {ports['tls']}",
        f"tls-cert-file {certificate}",
        f"tls-key-file {key}",
        f"tls-ca-cert-file {certificate}",
        "tls-auth-clients optional",
    ]
    knows_tls = has_tls(find_redis())
    with (
        redis_server(one, "bind 127.0.0.1", f"port {ports['open']}", f'unixsocket "{open_socket}"'),
        redis_server(
            other,
            # Its certificate names the first one alone.
            "bind 127.0.0.1 127.0.0.2",
            f"port {ports['closed']}",
            f'unixsocket "{closed_socket}"',
            f'requirepass "{PASSWORD}"',
            *(tls if knows_tls else []),
        ),
    ):
        yield {
            **ports,
            "tls": ports["tls"] if knows_tls else "",
            "open_socket": quote(str(open_socket)),
            "closed_socket": quote(str(closed_socket)),
            "certificate": str(certificate),
            "key": str(key),
            "password": ESCAPED,
            "user": quote(USER, safe=""),
        }


@dataclass
class Pair:
    """A server and a worker with the same URL."""

    url: str
    environment: dict[str, str]
    server: Program
    worker: Program


@pytest.fixture(scope="module")
def pairs(
    places: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Pair]]:
    """Start all pairs at once."""
    folder = tmp_path_factory.mktemp("pairs")
    admin = connect(RedisUrl.parse(URLS["password"].format(**places)))
    admin.acl_setuser(
        USER,
        enabled=True,
        passwords=[f"+{PASSWORD}"],
        keys=["*"],
        channels=["*"],
        categories=["+@all"],
    )
    pairs: dict[str, Pair] = {}
    try:
        for name, text in URLS.items():
            url = text.format(**places)
            if "TLS" in name and not places["tls"]:
                continue
            address = f"127.0.0.1:{free_port()}"
            environment = environment_of(EDUNN_REDIS_URL=url, EDUNN_ADDRESS=address)
            log = folder / name
            pairs[name] = Pair(
                url,
                environment,
                Program(SERVER, log.with_suffix(".server"), environment),
                Program(WORKER, log.with_suffix(".worker"), environment),
            )
        yield pairs
    finally:
        for pair in pairs.values():
            pair.server.end()
            pair.worker.end()


@pytest.mark.parametrize("name", URLS)
def test_url_is_understood_by_server_worker_and_health_checks(
    pairs: dict[str, Pair], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name not in pairs:
        pytest.skip(f"{find_redis()} knows no TLS")
    pair = pairs[name]
    address = pair.environment["EDUNN_ADDRESS"]
    pair.server.await_output(f"{address}\n")
    with grpc.insecure_channel(address, WITHOUT_PROXY) as channel:
        await_true(lambda: is_serving(channel), "SERVING")
    monkeypatch.setattr(sys, "argv", ["healthcheck", address])
    assert server_healthcheck() == 0
    with Client(address) as client, client.session(seed=1) as session:
        layer = session.layer("drop", "Dropout", p=0.5)
        layer.forward([[1.0, 2.0]])
        # They are in the database that the URL names.
        stored = connect(RedisUrl.parse(pair.url)).keys(f"*{session.session_id}*")
        assert stored
    checked = subprocess.run(
        [sys.executable, "-m", "worker.healthcheck"],
        env=pair.environment,
        capture_output=True,
        text=True,
        timeout=HANGING_SECONDS,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    codes = pair.server.stop(), pair.worker.stop()
    assert codes == (0, 0), pair.server.output + pair.worker.output
    for text in (pair.server.output, pair.worker.output, checked.stdout + checked.stderr):
        assert "hush" not in text
        assert "Traceback" not in text


def test_certificate_that_nobody_vouches_for_or_of_another_name_is_not_trusted(
    places: dict[str, str], tmp_path: Path
) -> None:
    """Neither by the server nor by the worker: kombu would trust it, were it left to it."""
    if not places["tls"]:
        pytest.skip(f"{find_redis()} knows no TLS")
    make_certificate(tmp_path / "another.pem", tmp_path / "another.key")
    port = places["tls"]
    urls = {
        "nobody's": f"rediss://:{ESCAPED}@localhost:{port}/8",
        "another's": f"rediss://:{ESCAPED}@localhost:{port}/8?ssl_ca_certs={tmp_path}/another.pem",
        "name": f"rediss://:{ESCAPED}@127.0.0.2:{port}/8?ssl_ca_certs={places['certificate']}",
    }
    programs = [
        Program(
            command,
            tmp_path / f"{what}.{number}.log",
            environment_of(EDUNN_REDIS_URL=url, EDUNN_ADDRESS="127.0.0.1:0"),
        )
        for what, url in urls.items()
        for number, command in enumerate((SERVER, WORKER))
    ]
    try:
        for program in programs:
            program.await_output("certificate verify failed")
            # They wait for it to change, and are stopped at any time.
            assert program.stop() == 0, program.output
            assert "hush" not in program.output
    finally:
        for program in programs:
            program.end()
