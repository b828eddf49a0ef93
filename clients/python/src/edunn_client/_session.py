"""A session: named layers and what their backwards need, kept by the service."""

from __future__ import annotations

import math
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from numpy.typing import ArrayLike

from edunn_client import _calls as calls
from edunn_client._caller import Caller
from edunn_client._chunked import send
from edunn_client._descriptions import LayerInfo, SessionInfo
from edunn_client._errors import NotFoundError
from edunn_client._layer import RemoteLayer, remote_layer
from edunn_client._layer_config import LayerConfig
from edunn_client._model_files import import_model
from edunn_client._session_state import SessionState, only_a_name
from edunn_client._tracebacks import ends_in_caller


class Session(SessionState[RemoteLayer]):
    """A session, made by `Client.session` (and deleted at the end of `with`) or `Client.attach`."""

    def __init__(self, caller: Caller, info: SessionInfo, created: bool) -> None:
        super().__init__(info, created)
        self._caller = caller
        self._take(info)

    def __enter__(self) -> Self:
        return self

    @ends_in_caller
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_to_be_deleted:
            self._caller.leave(self.session_id, error)

    @ends_in_caller
    def layer(
        self,
        name: str,
        layer_type: str | LayerConfig | None = None,
        /,
        *,
        parameters: Mapping[str, ArrayLike] | None = None,
        timeout: float | None = None,
        **config: Any,
    ) -> RemoteLayer:
        """Add a layer to the session, or look one up that it has.

        Parameters
        ----------
        name : str
            How the session's other calls address it.
        layer_type : str or LayerConfig, optional
            A name of the catalogue, such as `"Dropout"`, or a typed configuration of
            `edunn_client.layers`, such as `layers.Dropout(p=0.5)`. Left out, the layer of that
            name is looked up; it is the same object each time.
        parameters : mapping of str to array_like, optional
            Initial values; what is left out is initialised from the session's seed.
        **config
            The layer's configuration, such as `p=0.5`. A Sequential takes a list of dictionaries:
            `layers=[{"name": "l1", "type": "Linear", "config": {...}}, ...]`.
        """
        if layer_type is None:
            only_a_name(name, parameters, config)
            if name not in self._layers:
                self.refresh(timeout=timeout)
            return self._found(name)
        call = calls.add_layer(self.session_id, name, layer_type, config, parameters or {})
        layer = self._make_layer(self._caller.run(call, timeout))
        return self._layers.setdefault(name, layer)

    @ends_in_caller
    def load(
        self, path: str | PathLike[str], *, name: str = "model", timeout: float = math.inf
    ) -> RemoteLayer:
        """Bring a model file to the session: as a new layer, or into the layer of that name."""
        upload = import_model(self.session_id, name, Path(path).read_bytes())
        return self._imported(send(self._caller, upload, timeout))

    @ends_in_caller
    def refresh(self, *, timeout: float | None = None) -> SessionInfo:
        """Ask the service how the session stands; layers that others have added become known."""
        return self._take(self._caller.run(calls.get_session(self.session_id), timeout))

    @ends_in_caller
    def delete(self, *, timeout: float | None = None) -> None:
        """End the session, whoever created it. One that has already ended is no error."""
        try:
            self._caller.run(calls.delete_session(self.session_id), timeout)
        except NotFoundError:
            return

    def _make_layer(self, info: LayerInfo) -> RemoteLayer:
        return remote_layer(self._caller, self, info)
