"""What all commands have in common: options, the connection, tables, errors."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from edunn_client._channel import TLS, TLSLike
from edunn_client._client import Client
from edunn_client._environment import tls_of_environment
from edunn_client._errors import EdunnError
from edunn_client._retries import RetryPolicy

Address = Annotated[
    str, typer.Option("--address", "-a", envvar="EDUNN_TARGET", help="host:port of the service.")
]
Token = Annotated[
    str | None, typer.Option(envvar="EDUNN_TOKEN", help="The bearer token.", show_default=False)
]
Ca = Annotated[
    Path | None,
    typer.Option(help="TLS, trusting the authority in this PEM file."),
]
Tls = Annotated[
    bool, typer.Option("--tls", envvar="EDUNN_TLS", help="TLS, trusting the usual authorities.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

LOCAL = "localhost:50051"
# Who sits before a command would rather be told than wait.
_BRIEF = RetryPolicy(attempts=4)
_OUTPUT = Console(soft_wrap=False)
ERRORS = Console(stderr=True)


def open_client(
    address: Address = LOCAL, token: Token = None, tls: Tls = False, ca: Ca = None
) -> Client:
    """Return a client as the options say."""
    return Client(address, token=token, tls=_tls(tls, ca), retry=_BRIEF)


_OPTIONS = tuple(inspect.signature(open_client, eval_str=True).parameters.values())


@contextmanager
def connection(address: str, token: str | None, tls: bool, ca: Path | None) -> Iterator[Client]:
    """Open a client; what the service refuses ends the command with its sentence."""
    try:
        with open_client(address, token, tls, ca) as client:
            yield client
    except (EdunnError, ValueError, TypeError, OSError) as error:
        raise stop(str(error)) from None


def with_client(
    command: Callable[..., None], service: Callable[[Client], Any] = lambda client: client
) -> Callable[..., None]:
    """Return a command with the options that say where the service is.

    Parameters
    ----------
    command : callable
        Its first parameter is the client, or what `service` makes of it.
    service : callable
    """
    signature = inspect.signature(command, eval_str=True)
    _, *own = signature.parameters.values()
    # The option `--json` stays the last one.
    at = len(own) - any(parameter.name == "as_json" for parameter in own)
    parameters = [*own[:at], *_OPTIONS, *own[at:]]

    def run(**given: Any) -> None:
        place = [given.pop(option.name) for option in _OPTIONS]
        with connection(*place) as client:
            command(service(client), **given)

    functools.update_wrapper(run, command)
    run.__dict__["__signature__"] = signature.replace(
        parameters=[each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    )
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    return run


def stop(message: str) -> typer.Exit:
    """Print why the command ends, and return what ends it."""
    ERRORS.print(Text(f"edunn: {message}", style="red"), soft_wrap=True)
    return typer.Exit(1)


def show(*things: Any) -> None:
    """Print texts and tables."""
    _OUTPUT.print(*things, sep="\n")


def print_json(value: Any) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=2, allow_nan=False))


def _tls(tls: bool, ca: Path | None) -> TLSLike:
    """Return what the options say; None leaves it to the environment."""
    if ca is None:
        return tls or None
    found = tls_of_environment() or TLS()
    return TLS(ca, found.certificate, found.key)
