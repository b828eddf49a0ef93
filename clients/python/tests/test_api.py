"""What is public: `__all__`, the README and what a shell completes; and how modules depend."""

from __future__ import annotations

import ast
import asyncio
import copy
import graphlib
import pickle
import re
from importlib.metadata import version
from pathlib import Path
from typing import Any

import edunn_client
import numpy as np
import pytest
from edunn_client import AsyncClient, CallScope, Client
from edunn_client._stubs import layer_pb2, session_pb2
from edunn_client._stubs import layer_service_pb2 as pb
from scripted_server import ScriptedServer

PACKAGE = Path(edunn_client.__file__).parent
README = (Path(__file__).parents[1] / "README.md").read_text()
# Modules that users import by name.
MODULES = {
    "edunn_client.grading",
    "edunn_client.layers",
    "edunn_client.optimizers",
    "edunn_client.testing",
    "edunn_client.torch",
    "edunn_client.walkthrough",
}
CLASSES = [
    getattr(edunn_client, name)
    for name in edunn_client.__all__
    if isinstance(getattr(edunn_client, name), type)
]


def test_the_package_shows_no_more_than_all() -> None:
    shown = {name for name in vars(edunn_client) if not name.startswith("_")}
    submodules = {module.partition(".")[2] for module in MODULES}
    assert shown - submodules == set(edunn_client.__all__) - {"__version__"}


def test_every_module_but_those_for_users_is_private() -> None:
    packages = [each.parent for each in PACKAGE.glob("*/__init__.py")]
    public = {
        f"edunn_client.{path.stem}"
        for path in (*PACKAGE.glob("*.py"), *packages)
        if not path.stem.startswith("_")
    }
    assert public == MODULES
    for module in MODULES:
        assert f"`{module}`" in README, module


def test_the_readme_names_everything_public() -> None:
    named = set(re.findall(r"\w+", README))
    assert set(edunn_client.__all__) - named == set()


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_public_classes_are_of_the_package_and_explained(kind: type[Any]) -> None:
    assert kind.__module__ == "edunn_client"
    if not issubclass(kind, edunn_client.EdunnError):
        assert kind.__doc__
    for name, member in vars(kind).items():
        inherited = getattr(np.ndarray, name, None) if issubclass(kind, np.ndarray) else None
        if not name.startswith("_") and callable(member) and inherited is None:
            assert member.__doc__, f"{kind.__name__}.{name}"


def test_modules_import_each_other_in_one_direction() -> None:
    """Nor for types alone: what two modules need of each other is one idea, or a third's."""
    imports = {
        path.stem: {
            name.rpartition(".")[2]
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ImportFrom) and node.module
            for name in (
                [f"edunn_client.{alias.name}" for alias in node.names]
                if node.module == "edunn_client"
                else [node.module]
            )
            if name.startswith("edunn_client.")
        }
        for path in PACKAGE.glob("*.py")
    }
    graphlib.TopologicalSorter(imports).prepare()


def test_the_version_is_one() -> None:
    assert edunn_client.__version__ == version("edunn-client")


SESSION = session_pb2.Session(session_id="s1", layers=[layer_pb2.Layer(name="l1", type="ReLU")])


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_what_belongs_to_a_place_says_that_it_cannot_be_copied(
    scripted: ScriptedServer, duplicate: Any
) -> None:
    scripted.script["CreateSession"] = [pb.CreateSessionResponse(session=SESSION)] * 2
    scripted.compute = lambda requests, _: (pb.ComputeResponse() for _ in requests)
    with Client(scripted.address) as client, client.stream() as stream:
        session = client.session()
        for thing in (client, session, session.layers["l1"], stream, CallScope()):
            with pytest.raises(TypeError, match="cannot be copied or pickled: "):
                duplicate(thing)

    async def twins() -> None:
        async with AsyncClient(scripted.address) as client:
            session = await client.session()
            for thing in (client, session, session.layers["l1"], client.stream()):
                with pytest.raises(TypeError, match="cannot be copied or pickled: "):
                    duplicate(thing)

    asyncio.run(twins())


def test_objects_show_what_they_are(scripted: ScriptedServer) -> None:
    scripted.script["CreateSession"] = [pb.CreateSessionResponse(session=SESSION)]
    scripted.compute = lambda requests, _: (pb.ComputeResponse() for _ in requests)
    with Client(scripted.address) as client, client.stream() as stream:
        session = client.session()
        layer = session.layers["l1"]
        assert repr(client) == f"<Client of {scripted.address}>"
        assert repr(session) == "<Session 's1' with 1 layers>"
        assert repr(layer) == "<ReLU 'l1' of session 's1'>"
        assert repr(stream) == f"<Stream of {scripted.address}, open>"
        forward = edunn_client.Forward(layer, [[1.0, 2.0]], phase="test")
        assert repr(forward) == "Forward('l1', float64 1 x 2, phase='test')"
        backward = edunn_client.Backward(layer, [1.0], forward_id="c1")
        assert repr(backward) == "Backward('l1', float64 1, forward_id='c1')"
        error = edunn_client.EdunnError("no")
        assert repr(edunn_client.Result(backward, error=error)).endswith("error=no [UNKNOWN])")
    assert repr(stream).endswith("closed>")


def test_a_traceback_ends_in_the_line_of_the_caller(scripted: ScriptedServer) -> None:
    from scripted_server import status

    def frames(error: BaseException) -> list[str]:
        trace, names = error.__traceback__, []
        while trace is not None:
            names.append(trace.tb_frame.f_code.co_filename)
            trace = trace.tb_next
        return names

    refusal = status(edunn_client.NotFoundError._default_code)
    scripted.script["GetSession"] = [refusal] * 2
    with Client(scripted.address) as client, pytest.raises(edunn_client.NotFoundError) as caught:
        client.get_session("s1")
    assert set(frames(caught.value)) == {__file__}
    assert caught.value.__cause__ is None

    async def twin() -> None:
        async with AsyncClient(scripted.address) as client:
            with pytest.raises(edunn_client.NotFoundError) as caught:
                await client.get_session("s1")
        assert set(frames(caught.value)) == {__file__}

    asyncio.run(twin())
