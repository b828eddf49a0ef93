"""The services that a server has. Adding one is its proto, its file here, and a line below."""

from __future__ import annotations

from edunn_serving.settings import Settings
from server.call import Service
from server.dispatcher import Dispatcher
from server.layer_service import LayerService


def make_services(dispatcher: Dispatcher, settings: Settings) -> list[Service]:
    """Return the services; health, reflection and authentication follow this list."""
    return [
        LayerService(dispatcher, settings),
    ]
