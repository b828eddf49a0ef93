"""`python -m server`: one server, configured by the environment."""

from __future__ import annotations

import logging
import sys

import uvloop

from edunn_serving.memory import calm_garbage_collector, keep_freed_memory
from edunn_serving.settings import SettingsError, read_settings
from server.serving import serve


def main() -> None:
    """Run a server until it is told to stop."""
    try:
        settings = read_settings()
        logging.basicConfig(
            level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        keep_freed_memory()
        calm_garbage_collector()
        uvloop.run(serve(settings))
    except SettingsError as error:
        sys.exit(f"edunn server: {error}")


if __name__ == "__main__":
    main()
