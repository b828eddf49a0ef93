"""Arrays that were handed out and may be written into, as those of a local layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from threading import RLock
from typing import Any

import numpy as np

from edunn_client._errors import parameters_outdated
from edunn_client._tensors import Array

# To look whether so few bytes have changed costs next to nothing beside a call.
_SMALL_BYTES = 64 * 1024
_COMPARED_AT_ONCE = 64 * 1024
# Functions of NumPy that write into their first argument, and what that is called.
_WRITERS = (np.copyto, np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal)
_WRITTEN = frozenset({"dst", "a", "arr"})


class _Watch:
    """The memory of one array, and what the service has of it once that may differ."""

    def __init__(self, values: Array, is_compared: bool) -> None:
        self._buffer = bytearray(max(values.nbytes, values.itemsize))
        self.memory: Array = np.ndarray(values.shape, values.dtype, self._buffer)
        self.memory[...] = values
        self.known: Array | None = None
        self.is_outdated = False
        """Whether the service may have other values by now, of a step."""
        self.is_compared = is_compared
        """Whether it is compared before every forward, because writes may go unnoticed."""

    def shown(self) -> Any:
        """Return the array to hand out: a read-only one, unless it is compared."""
        buffer = memoryview(self._buffer)
        exposed = buffer if self.is_compared else buffer.toreadonly()
        # Other than `numpy.ndarray`, it keeps to what is exposed: nobody can make it writeable.
        flat = np.frombuffer(exposed, self.memory.dtype, self.memory.size)
        return flat.reshape(self.memory.shape)

    def open(self, array: Array) -> Array:
        """Return a writeable twin of an array of this memory, noting that there will be a write."""
        offset = _address(array) - _address(self.memory)
        if not 0 <= offset < len(self._buffer):
            # A copy that NumPy made of a part.
            return _plain(array)  # type: ignore[no-any-return]
        self.note_write()
        return np.ndarray(array.shape, array.dtype, self._buffer, offset, array.strides)

    def note_write(self) -> None:
        """Keep what the service has before something is written."""
        if self.known is None:
            self.known = self.memory.copy()


def _address(array: Array) -> int:
    address: int = array.__array_interface__["data"][0]
    return address


class LiveArray(np.ndarray[Any, np.dtype[Any]]):
    """A parameter or a buffer of a remote layer; what is written into it is sent in time.

    A large one takes writes through itself and its views. To code that writes past them
    (`numpy.nditer` with `readwrite`, a `numpy.asarray` of it, PyTorch) it is read-only, so that no
    write goes unnoticed: give such code a copy, and that to `set_parameters`. A small one takes all
    writes, as every forward compares it with what was sent.
    """

    _watch: _Watch | None = None

    @property
    def is_outdated(self) -> bool:
        """Whether the layer has made a step since: `get_parameters` brings the array up to date."""
        return self._watch is not None and self._watch.is_outdated

    def __array_finalize__(self, parent: object) -> None:
        self._watch = getattr(parent, "_watch", None)

    def __setitem__(self, key: Any, value: Any) -> None:
        _opened(self)[_plain(key)] = _plain(value)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **named: Any) -> Any:
        outputs = named.get("out", ())
        if outputs:
            named["out"] = tuple(_opened(output) for output in outputs)
        plain = [_plain(value) for value in inputs]
        if method == "at":
            plain[0] = _opened(inputs[0])
        result = getattr(ufunc, method)(*plain, **named)
        # `w -= g` must leave `w` what it was.
        return outputs[0] if len(outputs) == 1 and outputs[0] is not None else result

    def __array_function__(
        self,
        function: Callable[..., Any],
        types: Iterable[type],
        inputs: Iterable[Any],
        named: Mapping[str, Any],
    ) -> Any:
        writes = function in _WRITERS
        positional = [_plain(value) for value in inputs]
        if writes and positional:
            positional[0] = _opened(next(iter(inputs)))
        others = {
            name: _opened(value)
            if name == "out" or (writes and name in _WRITTEN)
            else _plain(value)
            for name, value in named.items()
        }
        result = super().__array_function__(function, types, tuple(positional), others)
        return named["out"] if isinstance(named.get("out"), LiveArray) else result

    def fill(self, value: Any) -> None:
        _opened(self).fill(value)

    def sort(self, *how: Any, **named: Any) -> None:
        _opened(self).sort(*how, **named)

    def partition(self, *how: Any, **named: Any) -> None:
        _opened(self).partition(*how, **named)

    def put(self, *what: Any, **named: Any) -> None:
        _opened(self).put(*what, **named)

    @property
    def flat(self) -> Any:
        # What is written through an iterator cannot be seen: it is compared from now on.
        if self._watch is not None:
            self._watch.is_compared = True
        return _opened(self).flat

    @flat.setter
    def flat(self, value: Any) -> None:
        _opened(self).flat = value

    def copy(self, *how: Any, **named: Any) -> Any:
        return _plain(self).copy(*how, **named)

    def astype(self, *how: Any, **named: Any) -> Any:
        return _plain(self).astype(*how, **named)

    def __copy__(self) -> Any:
        return self.copy()

    def __deepcopy__(self, memo: object) -> Any:
        return self.copy()

    def __reduce__(self) -> Any:
        return _plain(self).__reduce__()

    def __repr__(self) -> str:
        return repr(_plain(self))


def _plain(value: Any) -> Any:
    return value.view(np.ndarray) if isinstance(value, LiveArray) else value


def _opened(value: Any) -> Any:
    """Return a plain view that takes writes, noting that there will be one."""
    if not isinstance(value, LiveArray):
        return value
    return _plain(value) if value._watch is None else value._watch.open(value)


class LiveArrays:
    """The arrays of one layer that were handed out, and what the service has of them."""

    def __init__(self) -> None:
        self._handed: dict[str, LiveArray] = {}
        # The asyncio client reads large answers in threads.
        self._lock = RLock()

    def hand_out(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Note the service's values and return the arrays that have them.

        These are the arrays handed out before, wherever the shape is the same.
        """
        small = sum(value.nbytes for value in values.values()) <= _SMALL_BYTES
        with self._lock:
            for name, value in values.items():
                held = self._handed.get(name)
                if held is None or held.shape != value.shape:
                    held = self._handed[name] = _made_live(value, small)
                watch = _watch(held)
                watch.memory[...] = value
                watch.is_outdated = False
                _agree(held, value)
            return {name: self._handed[name] for name in values}

    def put(self, values: Mapping[str, Array]) -> None:
        """Note values that were sent, in those arrays that were handed out."""
        with self._lock:
            self.hand_out({name: values[name] for name in values if name in self._handed})

    def outdate(self) -> None:
        """Note that the service may have other values from now on."""
        with self._lock:
            for held in self._handed.values():
                _watch(held).is_outdated = True

    def changed(self) -> dict[str, Array]:
        """Return copies of the arrays that have been written into since they were sent.

        Raises
        ------
        FailedPreconditionError
            PARAMETERS_OUTDATED: one of them was out of date. Its writes are forgotten, because to
            send it would undo a step.
        """
        with self._lock:
            changed = {name: held for name, held in self._handed.items() if _has_changed(held)}
            outdated = [name for name, held in changed.items() if _watch(held).is_outdated]
            for name in outdated:
                _agree(changed[name], _watch(changed[name]).memory)
            if outdated:
                raise parameters_outdated(outdated)
            return {name: held.copy() for name, held in changed.items()}

    def note_sent(self, values: Mapping[str, Array]) -> None:
        """Note that the service has these values; the arrays may have changed again since."""
        with self._lock:
            for name, value in values.items():
                _agree(self._handed[name], value)


def _has_changed(held: LiveArray) -> bool:
    watch = _watch(held)
    if watch.known is None:
        return False
    if not same_bits(watch.memory, watch.known):
        return True
    if not watch.is_compared:
        watch.known = None
    return False


def _agree(held: LiveArray, value: Array) -> None:
    """Note what the service has of an array."""
    watch = _watch(held)
    known = np.array(value, dtype=watch.memory.dtype)
    is_settled = not watch.is_compared and same_bits(watch.memory, known)
    watch.known = None if is_settled else known


def _made_live(values: Array, is_compared: bool) -> LiveArray:
    watch = _Watch(values, is_compared)
    live: LiveArray = watch.shown().view(LiveArray)
    live._watch = watch
    return live


def _watch(held: LiveArray) -> _Watch:
    if held._watch is None:
        raise TypeError("this array was not handed out by a layer")
    return held._watch


def same_bits(one: Array, other: Array) -> bool:
    """Tell whether two C-ordered arrays of a shape and dtype are the same, NaNs included."""
    bits = f"u{one.dtype.itemsize}"
    mine, theirs = one.reshape(-1).view(bits), other.reshape(-1).view(bits)
    step = _COMPARED_AT_ONCE
    return all(
        np.array_equal(mine[at : at + step], theirs[at : at + step])
        for at in range(0, mine.size, step)
    )
