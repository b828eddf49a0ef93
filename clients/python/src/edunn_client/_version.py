"""The version of this package, of its user agent and of `edunn --version`."""

__version__ = "0.2.0"
