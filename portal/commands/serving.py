"""`serve`: the web server on one port."""

import os
from typing import Annotated

import typer

from portal.commands.running import check_settings, fail, opened
from portal.commands.taking import check_payments, check_stored_mode
from portal.config import settings


def serve(
    host: Annotated[str, typer.Option(help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The one port.")] = 3000,
    workers: Annotated[int, typer.Option(min=1, help="Processes; more than 1 needs Redis.")] = 1,
) -> None:
    """Serve the portal."""
    from portal import serve as server
    from portal.kit import log

    # Before the settings are read: the payment stand-in is for loopback only.
    os.environ["PORTAL_LISTEN_HOST"] = host
    settings.cache_clear()
    check_settings(serving=True)
    check_payments()
    log.configure()
    try:
        server.check_port(host, port)
        with opened():
            check_stored_mode()
            server.serve(host, port, workers)
    except (server.PortTaken, ValueError) as refused:
        fail(str(refused))
