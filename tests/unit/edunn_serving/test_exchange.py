"""The exchange hands over files, and only those of its own folder."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edunn_serving.exchange import Exchange

MINUTE = 60.0
NAME = "0" * 32


@pytest.fixture
def exchange(tmp_path: Path) -> Exchange:
    return Exchange(str(tmp_path / "exchange"))


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse what would make a file larger, as it does on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_file_is_taken_once(exchange: Exchange) -> None:
    exchange.enter()
    # More pieces than the system writes at once, empty ones among them.
    pieces = [bytes([number % 256]) * (number % 3) for number in range(2000)]
    name = exchange.put(pieces)
    assert name is not None
    assert exchange.take(name) == b"".join(pieces)
    assert exchange.take(name) is None


def test_only_who_shares_the_folder_sees_the_mark(exchange: Exchange, tmp_path: Path) -> None:
    presence = exchange.enter()
    assert Exchange(str(tmp_path / "exchange")).has(presence)
    elsewhere = Exchange(str(tmp_path / "elsewhere"))
    elsewhere.enter()
    assert not elsewhere.has(presence)
    assert not Exchange("").has(presence)
    assert not exchange.has("")


def test_nobody_else_can_read_the_folder(exchange: Exchange, tmp_path: Path) -> None:
    exchange.enter()
    name = exchange.put([b"secret"])
    assert (tmp_path / "exchange").stat().st_mode & 0o077 == 0
    assert (tmp_path / "exchange" / str(name)).stat().st_mode & 0o077 == 0


def test_folder_that_others_reach_is_not_used(exchange: Exchange, tmp_path: Path) -> None:
    presence = exchange.enter()
    (tmp_path / "exchange").chmod(0o750)
    assert not exchange.has(presence)
    assert exchange.enter() == ""


def test_without_a_folder_nothing_is_handed_over(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for nowhere in (Exchange(""), Exchange(str(tmp_path / "file"))):
        assert nowhere.enter() == ""
        assert nowhere.put([b"data"]) is None
        assert nowhere.take(NAME) is None
        nowhere.sweep("", 0.0)


def test_file_for_which_there_is_no_room_leaves_nothing(exchange: Exchange, tmp_path: Path) -> None:
    presence = exchange.enter()
    with files_of_at_most(1000):
        assert exchange.put([bytes(600), bytes(600)]) is None
    assert os.listdir(tmp_path / "exchange") == [presence]


@pytest.mark.parametrize(
    "name", ["../outside", "/etc/hostname", "", ".", f"../{NAME}", f"{NAME}\n"]
)
def test_name_that_leads_out_of_the_folder_is_not_followed(
    exchange: Exchange, tmp_path: Path, name: str
) -> None:
    exchange.enter()
    for outside in (tmp_path / "outside", tmp_path / NAME):
        outside.write_bytes(b"private")
    assert exchange.take(name) is None
    exchange.remove(name)
    assert (tmp_path / "outside").exists()
    assert (tmp_path / NAME).exists()


def test_what_is_no_file_is_not_read(exchange: Exchange, tmp_path: Path) -> None:
    exchange.enter()
    place = tmp_path / "exchange" / NAME
    (tmp_path / "outside").write_bytes(b"private")
    place.symlink_to(tmp_path / "outside")
    assert exchange.take(NAME) is None
    place.unlink()
    os.mkfifo(place)
    assert exchange.take(NAME) is None
    place.unlink()
    place.mkdir()
    assert exchange.take(NAME) is None


def test_sweep_removes_what_is_old_but_no_mark(exchange: Exchange, tmp_path: Path) -> None:
    presence, old, new = exchange.enter(), exchange.put([b"old"]), exchange.put([b"new"])
    (tmp_path / "exchange" / "foreign").touch()
    for name in (presence, str(old), "foreign"):
        os.utime(tmp_path / "exchange" / name, (0, 0))
    # Much longer than this test may take.
    exchange.sweep(presence, 100 * MINUTE)
    assert set(os.listdir(tmp_path / "exchange")) == {presence, new, "foreign"}
