"""One module a screen: layout only. A module names its `pages`; this registry finds them.

A page of a city module that the city's profile does not have is not registered at all.
"""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.state.base import Permission


@dataclass(frozen=True)
class Page:
    """A screen: its address, what draws it, its title, who may see it, what loads it.

    `title` is a message id (`N_("Help")`) or a function that returns text or a State variable.
    `module` is the city module it belongs to ("utility_billing"), or "" for every city.
    """

    route: str
    view: Callable[[], Any]
    title: str | Callable[[], Any]
    access: Permission
    on_load: Sequence[Any] = field(default=())
    module: str = ""


def pages() -> list[Page]:
    """Return every page of this city, by route."""
    found: list[Page] = []
    for name in sorted(info.name for info in pkgutil.iter_modules(__path__)):
        found += getattr(importlib.import_module(f"{__name__}.{name}"), "pages", ())
    kept = [page for page in found if not page.module or _has_module(page.module)]
    taken = [page.route for page in kept]
    if doubled := sorted({route for route in taken if taken.count(route) > 1}):
        raise ValueError(f"two pages share a route: {', '.join(doubled)}")
    return sorted(kept, key=lambda page: page.route)


def _has_module(module: str) -> bool:
    from portal.cities import city

    return any(one.key == module and one.exists for one in city().modules)
