"""The command `edunn`. Needs the extra `cli`; without it the command says so."""

from __future__ import annotations

import os


def main() -> None:
    # gRPC would log every failed attempt to connect; the command says what came of them.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    try:
        from edunn_client._cli.check_command import check
        from edunn_client._cli.commands import app
        from edunn_client._cli.grading_commands import grading
        from edunn_client._cli.training_commands import add_training_commands
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        raise SystemExit(
            f"the command edunn needs {error.name}: pip install 'edunn-client[cli]'"
        ) from None
    app.command()(check)
    app.add_typer(grading)
    add_training_commands(app)
    app()
