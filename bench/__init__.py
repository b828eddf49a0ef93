"""Benchmarks. Each figure is a ratio to a reference that is measured in the same run."""

# Before NumPy: it sets one thread for BLAS, as the workers have.
import edunn_serving  # noqa: F401
