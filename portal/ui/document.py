"""What stands around every page: the head, and what outlives navigation."""

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

import reflex as rx

from portal.config import ROOT
from portal.ui.script import Offline, RouteAnnouncer, SignedOutElsewhere, Visited
from portal.ui.theme import city_style

FONT = "/fonts/public-sans.woff2"


@cache
def stylesheet() -> str:
    """Return the stylesheet's address, with its content's hash: it may be kept for ever."""
    content = (ROOT / "assets" / "portal.css").read_bytes()
    return "/portal.css?v=" + hashlib.sha256(content).hexdigest()[:12]


def head() -> list[Any]:
    """Return what every page's head holds: colours of the city, icon, both colour schemes."""
    return [
        rx.el.meta(name="color-scheme", content="light dark"),
        rx.el.link(rel="preload", href=FONT, custom_attrs={"as": "font"}, cross_origin="anonymous"),
        rx.el.link(rel="stylesheet", href=stylesheet()),
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
