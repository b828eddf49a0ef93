"""The Celery side: runs batches of operations on sessions that live in Redis."""

import os

# Before NumPy is imported anywhere: one batch at a time and one process a core, so that more BLAS
# threads would only fight for the cores.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
