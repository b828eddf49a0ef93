"""A model and a loss that do as they are told."""

from edunn.fake import FakeError, FakeModel

__all__ = ["FakeError", "FakeModel"]
