"""A session: named layers and what their backwards need, kept by the service."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from numpy.typing import ArrayLike

from edunn_client import calls
from edunn_client.descriptions import SessionInfo
from edunn_client.errors import EdunnError, NotFoundError
from edunn_client.layer import RemoteLayer
from edunn_client.state import SessionState

if TYPE_CHECKING:
    from edunn_client.client import Client


class Session(SessionState):
    """A session, made by `Client.session` (and deleted at the end of `with`) or `Client.attach`."""

    def __init__(self, client: Client, info: SessionInfo, created: bool) -> None:
        super().__init__(info, created)
        self._client = client
        self._created = created
        self.layers: dict[str, RemoteLayer] = {
            layer.name: RemoteLayer(client, self, layer) for layer in info.layers
        }

    def __repr__(self) -> str:
        return f"<Session {self.session_id!r} with {len(self.layers)} layers>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._created:
            return
        try:
            self.delete()
        except EdunnError:
            # The error that ended the block says more; the session ends with its ttl.
            if error is None:
                raise

    def layer(
        self,
        name: str,
        layer_type: str,
        /,
        *,
        parameters: Mapping[str, ArrayLike] | None = None,
        timeout: float | None = None,
        **config: Any,
    ) -> RemoteLayer:
        """Add a layer to the session.

        Parameters
        ----------
        name : str
            How the session's other calls address it.
        layer_type : str
            A name of the catalogue, such as `"Dropout"`.
        parameters : mapping of str to array_like, optional
            Initial values; what is left out is initialised from the session's seed.
        **config
            The layer's configuration, such as `p=0.5`. A Sequential takes a list of dictionaries:
            `layers=[{"name": "l1", "type": "Linear", "config": {...}}, ...]`.
        """
        call = calls.add_layer(self.session_id, name, layer_type, config, parameters or {})
        layer = RemoteLayer(self._client, self, self._client._run(call, timeout))
        self.layers[name] = layer
        return layer

    def refresh(self, *, timeout: float | None = None) -> SessionInfo:
        """Ask the service how the session stands; layers that others have added become known."""
        info = self._client._run(calls.get_session(self.session_id), timeout)
        self.info = info
        for layer in info.layers:
            self.layers.setdefault(layer.name, RemoteLayer(self._client, self, layer))
        return info

    def delete(self, *, timeout: float | None = None) -> None:
        """End the session, whoever created it. One that has already ended is no error."""
        try:
            self._client._run(calls.delete_session(self.session_id), timeout)
        except NotFoundError:
            return
