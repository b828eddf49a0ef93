"""Counts calls that fail in one way, of each address or caller."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict

from server.buckets import Bucket

log = logging.getLogger(__name__)

# The addresses and callers that are remembered. The latest are kept.
REMEMBERED = 10_000


class Failures:
    """The failed calls of each account.

    Parameters
    ----------
    what
        What the calls do, for the log.
    burst, a_second
        An account may fail this often at once, and then this often a second.
    """

    def __init__(self, what: str, burst: float, a_second: float) -> None:
        self.what = what
        self._burst, self._a_second = burst, a_second
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def one_more(self, account: str) -> bool:
        """Count a failure; False if the account has failed too often."""
        now = time.monotonic()
        bucket = self._buckets.pop(account, None) or Bucket(self._a_second, self._burst, now)
        self._buckets[account] = bucket
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        if not bucket.take(1, now):
            return False
        if bucket.level(now) < 1:
            log.warning("%s: too many calls %s", account, self.what)
        return True
