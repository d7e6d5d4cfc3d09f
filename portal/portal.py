"""The composition root: the app, its pages in two languages, its HTTP layers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import reflex as rx

from portal import build, database, routes
from portal.cities import city
from portal.http import plain_routes, wrap
from portal.kit.text import LANGUAGES, _, speaking
from portal.pages import Page, pages
from portal.state import redaction, sealed
from portal.state.guard import Guard
from portal.state.shell import ShellState
from portal.ui import menu
from portal.ui.document import app_wraps, head
from portal.ui.script import AskServer

PAGES = pages()
menu.offer(page.route for page in PAGES)
menu.offer(str(getattr(route, "path", "")) for route in plain_routes())


def _draw(code: str, page: Page) -> Any:
    with speaking(code), menu.drawing(page.route):
        return page.view()


def _title(page: Page) -> Any:
    title = page.title() if callable(page.title) else _(page.title)
    return title + " - " + city().full_name


@asynccontextmanager
async def _connected() -> AsyncIterator[None]:
    # In each worker, after it was forked: connections do not survive a fork.
    database.connect()
    try:
        yield
    finally:
        database.close()


app = rx.App(
    html_lang="en",
    reset_style=False,
    head_components=head(),
    app_wraps=app_wraps(),
    toaster=None,
    backend_exception_handler=redaction.on_backend_error,
    frontend_exception_handler=redaction.on_frontend_error,
    api_transformer=partial(
        wrap, build=build.current(), access={page.route: page.access for page in PAGES}
    ),
)
redaction.install()
sealed.install()
app.add_middleware(Guard())
app.register_lifespan_task(_connected)

for _page in PAGES:
    for _code in LANGUAGES:
        with speaking(_code):
            app.add_page(
                partial(_draw, _code, _page),
                route=routes.localized(_page.route),
                title=_title(_page),
                on_load=[ShellState.load, *_page.on_load],
            )

app.add_page(AskServer.create(), route="404", title=city().full_name)
