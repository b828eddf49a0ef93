"""The gRPC side: takes calls, hands them to workers in batches, answers."""

import os

# Before gRPC is imported anywhere: its own lines are no lines of our log, and callers bring them
# about.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
