"""The floor that server and worker stand on: the stubs, and what the two say to each other."""

import os

# Before NumPy is imported anywhere: one batch at a time and one process a core, so that more BLAS
# threads would only fight for the cores. With them a bare echo beside the service took 1.8 times
# as long.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
