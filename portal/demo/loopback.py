"""What the demo's stand-ins are served by: this machine's loopback and nothing else."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn
from urllib.parse import urlsplit

from granian.constants import Interfaces
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from portal.kit import lifeline

LOOPBACK = "127.0.0.1"
# A foreign page that points a name of its own at this machine gets nothing.
ONLY_HERE = Middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])


def free_port() -> int:
    """Return a port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def port_of(base: str) -> int:
    """Return the port of an address on loopback. Raises SystemExit for any other address."""
    parts = urlsplit(base)
    if parts.hostname != LOOPBACK or parts.port is None:
        raise SystemExit(f"The demo's stand-ins listen on {LOOPBACK} only, not at {base}.")
    return parts.port


async def serve(app: Starlette, port: int) -> None:
    """Serve until the task is cancelled or SIGTERM or SIGINT comes."""
    server = Server(app, address=LOOPBACK, port=port, interface=Interfaces.ASGI, log_access=False)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    await server.serve()


def run(serving: Coroutine[Any, Any, None]) -> NoReturn:
    """Run a stand-in's process: it ends when it is told to, or when its parent has ended."""
    lifeline.hold()
    asyncio.run(serving)
    # A thread of granian's may still be at work in the interpreter; to tear that down under it
    # aborts the process (seen in one of twenty ends while it had just begun).
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
