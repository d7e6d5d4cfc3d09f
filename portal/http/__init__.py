"""What must be plain HTTP: sign-in posts, /pay, webhooks, documents, health.

Each module here that names `routes` (a list of Starlette routes) is served; every route also
stands under /es, in Spanish.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from starlette.formparsers import MultiPartException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Match, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from portal.domain.identity.permission import Permission
from portal.http import plain
from portal.http.bodies import Bodies
from portal.http.devices import Devices
from portal.http.failures import Failures
from portal.http.policy import Headers
from portal.http.screens import Screens, language_of
from portal.http.socket import Socket
from portal.kit.text import _, speaking

# What of Reflex's own HTTP answers: everything else of it (uploads, polling) stays shut.
_REFLEX_HTTP = ("/ping", "/_health")


def plain_routes() -> list[BaseRoute]:
    """Return the routes of every module of this package that has some."""
    found: list[BaseRoute] = []
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        named = getattr(importlib.import_module(f"{__name__}.{module}"), "routes", None)
        found += named if isinstance(named, list) else []  # or the module portal.routes
    return found


async def _not_found(request: Request) -> Response:
    if "text/html" not in request.headers.get("accept", ""):
        return PlainTextResponse("Not found", 404)
    return await plain.page(request, "not_found.html", title=_("Page not found"), status=404)


async def _no_form(_: Request, error: Exception) -> Response:
    # Starlette answers this itself only within an app of its own.
    return PlainTextResponse("Not a form", 400)


class Plain:
    """Serve our own routes in both languages; let through only what Reflex needs."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        """Wrap Reflex."""
        self.app = app
        self.routes = list(routes)
        # Not a whole Starlette: it would answer our faults itself, in one English word.
        self.ours = ExceptionMiddleware(Router(self.routes), {MultiPartException: _no_form})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a plain route, or pass the socket on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        code, shared = language_of(scope["path"])
        # "//host" in a link that a page draws of its own path would lead to that host.
        shared = "/" + shared.lstrip("/")
        inner = {**scope, "path": shared, "raw_path": shared.encode()}
        with speaking(code):
            if any(r.matches(inner)[0] is not Match.NONE for r in self.routes):
                await self.ours(inner, receive, send)
                return
        if scope["path"] in _REFLEX_HTTP:
            await self.app(scope, receive, send)
            return
        with speaking(code):
            answer = await _not_found(Request(inner, receive))
        await answer(scope, receive, send)


def wrap(app: ASGIApp, build: Path, access: Mapping[str, Permission]) -> ASGIApp:
    """Return Reflex's app inside our layers; a request meets the last one named first."""
    screens = Screens(Devices(Plain(Socket(app), plain_routes())), build, access)
    return Headers(Failures(Bodies(screens)))
