"""Counts the calls without a valid token, of each address."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict

from server.buckets import Bucket

log = logging.getLogger(__name__)

# An address may fail this often at once, and then this often a second.
BURST, A_SECOND = 50, 1.0
# The addresses that are remembered. The latest are kept.
REMEMBERED = 10_000


class Failures:
    """The failures of each address to say who calls."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def one_more(self, address: str) -> bool:
        """Count a failure; False if the address has failed too often."""
        now = time.monotonic()
        bucket = self._buckets.pop(address, None) or Bucket(A_SECOND, BURST, now)
        self._buckets[address] = bucket
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        if not bucket.take(1, now):
            return False
        if bucket.level(now) < 1:
            log.warning("%s: too many calls have no valid token", address)
        return True
