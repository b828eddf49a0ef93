"""docker-compose.yml and the Dockerfile agree with the standalone stack and the repository."""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml
from certificates import identity
from compose_file import (
    ROOT,
    Deployment,
    read_compose,
    read_dockerfile,
    seconds,
)
from postgres import find_binaries

from edunn_serving import redis_user
from edunn_serving.pools import LAYERS, POOLS, Pool
from edunn_serving.settings import check_variables, names, variable
from standalone.stack import Stack

VARIABLES = {
    "EDUNN_REDIS_PASSWORD": secrets.token_hex(16),
    "EDUNN_POSTGRES_PASSWORD": secrets.token_hex(16),
    "EDUNN_SHARED_KEY": secrets.token_hex(32),
}
# Each service's entry in the file, by its name.
Services = dict[str, dict[str, Any]]
SERVICES = ("redis", "postgres", "worker", "trainer", "grading-worker", "server")


@pytest.fixture
def services() -> Services:
    found: Services = read_compose(VARIABLES)["services"]
    return found


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    if find_binaries() is None:
        # CI installs it.
        assert not os.environ.get("CI"), "there is no PostgreSQL: apt-get install postgresql"
        pytest.skip("there is no PostgreSQL: on Debian, apt-get install postgresql")
    with Deployment(read_compose(VARIABLES), tmp_path) as deployment:
        yield deployment


def with_python(command: list[str]) -> list[str]:
    """Return a command of the stack as one of the image."""
    return ["python" if part == sys.executable else part for part in command]


def options(arguments: list[str]) -> dict[str, str]:
    """Return each option of Redis with its values. An option `--user` has the user's name too."""
    found: dict[str, str] = {}
    for option in re.findall(r"(?<!\S)--\w.*?(?= --\w|$)", " ".join(arguments)):
        name, _, values = option.partition(" ")
        if name == "--user":
            user, _, values = values.partition(" ")
            name = f"{name} {user}"
        found[name] = values
    return found


def test_there_are_the_databases_the_workers_and_the_server(services: Services) -> None:
    assert set(services) == set(SERVICES)


def test_the_server_is_started_as_by_the_stack(services: Services, tmp_path: Path) -> None:
    assert services["server"]["command"] == with_python(Stack(tmp_path).servers[0]._command)


@pytest.mark.parametrize("pool", POOLS, ids=[pool.name for pool in POOLS])
def test_every_pool_has_its_workers(services: Services, pool: Pool) -> None:
    # In containers the host's name tells workers apart.
    command = ["python", *pool.command(f"{pool.process}@%h")]
    assert services[pool.process]["command"] == command
    plain = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert plain[pool.process]["deploy"]["replicas"].endswith(f":-{pool.workers}}}")


def test_redis_is_configured_as_by_the_stack(services: Services, tmp_path: Path) -> None:
    program, *arguments = services["redis"]["command"]
    lines = Stack(tmp_path)._redis_configuration().splitlines()
    of_stack = options([f"--{word}" if at == 0 else word for line in lines if line
                        for at, word in enumerate(shlex.split(line))])  # fmt: skip
    of_file = options(arguments)
    for place in ("--port", "--dir"):
        assert of_stack.pop(place) and of_file.pop(place)
    # The tests are Redis's administrator, and the stack's own check. In containers nobody is.
    assert of_stack.pop("--requirepass")
    assert of_file.pop("--user default") == "off"
    user = f"--user {redis_user.NAME}"
    for rules in (of_stack.pop(user), of_file.pop(user)):
        on, password, *others = rules.split()
        assert (on, password[0], tuple(others)) == ("on", ">", redis_user.RULES)
    # Containers do not share a folder for a socket, so they connect to Redis by TCP.
    assert of_stack.pop("--unixsocket") and of_stack.pop("--unixsocketperm") == "700"
    assert of_file.pop("--bind")
    assert of_stack.pop("--daemonize") == "no"  # Redis's default
    assert program == "redis-server"
    assert of_stack.pop("--maxmemory") and of_file.pop("--maxmemory") == "2gb"
    assert of_file == of_stack
    assert of_file["--appendonly"] == "yes"
    assert of_file["--maxmemory-policy"] == "noeviction"


def test_redis_keeps_its_data_in_a_volume() -> None:
    compose = read_compose(VARIABLES)
    redis_service = compose["services"]["redis"]
    volume, _, target = redis_service["volumes"][0].partition(":")
    assert volume in compose["volumes"]
    assert options(redis_service["command"][1:])["--dir"] == target


def test_server_and_workers_share_a_folder_in_memory_for_large_tensors(services: Services) -> None:
    for name in ("server", "worker"):
        folder = services[name]["environment"]["EDUNN_EXCHANGE_FOLDER"]
        assert f"exchange:{folder}" in services[name]["volumes"]
    assert read_compose(VARIABLES)["volumes"]["exchange"]["driver_opts"]["type"] == "tmpfs"


@pytest.mark.parametrize("name", ["redis", "postgres"])
def test_no_database_is_published(services: Services, name: str) -> None:
    assert "ports" not in services[name]


def test_the_server_is_published_on_loopback_unless_told_otherwise(services: Services) -> None:
    port = services["server"]["environment"]["EDUNN_ADDRESS"].rpartition(":")[2]
    assert services["server"]["ports"] == [f"127.0.0.1:50051:{port}"]
    written = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["server"]
    assert written["ports"] == [f"${{EDUNN_LISTEN:-127.0.0.1:50051}}:{port}"]


def test_redis_is_healthy_before_others_start_and_the_server_stops_before_the_workers(
    services: Services,
) -> None:
    # Compose stops a service before those that it depends on.
    healthy, started = ({"condition": f"service_{state}"} for state in ("healthy", "started"))
    assert services["worker"]["depends_on"] == {"redis": healthy}
    assert services["trainer"]["depends_on"] == {"redis": healthy}
    assert services["grading-worker"]["depends_on"] == {"redis": healthy, "postgres": healthy}
    assert services["server"]["depends_on"] == {
        "redis": healthy, "postgres": started, "worker": started, "trainer": started,
        "grading-worker": started,
    }  # fmt: skip


def test_the_file_holds_no_password_itself() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    given = services["redis"]["environment"]["REDISCLI_AUTH"]
    assert given.startswith("${EDUNN_REDIS_PASSWORD:?")
    assert f">{given}" in services["redis"]["command"]
    url = f"redis://{redis_user.NAME}:{given}@redis:6379/0"
    assert services["server"]["environment"]["EDUNN_REDIS_URL"] == url
    for name in ("server", "worker"):
        key = services[name]["environment"]["EDUNN_SHARED_KEY"]
        assert key.startswith("${EDUNN_SHARED_KEY:?")


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_rights_that_it_does_not_need(services: Services, name: str) -> None:
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert 0 < service["pids_limit"] <= 512
    assert service["mem_limit"]
    assert not {"privileged", "cap_add", "devices", "network_mode", "pid"} & service.keys()
    if "build" not in service:
        # The image's own entry point would need root's rights to become this user.
        assert service["user"].partition(":")[0] not in ("0", "root", "")


def test_a_secret_is_in_the_environment_of_those_alone_that_need_it(services: Services) -> None:
    def who_has(secret: str) -> set[str]:
        return {name for name, each in services.items() if secret in str(each["environment"])}

    assert who_has(VARIABLES["EDUNN_SHARED_KEY"]) == {
        "worker",
        "trainer",
        "grading-worker",
        "server",
    }
    assert who_has(VARIABLES["EDUNN_POSTGRES_PASSWORD"]) == {
        "postgres", "grading-worker", "server"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["server", "worker", "trainer", "grading-worker"])
def test_the_environment_is_one_of_known_settings(services: Services, name: str) -> None:
    check_variables(services[name]["environment"])
    known = {variable(setting) for setting in names()}
    of_ours = {key for key in services[name]["environment"] if not key.startswith("AWS_")}
    assert of_ours <= known


@pytest.mark.parametrize("name", ["server", "worker", "trainer", "grading-worker"])
def test_all_is_built_from_the_one_dockerfile(services: Services, name: str) -> None:
    assert services[name]["build"] == "."
    assert "image" not in services[name]


@pytest.mark.parametrize("name", SERVICES)
def test_a_health_check_is_bounded(services: Services, name: str) -> None:
    check = services[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert seconds(check["interval"]) > 0
    assert seconds(check["timeout"]) > 0
    assert seconds(check["start_period"]) > 0
    assert check["retries"] >= 1


def test_the_server_has_time_to_finish_before_it_is_killed(services: Services) -> None:
    grace = seconds(services["server"]["stop_grace_period"])
    assert grace > float(services["server"]["environment"]["EDUNN_SHUTDOWN_SECONDS"])


def test_health_checks_miss_what_is_not_there(deployment: Deployment) -> None:
    assert not deployment.is_healthy("redis")
    deployment.start_service("redis")
    deployment.await_healthy("redis")
    assert not deployment.is_healthy("worker")

    deployment.start_service("server")
    server = deployment.replicas["server"][0]
    address = deployment.local(deployment.services["server"]["environment"]["EDUNN_ADDRESS"])
    await_line(server.log, address)
    assert not deployment.is_healthy("server")  # there is no worker

    deployment.start_service("worker")
    deployment.await_healthy("worker")
    deployment.await_healthy("server")


def test_the_server_is_healthy_under_tls_tokens_and_client_certificates(tmp_path: Path) -> None:
    authority = identity("the course")
    for name, who in (("server", identity("localhost")), ("own", identity("o", issuer=authority))):
        who.write(tmp_path / f"{name}.pem", tmp_path / f"{name}.key")
    (tmp_path / "ca.pem").write_bytes(authority.certificate_pem)
    files = {
        "EDUNN_TLS_CERTIFICATE": "server.pem", "EDUNN_TLS_KEY": "server.key",
        "EDUNN_TLS_CLIENT_CA": "ca.pem", "EDUNN_CERTIFICATE": "own.pem", "EDUNN_KEY": "own.key",
    }  # fmt: skip
    secured = {name: str(tmp_path / file) for name, file in files.items()}
    # Another machine may reach it: it would not start without them.
    secured |= {"EDUNN_TOKENS": "ana=red-token", "EDUNN_LISTEN": "192.0.2.1:50051"}
    with Deployment(read_compose(VARIABLES | secured), tmp_path) as deployment:
        for name in ("redis", "worker", "server"):
            deployment.start_service(name)
        deployment.await_healthy("server")
        # The check is the server's, and not one that anything would pass.
        deployment.services["server"]["healthcheck"]["test"][3] = "EDUNN_KEY="
        assert not deployment.is_healthy("server")


def test_the_services_do_their_work_and_stop_in_time(
    deployment: Deployment, tmp_path: Path
) -> None:
    deployment.start()
    for name in SERVICES:
        deployment.await_healthy(name)
    server = deployment.environment("server")
    await_workers(server["EDUNN_REDIS_URL"], 2)

    walkthrough = subprocess.run(
        [sys.executable, "-m", "edunn_client.walkthrough", server["EDUNN_ADDRESS"]],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert walkthrough.returncode == 0, walkthrough.stdout + walkthrough.stderr + deployment.logs()
    assert "all 9 checks hold" in walkthrough.stdout

    (redis_replica,) = deployment.replicas["redis"]
    arguments = Path(f"/proc/{redis_replica.process.pid}/cmdline").read_bytes()
    assert VARIABLES["EDUNN_REDIS_PASSWORD"].encode() not in arguments

    codes = deployment.stop()
    in_order = ["server-1", "worker-1", "worker-2", "redis-1"]
    assert codes == dict.fromkeys((*in_order, "trainer-1", "grading-worker-1", "postgres-1"), 0), (
        deployment.logs()
    )
    assert [name for name in codes if name in in_order] == in_order
    assert any((tmp_path / "redis-data").iterdir())


def await_line(log: Path, line: str) -> None:
    """Wait until a log has a line."""
    deadline = time.monotonic() + 60
    while line not in log.read_text().splitlines():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)


def await_workers(redis_url: str, count: int) -> None:
    """Wait until `count` workers give signs of life."""
    deadline = time.monotonic() + 60
    with redis.Redis.from_url(redis_url) as client:
        while client.zcard(LAYERS.signs_of_life) != count:
            assert time.monotonic() < deadline, client.zrange(LAYERS.signs_of_life, 0, -1)
            time.sleep(0.05)


def copied() -> list[str]:
    """Return the paths of the repository that the Dockerfile copies."""
    copies = [shlex.split(rest) for name, rest in read_dockerfile() if name == "COPY"]
    own = [words for words in copies if not words[0].startswith("--from=")]
    return [source.rstrip("/") for *sources, _ in own for source in sources]


def last_stage() -> list[tuple[str, str]]:
    instructions = read_dockerfile()
    return instructions[max(at for at, each in enumerate(instructions) if each[0] == "FROM") :]


@pytest.mark.parametrize("source", copied())
def test_what_the_dockerfile_copies_is_there(source: str) -> None:
    assert (ROOT / source).exists()


def test_the_image_has_every_package_and_what_building_them_needs() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["setuptools"]["packages"]["find"]["include"]
    # pip reads the project file and the files that it names.
    metadata = [
        "pyproject.toml",
        project["project"]["readme"],
        *project["project"]["license-files"],
    ]
    wanted = {*(name.rstrip("*") for name in packages), *metadata, "requirements.lock"}
    assert set(copied()) == wanted


def test_docker_is_given_what_the_dockerfile_copies_and_nothing_else() -> None:
    everything, *lines = [
        line
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert everything == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == set(copied())


def test_the_image_starts_the_server(services: Services) -> None:
    commands = [rest for name, rest in read_dockerfile() if name in ("CMD", "ENTRYPOINT")]
    # With an entry point the worker's command would be its arguments.
    assert [json.loads(command) for command in commands] == [services["server"]["command"]]


def test_the_image_exposes_the_port_of_the_server(services: Services) -> None:
    address = services["server"]["environment"]["EDUNN_ADDRESS"]
    assert dict(last_stage())["EXPOSE"] == address.rpartition(":")[2]


def test_the_image_runs_as_a_user_without_rights() -> None:
    names = [name for name, _ in last_stage()]
    user = dict(last_stage())["USER"]
    assert user not in ("root", "0")
    assert any(name == "RUN" and "useradd" in rest and user in rest for name, rest in last_stage())
    assert names.index("USER") < names.index("CMD")


def test_the_image_has_no_compilers() -> None:
    stages = [rest for name, rest in read_dockerfile() if name == "FROM"]
    assert len(stages) == 2
    assert all("-slim" in stage and ":3.12-" in stage for stage in stages)
    assert not any("apt-get" in rest for _, rest in last_stage())


def test_the_image_has_the_pinned_versions() -> None:
    runs = " ".join(rest for name, rest in read_dockerfile() if name == "RUN")
    assert "pip install -r /src/requirements.lock" in runs
    assert "pip install --no-deps ." in runs


@pytest.mark.parametrize("name", SERVICES)
def test_logs_are_rotated(services: Services, name: str) -> None:
    options = services[name]["logging"]["options"]
    assert options.keys() == {"max-size", "max-file"}
