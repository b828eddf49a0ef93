"""Numbers drawn from a secret: the same for the same place, and unguessable without the secret.

They are made by SHAKE-256 rather than by NumPy's generators. Their state cannot be computed from
what a student has seen of them, and no version of NumPy draws others.
"""

from __future__ import annotations

import hashlib
import hmac
import math

import numpy as np

from worker.judging.challenges import Array, Floats, Place

# A change of how challenges are drawn changes this, so that an old attempt is never judged by
# the challenge of another program.
_VERSION = b"edunn-judging-2"


class Draws:
    """A stream of numbers.

    Parameters
    ----------
    secret : bytes
    place : Place
    purpose : str
        Streams of one place for different purposes have nothing in common.
    """

    def __init__(self, secret: bytes, place: Place, purpose: str = "challenge") -> None:
        self._key = _key(secret, place, purpose)
        self._taken = 0

    @property
    def label(self) -> str:
        """A few letters that no other place has, and that tell nothing of the numbers."""
        return hashlib.sha256(b"label" + self._key).hexdigest()[:8]

    def uniform(self, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Floats:
        """Return numbers of [low, high), multiples of 2^-32 of its width."""
        count = math.prod(shape)
        # The length is a part of the input: no stream is the beginning of another.
        block = self._key + self._taken.to_bytes(8, "big") + count.to_bytes(8, "big")
        self._taken += 1
        bits = np.frombuffer(hashlib.shake_256(block).digest(4 * count), "<u4")
        return low + (high - low) * 2.0**-32 * bits.reshape(shape).astype(np.float64)

    def number(self, low: float, high: float) -> float:
        """Return one number of [low, high)."""
        return float(self.uniform((1,), low, high)[0])

    def integers(self, below: int, shape: tuple[int, ...]) -> Array:
        """Return integers from 0 to below - 1."""
        return np.minimum((self.uniform(shape) * below).astype(np.int64), below - 1)

    def order(self, count: int) -> Array:
        """Return the integers from 0 to count - 1 in a random order."""
        return np.argsort(self.uniform((count,)), kind="stable")

    def signed(self, shape: tuple[int, ...], low: float = 0.25, high: float = 2.0) -> Floats:
        """Return numbers of either sign whose magnitudes lie in [low, high)."""
        numbers = self.uniform(shape, -1.0, 1.0)
        return np.copysign(low + (high - low) * np.abs(numbers), numbers)

    def apart(self, shape: tuple[int, ...], low: float = -2.0, high: float = 2.0) -> Floats:
        """Return numbers of [low, high] of which no two are closer than half their mean distance.

        Zero is kept away from as well: no number is within a quarter of that distance of it.
        """
        count = math.prod(shape)
        distance = (high - low) / max(1, count)
        grid = low + distance * (self.order(count) + 0.5 + self.uniform((count,), -0.25, 0.25))
        near = np.abs(grid) < distance / 4
        grid[near] = np.copysign(distance / 4, grid[near])
        return grid.reshape(shape)


def _key(secret: bytes, place: Place, purpose: str) -> bytes:
    """Return HMAC(secret, place): its parts with their lengths, so that none runs into another."""
    parts = (place.course, place.assignment, place.student, place.attempt, place.check, purpose)
    encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in [_VERSION, *encoded])
    return hmac.new(secret, message, hashlib.sha256).digest()
