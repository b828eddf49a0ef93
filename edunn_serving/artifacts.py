"""The artifact store: data sets, checkpoints and models as files, in a folder or an object store.

A file is stored whole or not at all. A caller's name becomes a part of a path only as a digest.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from edunn_serving.errors import Reason, ServiceError, unavailable

log = logging.getLogger(__name__)

# The end of the name of a file that is being written.
PART = ".part"
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Parts of the codes with which S3 servers such as MinIO and Ceph refuse what goes beyond a disk or
# a quota, and HTTP's status for it.
_FULL_CODES = ("StorageFull", "QuotaExceeded")
_INSUFFICIENT_STORAGE = 507
# An S3 server that does not let connect is given up after two tries of this many seconds at most.
# By default s3fs and botocore try for ten seconds, and a caller's deadline would pass without a
# word about the store.
_S3_TRIES = 2
_S3_OPTIONS: dict[str, Any] = {
    "config_kwargs": {"connect_timeout": 2, "retries": {"total_max_attempts": 1}}
}
# Python's errors, and botocore's, of a server that does not answer.
_UNREACHABLE = frozenset({"ConnectionError", "TimeoutError", "HTTPClientError"})
# S3 servers' codes, such as AccessDenied.
_CODE = re.compile(r"[A-Za-z0-9.]{1,64}")


class ArtifactMissingError(Exception):
    """The store has no such file."""


class ArtifactStore:
    """The files of all callers. It may be used by several threads.

    Parameters
    ----------
    url
        A folder, or the URL of a store that fsspec knows, such as `s3://bucket/folder`.
    """

    def __init__(self, url: str) -> None:
        is_s3 = url.startswith("s3://")
        self._files, root = fsspec.core.url_to_fs(url, **(_S3_OPTIONS if is_s3 else {}))
        if is_s3:
            self._files.retries = _S3_TRIES
        self._root = root.rstrip("/")
        self._is_local = isinstance(self._files, LocalFileSystem)

    @contextmanager
    def writing(self, path: str) -> Iterator[IO[bytes]]:
        """Give a file to write into. It appears under its path when the block ends without error.

        Raises
        ------
        ServiceError
            STORE_FULL or UNAVAILABLE.
        """
        writing = self._writing_locally(path) if self._is_local else self._uploading(path)
        try:
            with _told(path), writing as file:
                yield file
        except ArtifactMissingError as error:
            raise _unusable("its bucket or folder is not there") from error

    @contextmanager
    def _writing_locally(self, path: str) -> Iterator[IO[bytes]]:
        target = self._at(path)
        # No two writers ever write to one path.
        part = target + PART
        self._files.makedirs(target.rpartition("/")[0], exist_ok=True)
        try:
            with open(part, "xb", buffering=0) as file:
                yield file
            # In one folder a move is one step.
            self._files.mv(part, target)
        except BaseException:
            with suppress(FileNotFoundError):
                self._files.rm_file(part)
            raise

    @contextmanager
    def _uploading(self, path: str) -> Iterator[IO[bytes]]:
        # An object store shows an object when all of it has arrived.
        file: Any = self._files.open(self._at(path), "wb", autocommit=False)
        try:
            yield file
            file.close()
        except BaseException:
            file.discard()
            raise
        file.commit()

    def put(self, path: str, data: bytes) -> None:
        """Store a file. Errors are those of `writing`."""
        with self.writing(path) as file:
            write_all(file, data)

    def get(self, path: str) -> bytes:
        """Return a file's bytes.

        Raises
        ------
        ArtifactMissingError
            There is no such file.
        ServiceError
            UNAVAILABLE.
        """
        with _told(path):
            data: bytes = self._files.cat_file(self._at(path))
            return data

    def size(self, path: str) -> int:
        """Return the bytes of a file. Errors are those of `get`."""
        with _told(path):
            return int(self._files.size(self._at(path)))

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with all that is in it. What is not there is no error."""
        # An object store may remember a folder that is no more.
        self._files.invalidate_cache()
        # What a process leaves behind that dies while it writes a file.
        parts = (path, path + PART) if self._is_local else (path,)
        for each in parts:
            with suppress(ArtifactMissingError), _told(each):
                self._files.rm(self._at(each), recursive=True)

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"


def caller_folder(caller: str) -> str:
    """Return the folder of a caller's files. No two callers share one, whatever their names."""
    return hashlib.sha256(caller.encode()).hexdigest()[:32]


def dataset_path(caller: str, digest: str) -> str:
    """Return the path of a data set, by the digest of what it holds."""
    return f"{caller_folder(caller)}/datasets/{digest}.safetensors"


def new_training_folder(caller: str) -> str:
    """Return a folder for the files of a new training."""
    return f"{caller_folder(caller)}/trainings/{secrets.token_hex(16)}"


def checkpoint_path(folder: str, number: int) -> str:
    """Return a path for a checkpoint. A second run of the same slice gets another path."""
    return f"{folder}/{number}-{secrets.token_hex(8)}.safetensors"


def write_all(file: IO[bytes], data: bytes | memoryview) -> None:
    """Write all of the data. A file without a buffer may take less at once."""
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


@contextmanager
def _told(path: str) -> Iterator[None]:
    """Turn the store's errors into ours. Their text may name paths and keys, so it is logged."""
    try:
        yield
    except (ServiceError, MemoryError):
        raise
    except FileNotFoundError as error:
        raise ArtifactMissingError(path) from error
    except OSError as error:
        log.warning("the artifact store fails at %s: %s", path, error)
        if error.errno in _FULL or _says_full(error.__cause__):
            raise store_full() from error
        raise _unusable(_why(error)) from error
    except Exception as error:
        # Each object store has errors of its own, such as those of botocore.
        log.warning("the artifact store fails at %s: %s: %s", path, type(error).__name__, error)
        raise _unusable(_why(error)) from error


def _says_full(cause: BaseException | None) -> bool:
    """Tell whether an S3 server has answered that it has no room. S3 itself always has."""
    code, status = _refusal_of(cause)
    return status == _INSUFFICIENT_STORAGE or any(part in code for part in _FULL_CODES)


def _refusal_of(error: BaseException | None) -> tuple[str, int]:
    """Return the code and HTTP's status with which an S3 server has refused; none if it has not."""
    response: Any = getattr(error, "response", None)
    if not isinstance(response, dict):
        return "", 0
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0
    return response.get("Error", {}).get("Code", ""), status


def _why(error: Exception) -> str:
    """Tell what is wrong with the store, without paths and keys."""
    code, _ = _refusal_of(error.__cause__ or error)
    if code:
        return f"it refuses with {code if _CODE.fullmatch(code) else 'an odd code'}"
    if isinstance(error, OSError) and error.errno and error.__cause__ is None:
        return os.strerror(error.errno)
    kinds = {kind.__name__ for each in (error, error.__cause__) for kind in type(each).__mro__}
    if kinds & _UNREACHABLE:
        return "it cannot be reached"
    return f"it fails with {type(error).__name__}"


def _unusable(why: str) -> ServiceError:
    return unavailable(f"the artifact store cannot be used now: {why}")


def store_full() -> ServiceError:
    """Return the error of a file for which the artifact store has no room."""
    return ServiceError(
        Reason.STORE_FULL,
        "the artifact store has no room left: delete data sets, or try again later",
        retry_after=30.0,
    )
