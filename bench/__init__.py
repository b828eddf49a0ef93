"""Benchmarks. Each figure is a ratio to a reference that is measured in the same run."""

# Before NumPy, which reads it once: BLAS has one thread here, as in server and worker.
import edunn_serving as edunn_serving
