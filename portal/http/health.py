"""/healthz: the process answers. /readyz: and it can serve residents."""

import logging

from sqlalchemy import text
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from portal import migrations
from portal import routes as addresses
from portal.kit.db import in_thread

_LOG = logging.getLogger(__name__)


def _database(session: Session) -> bool:
    session.connection().execute(text("SELECT 1"))
    return migrations.revision_of(session.connection()) == migrations.head()


async def health(request: Request) -> JSONResponse:
    """Say that the process answers."""
    return JSONResponse({"status": "ok"})


async def ready(request: Request) -> JSONResponse:
    """Say whether the database answers and has this version's tables. No reasons to outsiders."""
    try:
        current = await in_thread(_database)
    except Exception as error:
        _LOG.warning("not ready: %s", type(error).__name__)
        current = False
    return JSONResponse({"status": "ok" if current else "unavailable"}, 200 if current else 503)


routes = [
    Route(addresses.HEALTH, health, methods=["GET"]),
    Route(addresses.READY, ready, methods=["GET"]),
]
