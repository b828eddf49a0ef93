"""A session of the asyncio client."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Generator, Mapping
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from numpy.typing import ArrayLike

from edunn_client import _calls as calls
from edunn_client._aio_caller import AsyncCaller
from edunn_client._aio_chunked import send
from edunn_client._aio_layer import AsyncRemoteLayer
from edunn_client._calls import Call
from edunn_client._descriptions import LayerInfo, SessionInfo
from edunn_client._errors import NotFoundError
from edunn_client._layer_config import LayerConfig
from edunn_client._model_files import import_model
from edunn_client._session_state import SessionState, only_a_name
from edunn_client._tracebacks import awaited_ends_in_caller


class AsyncSession(SessionState[AsyncRemoteLayer]):
    """A session; see `Session`."""

    def __init__(self, caller: AsyncCaller, info: SessionInfo, created: bool) -> None:
        super().__init__(info, created)
        self._caller = caller
        self._take(info)

    async def __aenter__(self) -> Self:
        return self

    @awaited_ends_in_caller
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_to_be_deleted:
            await self._caller.leave(self.session_id, error)

    @awaited_ends_in_caller
    async def layer(
        self,
        name: str,
        layer_type: str | LayerConfig | None = None,
        /,
        *,
        parameters: Mapping[str, ArrayLike] | None = None,
        timeout: float | None = None,
        **config: Any,
    ) -> AsyncRemoteLayer:
        """Add a layer to the session, or look one up that it has; see `Session.layer`."""
        if layer_type is None:
            only_a_name(name, parameters, config)
            if name not in self._layers:
                await self.refresh(timeout=timeout)
            return self._found(name)
        call = calls.add_layer(self.session_id, name, layer_type, config, parameters or {})
        layer = self._make_layer(await self._caller.run(call, timeout))
        return self._layers.setdefault(name, layer)

    @awaited_ends_in_caller
    async def load(
        self, path: str | PathLike[str], *, name: str = "model", timeout: float = math.inf
    ) -> AsyncRemoteLayer:
        """Bring a model file to the session: as a new layer, or into the layer of that name."""
        data = await asyncio.to_thread(Path(path).read_bytes)
        upload = import_model(self.session_id, name, data)
        return self._imported(await send(self._caller, upload, timeout))

    @awaited_ends_in_caller
    async def refresh(self, *, timeout: float | None = None) -> SessionInfo:
        """Ask the service how the session stands; layers that others have added become known."""
        return self._take(await self._caller.run(calls.get_session(self.session_id), timeout))

    @awaited_ends_in_caller
    async def delete(self, *, timeout: float | None = None) -> None:
        """End the session, whoever created it. One that has already ended is no error."""
        try:
            await self._caller.run(calls.delete_session(self.session_id), timeout)
        except NotFoundError:
            return

    def _make_layer(self, info: LayerInfo) -> AsyncRemoteLayer:
        return AsyncRemoteLayer(self._caller, self, info)


class SessionOpening:
    """A session about to be created, by `await` or by `async with`."""

    def __init__(self, caller: AsyncCaller, call: Call[SessionInfo], timeout: float | None) -> None:
        self._caller = caller
        self._call = call
        self._timeout = timeout

    def __await__(self) -> Generator[Any, None, AsyncSession]:
        return self._create().__await__()

    async def __aenter__(self) -> AsyncSession:
        self._session = await self._create()
        return self._session

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.__aexit__(kind, error, trace)

    @awaited_ends_in_caller
    async def _create(self) -> AsyncSession:
        info = await self._caller.run(self._call, self._timeout)
        return AsyncSession(self._caller, info, created=True)
