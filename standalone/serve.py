"""The command of `make serve`: runs the whole service in the foreground until Ctrl-C."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from collections.abc import MutableMapping
from pathlib import Path

from edunn_serving.settings import SettingsError, names, read_settings, variable
from standalone import tokens
from standalone.errors import StackError
from standalone.stack import Stack
from standalone.stop_signal import StopRequested, StopSignal

# Settings that only the stack itself may give.
DECIDED_HERE = {"EDUNN_REDIS_URL", "EDUNN_ADDRESS", "EDUNN_SHARES_PORT"}
EPILOG = "`edunn-serve tokens --help`: the tokens of callers"
GREETING = """\
edunn-serving listens on {address}. Ctrl-C stops it.

    from edunn_client import Client
    with Client("{address}") as client, client.session(seed=1) as session:
        print(session.layer("drop", "Dropout", p=0.5).forward([[1.0, 2.0, 3.0, 4.0]]))
"""


def main() -> None:
    """Serve until Ctrl-C or SIGTERM, or run the command `tokens`."""
    if sys.argv[1:2] == ["tokens"]:
        tokens.main(sys.argv[2:])
        return
    parser = argparse.ArgumentParser(prog="edunn-serve", description=__doc__, epilog=EPILOG)
    parser.add_argument("--port", type=int, default=50051, help="port on 127.0.0.1 (0: a free one)")
    parser.add_argument("--workers", type=int, default=2, help="how many workers")
    parser.add_argument("--servers", type=int, default=1, help="how many servers, on one port")
    parser.add_argument(
        "--data", type=Path, default=Path(".data"), help="folder for sessions and logs"
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    # The stack and the processes that it starts outlive their terminal.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop_signal = StopSignal()
    try:
        with Stack(
            arguments.data,
            port=arguments.port,
            workers=arguments.workers,
            servers=arguments.servers,
            environment=_take_settings(os.environ),
            wait=stop_signal.wait,
        ) as stack:
            print(GREETING.format(address=stack.address), flush=True)
            stop_signal.wait()
    except StopRequested:
        print("stopped", flush=True)
    except (StackError, SettingsError) as error:
        sys.exit(f"edunn-serve: {error}")


def _take_settings(environment: MutableMapping[str, str]) -> dict[str, str]:
    """Check and return the settings of server and workers.

    Settings that the stack itself gives are removed from the environment.

    Raises
    ------
    SettingsError
        A setting is wrong.
    """
    for name in DECIDED_HERE:
        environment.pop(name, None)
    read_settings()
    known = {variable(name) for name in names()}
    return {name: text for name, text in environment.items() if name in known}


if __name__ == "__main__":
    main()
