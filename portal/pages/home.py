"""Home: Welcome, announcements, profile information, the modules."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import PUBLIC
from portal.ui import menu, shell
from portal.ui.native import link


def view() -> Any:
    """Draw the home page."""
    town = city()
    return shell.page(
        _("Welcome to %(portal)s", portal=town.portal.name.say()),
        rx.el.p(town.portal.welcome.say(), class_name="lead"),
        rx.el.ul(
            *[rx.el.li(link(name, to=routes.link(path))) for name, path in menu.modules()],
            class_name="links down",
        ),
    )


pages = (Page(route=routes.HOME, view=view, title=N_("Home"), access=PUBLIC),)
