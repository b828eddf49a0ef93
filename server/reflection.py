"""Reflection: tools such as grpcurl ask the server for its contract."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.message import DecodeError
from grpc_reflection.v1alpha import reflection, reflection_pb2
from grpc_reflection.v1alpha.reflection_pb2 import ServerReflectionRequest

from edunn_serving.errors import invalid_argument
from server.call import EOF, Call, Read, StreamMethod, UnaryMethod


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


class Reflection:
    """gRPC's reflection service. It describes a server's services and itself."""

    descriptor = reflection_pb2.DESCRIPTOR.services_by_name["ServerReflection"]

    def __init__(self, services: Iterable[str]) -> None:
        pool = PoolWithMembers(descriptor_pool.Default())
        self._servicer = reflection.aio.ReflectionServicer(
            (*services, self.descriptor.full_name), pool
        )

    def unary_methods(self) -> Mapping[str, UnaryMethod]:
        """Return nothing: there are none."""
        return {}

    def stream_methods(self) -> Mapping[str, StreamMethod]:
        """Return ServerReflectionInfo."""
        return {"ServerReflectionInfo": self._info}

    async def _info(self, call: Call, read: Read) -> AsyncIterator[bytes]:
        async for answer in self._servicer.ServerReflectionInfo(_questions(read), None):
            yield answer.SerializeToString()


async def _questions(read: Read) -> AsyncIterator[ServerReflectionRequest]:
    while (request := await read()) is not EOF:
        try:
            yield ServerReflectionRequest.FromString(request)
        except DecodeError as error:
            raise invalid_argument("request", "not a ServerReflectionRequest") from error
