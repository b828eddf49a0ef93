"""The optimizers under an older name of their file: the same as `edunn.optimizer`."""

from edunn.optimizer import *  # noqa: F403
from edunn.optimizer import __all__ as __all__
