"""`python -m worker.healthcheck [POOL]`: exit 0 if Redis hears a worker of this machine, 1 if not.

It is meant for a container, which has a host name and a worker of its own. If several workers share
a host name, one live worker is enough.
"""

from __future__ import annotations

import argparse
import os
import sys

import redis

from edunn_serving.pools import LAYERS, POOLS
from edunn_serving.redis_connections import connect
from edunn_serving.redis_text import text_of
from edunn_serving.scripts import Script
from edunn_serving.settings import SettingsError, read_settings


def main() -> int:
    """Print the live workers of this machine and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m worker.healthcheck", description=__doc__)
    pools = {pool.name: pool for pool in POOLS}
    parser.add_argument("pool", nargs="?", choices=pools, default=LAYERS.name)
    pool = pools[parser.parse_args().pool]
    host = os.uname().nodename
    try:
        settings = read_settings()
        with connect(settings.redis_url) as client:
            # Servers use the same script.
            live_workers = client.register_script(Script.named("live_workers").text)
            _, live = live_workers([pool.signs_of_life], [settings.worker_timeout_seconds])
    except (SettingsError, redis.RedisError) as error:
        print(f"worker of {host}: {error}", file=sys.stderr)
        return 1
    # A worker's id has three parts: its host's name, its process id, and a random one.
    own = [worker for worker in map(text_of, live) if worker.rsplit("-", 2)[0] == host]
    if not own:
        print(f"worker of {host}: no sign of life", file=sys.stderr)
        return 1
    print(f"worker of {host}: {', '.join(own)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
