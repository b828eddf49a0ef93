"""`python -m server.healthcheck ADDRESS`: exit 0 if the server there is SERVING, 1 if not."""

from __future__ import annotations

import argparse
import sys

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckResponse

from edunn_serving.own_channel import own_channel

TIMEOUT_SECONDS = 3.0


def main() -> int:
    """Print the server's answer about its health and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m server.healthcheck",
        description="Exit 0 if the server is SERVING, 1 if it is not or does not answer.",
    )
    parser.add_argument("address", help="host:port of a server; its TLS is that of the settings")
    address: str = parser.parse_args().address
    try:
        with own_channel(address) as channel:
            answer = health_pb2_grpc.HealthStub(channel).Check(
                health_pb2.HealthCheckRequest(), timeout=TIMEOUT_SECONDS
            )
    except (OSError, ValueError) as error:
        print(f"{address}: {error}", file=sys.stderr)
        return 1
    except grpc.RpcError as error:
        print(f"{address}: {error.code().name}: {error.details()}", file=sys.stderr)
        return 1
    status: str = HealthCheckResponse.ServingStatus.Name(answer.status)
    print(f"{address}: {status}")
    return 0 if answer.status == HealthCheckResponse.SERVING else 1


if __name__ == "__main__":
    sys.exit(main())
