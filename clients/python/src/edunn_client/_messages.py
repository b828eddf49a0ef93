"""The contract's messages, made from its descriptors.

They are made by protobuf's public calls alone, so that any version of it will do. Code that protoc
generates would tie this package to two of protobuf's major versions, and the programs that use it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import (  # noqa: F401 - the contract's files stand on these
    any_pb2,
    descriptor_pb2,
    descriptor_pool,
    duration_pb2,
    message_factory,
    struct_pb2,
    timestamp_pb2,
)

_DESCRIPTORS = Path(__file__).parent / "_stubs" / "contract.binpb"


def define(module: dict[str, Any], file: str) -> None:
    """Put the messages and the enum values of one of the contract's files into a module."""
    descriptor = _POOL.FindFileByName(file)
    module["DESCRIPTOR"] = descriptor
    for name, message in descriptor.message_types_by_name.items():
        module[name] = message_factory.GetMessageClass(message)
    for enum in descriptor.enum_types_by_name.values():
        module.update({value.name: value.number for value in enum.values})


def _load() -> descriptor_pool.DescriptorPool:
    """Add the contract's files to protobuf's pool, each after those that it imports."""
    pool = descriptor_pool.Default()
    found = descriptor_pb2.FileDescriptorSet.FromString(_DESCRIPTORS.read_bytes())
    waiting = {file.name: file for file in found.file}

    def add(file: descriptor_pb2.FileDescriptorProto) -> None:
        for name in file.dependency:
            if name in waiting:
                add(waiting.pop(name))
        pool.AddSerializedFile(file.SerializeToString())

    while waiting:
        add(waiting.popitem()[1])
    return pool


_POOL = _load()
