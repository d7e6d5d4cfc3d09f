"""The page of an address that leads nowhere."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import PUBLIC
from portal.ui import shell
from portal.ui.native import link
from portal.ui.script import AskServer


def view() -> Any:
    """Draw the not-found page."""
    return AskServer.create(
        shell.page(
            _("Page not found"),
            rx.el.p(_("If you typed the address, check that it is correct.")),
            rx.el.p(link(_("Go to the home page"), to=routes.link(routes.HOME))),
        )
    )


pages = (Page(route=routes.NOT_FOUND, view=view, title=N_("Page not found"), access=PUBLIC),)
