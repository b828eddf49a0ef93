"""What the contract says of each rpc."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import ServiceDescriptor

import edunn_serving
from edunn_serving.callers import EVERY_ROLE, Role
from edunn_serving.rpcs import rpcs_of


def services_of_the_contract() -> Iterator[ServiceDescriptor]:
    for module in pkgutil.walk_packages(edunn_serving.__path__, "edunn_serving."):
        if module.name.endswith("_pb2"):
            yield from importlib.import_module(module.name).DESCRIPTOR.services_by_name.values()


def test_every_rpc_of_every_service_names_the_roles_that_may_call_it() -> None:
    services = list(services_of_the_contract())
    assert "edunn_serving.v1.LayerService" in {each.full_name for each in services}
    for service in services:
        for rpc in rpcs_of(service).values():
            assert rpc.roles, rpc.path
            # An admin sees and ends all.
            assert Role.ADMIN in rpc.roles, rpc.path
            assert rpc.roles <= EVERY_ROLE


def test_an_rpc_without_roles_is_refused_when_its_service_is_made() -> None:
    file = descriptor_pb2.FileDescriptorProto(name="bare.proto", package="bare", syntax="proto3")
    file.message_type.add(name="Empty")
    method = file.service.add(name="Bare").method.add(name="Call")
    method.input_type = method.output_type = ".bare.Empty"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    with pytest.raises(ValueError, match=r"bare\.Bare\.Call names no roles"):
        rpcs_of(pool.FindServiceByName("bare.Bare"))
