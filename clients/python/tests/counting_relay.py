"""A TCP relay before a server that counts what a client sends."""

from __future__ import annotations

import socket
import threading


class CountingRelay:
    """Relays one connection at a time; `sent` is how many bytes went to the server."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = host, int(port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listening.getsockname()[1]}"
        self.sent = 0
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> CountingRelay:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Wakes the thread, which then finds the socket closed.
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            with client, socket.create_connection(self._target) as server:
                back = threading.Thread(target=self._pipe, args=(server, client, False))
                back.start()
                self._pipe(client, server, True)
                back.join()

    def _pipe(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:
        try:
            while data := source.recv(65536):
                if counted:
                    self.sent += len(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            # One side is gone, and so will be the other.
            return
