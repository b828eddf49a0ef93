"""A server on this machine that speaks openml.org's language, for scikit-learn to download from."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

#: A column: its name, and the words that it may have, or none where it has numbers.
Column = tuple[str, tuple[str, ...]]


@contextmanager
def openml_server(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[object]],
) -> Iterator[list[str]]:
    """Serve one data set, its target in the last column; give the paths asked for so far."""
    asked: list[str] = []
    lines = [f"@RELATION {name}"]
    lines += [f"@ATTRIBUTE {c} {'{' + ','.join(w) + '}' if w else 'REAL'}" for c, w in columns]
    lines += ["@DATA", *(",".join(map(str, row)) for row in rows)]
    arff = "\n".join(lines).encode()

    def features() -> list[dict[str, object]]:
        return [
            {
                "index": str(i),
                "name": column,
                "data_type": "nominal" if words else "numeric",
                "nominal_value": list(words),
                "is_target": "true" if i == len(columns) - 1 else "false",
                "is_ignore": "false",
                "is_row_identifier": "false",
                "number_of_missing_values": "0",
            }
            for i, (column, words) in enumerate(columns)
        ]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            kind = self.path.split("/")[1]
            description = {
                "id": "1",
                "name": name,
                "version": "1",
                "status": "active",
                "format": "ARFF",
                "description": "",
                "url": f"{address}/file/1",
                "md5_checksum": hashlib.md5(arff).hexdigest(),  # noqa: S324
            }
            answers: dict[str, object] = {
                "search": {"data": {"dataset": [{"did": "1", "name": name, "status": "active"}]}},
                "info": {"data_set_description": description},
                "features": {"data_features": {"feature": features()}},
                "qualities": {
                    "data_qualities": {
                        "quality": [{"name": "NumberOfInstances", "value": str(len(rows))}]
                    }
                },
            }
            body = arff if kind == "file" else json.dumps(answers[kind]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        address = f"http://127.0.0.1:{server.server_port}"
        point_scikit_learn_at(monkeypatch, address)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield asked
        finally:
            server.shutdown()
            thread.join()


def point_scikit_learn_at(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """Let scikit-learn take an address for openml.org's."""
    module = "sklearn.datasets._openml"
    monkeypatch.setattr(f"{module}._SEARCH_NAME", f"{address}/search/{{}}")
    monkeypatch.setattr(f"{module}._DATA_INFO", f"{address}/info/{{}}")
    monkeypatch.setattr(f"{module}._DATA_FEATURES", f"{address}/features/{{}}")
    monkeypatch.setattr(f"{module}._DATA_QUALITIES", f"{address}/qualities/{{}}")
