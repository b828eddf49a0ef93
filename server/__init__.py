"""The gRPC side: takes calls, hands them to workers in batches, answers."""
