"""The Celery side: runs batches of operations on sessions, whose state is in Redis."""

import os

# NumPy reads these as it is imported. Each core has a worker process that runs one batch at a time,
# so more BLAS threads would only compete for the cores.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
