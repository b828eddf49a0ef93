"""The command `edunn`. Needs the extra `cli`; without it the command says so."""

from __future__ import annotations


def main() -> None:
    try:
        from edunn_client.cli.commands import app
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        raise SystemExit(
            f"the command edunn needs {error.name}: pip install 'edunn-client[cli]'"
        ) from None
    app()
