"""What stands around every page: the head, and what outlives navigation."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from portal.style import FONT, asset, city_style
from portal.ui.script import Offline, RouteAnnouncer, SignedOutElsewhere, Visited

def head() -> list[Any]:
    """Return what every page's head holds: colours of the city, icon, both colour schemes."""
    return [
        rx.el.meta(name="color-scheme", content="light dark"),
        rx.el.link(rel="preload", href=FONT, custom_attrs={"as": "font"}, cross_origin="anonymous"),
        rx.el.link(rel="stylesheet", href=asset("portal.css")),
        rx.el.style(city_style()),
    ]


def app_wraps() -> dict[tuple[int, str], Callable[[bool], Any]]:
    """Return what wraps every page, in place of Reflex's toasts and overlays."""
    return {
        (5, "Overlay"): lambda stateful: rx.fragment(
            Visited.create(),
            RouteAnnouncer.create(),
            SignedOutElsewhere.create(),
            Offline.create(message=""),
        ),
    }
