"""An S3 server for tests, moto's, that can be away, full, slow or refuse what is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import fsspec
import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

WRITES = ("PUT", "POST")


class ObjectStore:
    """A server with an empty bucket. Its objects outlive its stops."""

    def __init__(self) -> None:
        self._moto: Application = DomainDispatcherApplication(create_backend_app)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._port = 0
        # How writes are refused: the status and the code of the error.
        self.refusal: tuple[str, str] | None = None
        # Writes wait for it.
        self.may_write = threading.Event()
        self.may_write.set()
        # Set by each write that arrives.
        self.written_to = threading.Event()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        self._server = make_server("127.0.0.1", self._port, self._answer, threaded=True)
        self._port = self._server.port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Leave the port: whoever connects is refused."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def _answer(
        self, environ: dict[str, Any], start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in WRITES:
            self.written_to.set()
            self.may_write.wait()
            if self.refusal is not None:
                status, code = self.refusal
                environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                start_response(status, [("Content-Type", "application/xml")])
                return [f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()]
        return self._moto(environ, start_response)


@contextmanager
def object_store(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """Run a server, and let this process and those that it starts use it as S3."""
    store = ObjectStore()
    store.start()
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": store.endpoint,
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    # Those that fsspec keeps have the endpoint of an earlier server.
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    files = fsspec.filesystem("s3", skip_instance_cache=True)
    files.mkdir("artifacts")
    try:
        yield store
    finally:
        store.refusal = None
        store.may_write.set()
        # moto keeps buckets for as long as the process lives.
        files.invalidate_cache()
        files.rm("artifacts", recursive=True)
        store.stop()
