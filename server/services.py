"""The services of a server. A new one needs its proto, its file here, and a line below."""

from __future__ import annotations

from edunn_serving.settings import Settings
from server.audit import Audit
from server.call import Service
from server.dispatcher import Dispatcher
from server.grading.service import GradingService
from server.layer_service import LayerService
from server.training.service import TrainingService


def make_services(dispatcher: Dispatcher, audit: Audit, settings: Settings) -> list[Service]:
    """Return the services. Health, reflection and authentication follow this list."""
    grading = GradingService(settings)
    layers = LayerService(dispatcher, audit, settings, grading.guard)
    return [
        layers,
        TrainingService(dispatcher, settings, layers.check_training, grading.guard),
        grading,
    ]
