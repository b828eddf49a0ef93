"""`python -m server`: one server, configured by the environment."""

from __future__ import annotations

import signal
import sys

import uvloop

from edunn_serving.log_lines import configure_logging
from edunn_serving.memory import calm_garbage_collector, keep_freed_memory
from edunn_serving.settings import SettingsError, read_settings
from server.serving import StartError, serve


def main() -> None:
    """Run a server until it is told to stop."""
    # The server outlives the terminal that it was started from.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    configure_logging("WARNING")
    try:
        settings = read_settings()
        configure_logging(settings.log_level, settings.secrets())
        keep_freed_memory()
        calm_garbage_collector()
        uvloop.run(serve(settings))
    except (SettingsError, StartError) as error:
        sys.exit(f"edunn server: {error}")


if __name__ == "__main__":
    main()
