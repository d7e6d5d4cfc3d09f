"""What stands around every page: the head, and what outlives navigation."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from portal.kit.text import LANGUAGES, N_, _, speaking
from portal.style import FONT, asset, city_logo, city_style
from portal.ui.script import Offline, RouteAnnouncer, SignedOutElsewhere

_OFFLINE = N_("The connection is lost. What you typed is kept; try again when it is back.")


def head() -> list[Any]:
    """Return what every page's head holds: colours of the city, icon, both colour schemes."""
    return [
        rx.el.meta(name="color-scheme", content="light dark"),
        rx.el.link(rel="preload", href=FONT, custom_attrs={"as": "font"}, cross_origin="anonymous"),
        rx.el.link(rel="stylesheet", href=asset("portal.css")),
        rx.el.link(rel="stylesheet", href=asset("print.css"), media="print"),
        rx.el.style(city_style()),
        rx.el.link(rel="icon", href=city_logo() or asset("icon.svg"), type="image/svg+xml"),
    ]


def offline_words() -> dict[str, str]:
    """Return what is said while the connection is lost, in each language."""
    words = {}
    for code in LANGUAGES:
        with speaking(code):
            words[code] = _(_OFFLINE)
    return words


def app_wraps() -> dict[tuple[int, str], Callable[[bool], Any]]:
    """Return what wraps every page, in place of Reflex's toasts and overlays."""
    return {
        (5, "Overlay"): lambda stateful: rx.fragment(
            RouteAnnouncer.create(),
            SignedOutElsewhere.create(),
            Offline.create(**offline_words()),
        ),
    }
