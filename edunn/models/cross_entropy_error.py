"""The cross-entropies of labels."""

from edunn.losses.cross_entropy import CrossEntropyWithLabels
from edunn.losses.sequence_cross_entropy import SequenceCrossEntropyWithLabels, log_softmax

__all__ = ["CrossEntropyWithLabels", "SequenceCrossEntropyWithLabels", "log_softmax"]
