"""Reads docker-compose.yml as Compose does, and runs its services as processes without Docker."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml
from postgres import find_binaries

from standalone.stack import find_redis, free_port

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = "127.0.0.1"

VARIABLE = re.compile(
    r"\$(?:(?P<dollar>\$)|\{(?P<name>\w+)(?:(?P<kind>:-|:\?)(?P<text>[^{}]*))?\}|(?P<bad>))"
)

# Asks the kernel to end the process when the tests die, even if killed, then becomes the command.
DIE_WITH_PARENT = (
    "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execvp(sys.argv[1], sys.argv[1:])"
)


class ComposeError(Exception):
    """The file cannot be used."""


def read_compose(variables: Mapping[str, str]) -> dict[str, Any]:
    """Return docker-compose.yml with the values of its variables."""
    parsed = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    filled: dict[str, Any] = _fill_in(parsed, variables)
    return filled


def _fill_in(node: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _fill_in(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [_fill_in(value, variables) for value in node]
    if not isinstance(node, str):
        return node

    def value_of(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        if not match["name"]:
            raise ComposeError(f"not understood: {node}")
        value = variables.get(match["name"], "")
        if match["kind"] is None and not value:
            raise ComposeError(f"{match['name']} has neither a value nor a default")
        if match["kind"] == ":?" and not value:
            raise ComposeError(f"{match['name']} {match['text']}")
        return value or match["text"] or ""

    return VARIABLE.sub(value_of, node)


def seconds(duration: str) -> float:
    """Return one of Compose's durations, such as 1m30s."""
    if not re.fullmatch(r"(\d+(ms|s|m|h))+", duration):
        raise ComposeError(f"not a duration: {duration!r}")
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
    return sum(int(n) * units[unit] for n, unit in re.findall(r"(\d+)(ms|s|m|h)", duration))


def read_dockerfile() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions, such as ("USER", "edunn")."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    text = "\n".join(line for line in lines if line and not line.lstrip().startswith("#"))
    instructions = text.replace("\\\n", " ").splitlines()
    return [
        (name, rest.strip()) for name, _, rest in (each.partition(" ") for each in instructions)
    ]


def image_environment() -> dict[str, str]:
    """Return the variables of the image's last stage, except PATH, which fits only the image."""
    instructions = read_dockerfile()
    last = max(at for at, (name, _) in enumerate(instructions) if name == "FROM")
    pairs = (
        pair.partition("=")
        for name, rest in instructions[last:]
        if name == "ENV"
        for pair in shlex.split(rest)
    )
    return {name: value for name, _, value in pairs if name != "PATH"}


@dataclass
class Replica:
    """One process of a service."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Deployment:
    """The services of docker-compose.yml as processes of this machine, as a context manager.

    Everything is as in the file, except for the places: service names and 0.0.0.0 are 127.0.0.1,
    ports are free ones, volumes are folders in `folder`. The services start in the order of
    `depends_on` and stop in the reverse order, as with Compose.
    """

    def __init__(self, compose: Mapping[str, Any], folder: Path) -> None:
        self.services: dict[str, dict[str, Any]] = compose["services"]
        self.replicas: dict[str, list[Replica]] = {}
        self._folder = folder
        self._places = self._free_places()
        # Longer names come first, because a shorter one may be the beginning of a longer one.
        names = "|".join(re.escape(name) for name in sorted(self._places, key=len, reverse=True))
        self._place = re.compile(rf"(?<![\w./-])(?:{names})(?![\w.])")
        self._programs = self._link_programs()

    def _free_places(self) -> dict[str, str]:
        """Return the place on this machine for each place of the file."""
        places = {"0.0.0.0": LOOPBACK}  # noqa: S104 - it is replaced
        hosts = "|".join(map(re.escape, ["0.0.0.0", *self.services]))  # noqa: S104
        for service in self.services.values():
            for text in service.get("environment", {}).values():
                for host, port in re.findall(rf"(?<![\w.-])({hosts}):(\d+)", text):
                    places[f"{host}:{port}"] = ""
                    places.setdefault(port, str(free_port()))
            for mount in service.get("volumes", []):
                volume, _, target = mount.partition(":")
                places[target] = str(self._folder / volume)
        for place in places:
            if ":" in place:
                places[place] = f"{LOOPBACK}:{places[place.rpartition(':')[2]]}"
        return places

    def _link_programs(self) -> str:
        """Return a PATH with Redis's programs under the names of its image."""
        programs = self._folder / "bin"
        programs.mkdir()
        binary = Path(find_redis())
        (programs / "redis-server").symlink_to(binary)
        (programs / "redis-cli").symlink_to(
            binary.with_name(binary.name.replace("-server", "-cli"))
        )
        if postgres := find_binaries():
            (programs / "pg_isready").symlink_to(postgres / "pg_isready")
        image = programs / "postgres"
        image.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT}/tests/postgres.py "$@"\n')
        image.chmod(0o755)
        python = str(Path(sys.executable).parent)
        return os.pathsep.join([python, str(programs), os.environ.get("PATH", os.defpath)])

    def local(self, text: str) -> str:
        """Return a text of the file with this machine's places."""
        return self._place.sub(lambda match: self._places[match[0]], text)

    def environment(self, name: str) -> dict[str, str]:
        """Return a service's whole environment: the file's, the image's, and the PATH here."""
        service = self.services[name]
        own = {key: self.local(text) for key, text in service.get("environment", {}).items()}
        image = image_environment() if "build" in service else {}
        # The image has the service's packages installed, but not the Python client.
        return {"PATH": self._programs, "PYTHONPATH": str(ROOT), **image, **own}

    def __enter__(self) -> Deployment:
        return self

    def start(self) -> None:
        """Start all services, each when the conditions of its `depends_on` hold."""
        waiting = dict(self.services)
        while waiting:
            ready = [n for n, each in waiting.items() if not waiting.keys() & _needs(each).keys()]
            if not ready:
                raise ComposeError(f"depends_on goes in a circle: {', '.join(waiting)}")
            for name in ready:
                for needed, how in _needs(waiting.pop(name)).items():
                    if how["condition"] == "service_healthy":
                        self.await_healthy(needed)
                self.start_service(name)

    def start_service(self, name: str) -> None:
        """Start all replicas of a service."""
        service = self.services[name]
        for mount in service.get("volumes", []):
            Path(self._places[mount.partition(":")[2]]).mkdir(exist_ok=True)
        command = [self.local(part) for part in service["command"]]
        replicas = self.replicas[name] = []
        for number in range(1, int(service.get("deploy", {}).get("replicas", 1)) + 1):
            log = self._folder / f"{name}-{number}.log"
            with log.open("wb") as output:
                process = subprocess.Popen(
                    [sys.executable, "-c", DIE_WITH_PARENT, *command],
                    env=self.environment(name),
                    # Not the repository, because no service may depend on its working folder.
                    cwd=self._folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    # Only the tests get a Ctrl-C. They then stop the services.
                    start_new_session=True,
                )
            replicas.append(Replica(f"{name}-{number}", process, log))

    def is_healthy(self, name: str) -> bool:
        """Run a service's health check once."""
        check = self.services[name]["healthcheck"]
        kind, *command = check["test"]
        if kind == "CMD-SHELL":
            command = ["/bin/sh", "-c", *command]
        elif kind != "CMD":
            raise ComposeError(f"the health check of {name} is neither CMD nor CMD-SHELL")
        try:
            done = subprocess.run(
                [self.local(part) for part in command],
                env=self.environment(name),
                cwd=self._folder,
                capture_output=True,
                timeout=seconds(check["timeout"]),
                check=False,
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def await_healthy(self, name: str) -> None:
        """Wait until a service is healthy, at most as long as Docker waits."""
        check = self.services[name]["healthcheck"]
        patience = seconds(check["start_period"]) + check["retries"] * seconds(check["interval"])
        deadline = time.monotonic() + patience
        while not self.is_healthy(name):
            ended = [each.name for each in self.replicas[name] if each.process.poll() is not None]
            if ended or time.monotonic() > deadline:
                what = f"{', '.join(ended)} ended" if ended else f"not healthy in {patience:g} s"
                raise ComposeError(f"{name}: {what}\n{self.logs()}")
            time.sleep(0.05)

    def stop(self) -> dict[str, int | None]:
        """Stop all services with SIGTERM; return exit codes, None for one that did not stop."""
        codes: dict[str, int | None] = {}
        # They were started in the order of depends_on.
        for name, replicas in reversed(self.replicas.items()):
            for replica in replicas:
                replica.process.terminate()
            deadline = time.monotonic() + seconds(self.services[name]["stop_grace_period"])
            for replica in replicas:
                try:
                    left = max(0.0, deadline - time.monotonic())
                    codes[replica.name] = replica.process.wait(left)
                except subprocess.TimeoutExpired:
                    codes[replica.name] = None
        return codes

    def logs(self) -> str:
        """Return the output of the processes."""
        return "\n".join(
            f"--- {replica.name}\n{replica.log.read_text(errors='replace')}"
            for replicas in self.replicas.values()
            for replica in replicas
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for replicas in self.replicas.values():
            for replica in replicas:
                # A stopped process does not notice it.
                replica.process.kill()
                replica.process.wait()


def _needs(service: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    needs: dict[str, dict[str, str]] = service.get("depends_on", {})
    return needs
