"""`clarion serve`: API, webhooks and sending in one process."""

from typing import Annotated

import typer

from clarion import bootstrap, log, server
from clarion.cli.base import BadOption, settings


def serve(
    ctx: typer.Context,
    host: Annotated[
        str | None, typer.Option(help="Address to listen on; default: CLARION_HTTP__HOST.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Port to listen on; default: CLARION_HTTP__PORT.")
    ] = None,
) -> None:
    """Serve and send until SIGTERM or Ctrl-C; requests on the wire are finished first.

    The embedded database is brought up to date by itself; PostgreSQL needs `clarion db upgrade` once.
    """
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    effective = settings(ctx, **({"http": given} if given else {}))
    log.configure(effective.log.level, effective.log.format)
    bootstrap.prepare_database(effective)
    try:
        server.serve(effective)
    except OSError as error:
        where = f"{effective.http.host}:{effective.http.port}"
        raise BadOption(f"{where} cannot be listened on: {error.strerror or error}.") from None
