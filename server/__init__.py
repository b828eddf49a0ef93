"""The gRPC side: takes calls, hands them to workers in batches, answers."""

import os

# gRPC reads this as it is imported. Callers could otherwise make it write lines of its own into
# the log.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
