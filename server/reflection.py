"""Reflection: tools such as grpcurl ask the server for its contract."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from grpc_reflection.v1alpha import reflection

SERVICE_NAME: str = reflection.SERVICE_NAME


class PoolWithMembers:
    """protobuf's pool of descriptors. It also finds methods, fields and enum values."""

    def __init__(self, pool: descriptor_pool.DescriptorPool) -> None:
        self._pool = pool

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    def FindFileContainingSymbol(self, symbol: str) -> FileDescriptor:  # noqa: N802  # protobuf's name
        """Return the file that has a symbol, given its full name.

        Raises
        ------
        KeyError
            There is no such symbol.
        """
        try:
            return self._pool.FindFileContainingSymbol(symbol)
        except KeyError:
            parent, _, member = symbol.rpartition(".")
            if member in self._members(parent):
                return self._pool.FindFileContainingSymbol(parent)
            raise

    def _members(self, symbol: str) -> set[str]:
        finders = {
            self._pool.FindServiceByName: ("methods_by_name",),
            self._pool.FindMessageTypeByName: ("fields_by_name", "oneofs_by_name"),
            self._pool.FindEnumTypeByName: ("values_by_name",),
        }
        for find, kinds in finders.items():
            try:
                found = find(symbol)
            except KeyError:
                continue
            return {name for kind in kinds for name in getattr(found, kind)}
        return set()


def serve_reflection(services: Iterable[str], server: grpc.aio.Server) -> None:
    """Add reflection to a server: it describes these services and itself."""
    pool = PoolWithMembers(descriptor_pool.Default())
    reflection.enable_server_reflection((*services, SERVICE_NAME), server, pool)
