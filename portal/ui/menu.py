"""Where a person can go: the left menu, and what the page being drawn is."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.state.shell import ShellState
from portal.ui.here import is_about
from portal.ui.native import link

_offered: set[str] = set()
_route: ContextVar[str] = ContextVar("route", default=routes.HOME)

# Inside Utility Billing, in the guides' order; those of one account need to know which.
_ACCOUNT_PAGES = (
    (N_("Account Summary"), routes.SUMMARY),
    (N_("Manage Bills"), routes.BILLS),
    (N_("Usage"), routes.USAGE),
    (N_("My Notifications"), routes.NOTIFICATIONS),
    (N_("Bill Delivery Preference"), routes.DELIVERY),
    (N_("People with access"), routes.PEOPLE),
)
_OF_HOLDERS = (routes.DELIVERY, routes.PEOPLE)
_MODULES = {
    "utility_billing": routes.UTILITY_BILLING,
    "real_estate": routes.REAL_ESTATE,
    "personal_property": routes.PERSONAL_PROPERTY,
    "business_license": routes.BUSINESS_LICENSE,
}


def offer(paths: Iterable[str]) -> None:
    """Name the pages that exist: the menu shows no other."""
    _offered.update(paths)


def is_offered(path: str) -> bool:
    """True for a page that exists in this city."""
    return path in _offered


@contextmanager
def drawing(route: str) -> Iterator[None]:
    """Draw the page of `route` inside the block."""
    token = _route.set(route)
    try:
        yield
    finally:
        _route.reset(token)


def current() -> str:
    """Return the route of the page being drawn."""
    return _route.get()


@dataclass(frozen=True)
class Module:
    """A city's module that exists here."""

    name: str
    path: str
    needs_sign_in: bool


def modules() -> list[Module]:
    """Return the city's modules that exist here, in the city's order."""
    return [
        Module(module.name.say(), _MODULES[module.key], module.needs_sign_in)
        for module in city().shown_modules
        if is_offered(_MODULES[module.key])
    ]


def _item(text: str, path: str) -> Any:
    current_page = {"aria_current": "page"} if current() == path else {}
    return rx.el.li(link(text, to=routes.link(path), **current_page))


def _of_account(text: str, path: str, away: Any) -> Any:
    current_page = {"aria_current": "page"} if current() == path else {}
    to = routes.link(path) + "?account=" + ShellState.account
    item = rx.el.li(link(text, to=to, **current_page), class_name=away)
    return rx.cond(ShellState.holds_account, item) if path in _OF_HOLDERS else item


def _which(away: Any) -> Any:
    """Name the account that the next items are about, and lead to the others."""
    return rx.el.li(
        rx.el.span(ShellState.account_address, class_name="where"),
        rx.el.span(_("Account"), " ", ShellState.account_no),
        rx.cond(
            ShellState.has_other_accounts,
            link(_("Change account"), to=routes.link(routes.ACCOUNTS)),
        ),
        class_name="which " + away,
    )


def _inside_utility_billing() -> Any:
    items = []
    if is_offered(routes.ACCOUNTS):
        items.append(_item(_("Accounts"), routes.ACCOUNTS))
    # Where the address names another account, these wait for it in their places.
    away = rx.cond(is_about(ShellState.account), "", "away")
    ours = [_of_account(_(text), path, away) for text, path in _ACCOUNT_PAGES if is_offered(path)]
    if ours:
        items.append(rx.cond(ShellState.account_no != "", rx.fragment(_which(away), *ours)))
    if is_offered(routes.CONTACT):
        items.append(_item(_("Contact Us"), routes.CONTACT))
    if is_offered(routes.SEARCH_RESULTS):
        items.append(_item(_("Search Results"), routes.SEARCH_RESULTS))
    new_search = routes.link(routes.UTILITY_BILLING, new=1)
    items.append(rx.el.li(link(_("New Search"), to=new_search)))
    return rx.el.ul(*items)


def staff_items() -> list[Any]:
    """Return the staff's menu."""
    named = (
        (N_("Work list"), routes.ADMIN),
        (N_("Customers"), routes.ADMIN_CUSTOMERS),
        (N_("Payments"), routes.ADMIN_PAYMENTS),
        (N_("Requests"), routes.ADMIN_REQUESTS),
        (N_("Imports"), routes.ADMIN_IMPORTS),
        (N_("Announcements"), routes.ADMIN_ANNOUNCEMENTS),
        (N_("Messages sent"), routes.ADMIN_OUTBOX),
        (N_("Audit"), routes.ADMIN_AUDIT),
        (N_("Sign-in and security"), routes.SETTINGS_SECURITY),
    )
    items = {path: _item(_(text), path) for text, path in named if is_offered(path)}
    if routes.ADMIN_AUDIT in items:
        items[routes.ADMIN_AUDIT] = rx.cond(~ShellState.is_viewer, items[routes.ADMIN_AUDIT])
    return list(items.values())


def menu() -> Any:
    """Draw the menu's list: the modules, and inside Utility Billing its pages."""
    if current().startswith(routes.ADMIN):
        return rx.el.ul(*staff_items())
    items = [
        _item(_("Home"), routes.HOME),
        rx.el.li(link(city().portal.name.say(), to=routes.link(routes.HOME))),
    ]
    for module in modules():
        inside = module.path == routes.UTILITY_BILLING and _is_inside(module.path)
        items.append(
            rx.el.li(
                link(
                    module.name,
                    to=routes.link(module.path),
                    **({"aria_current": "page"} if current() == module.path else {}),
                ),
                *([_inside_utility_billing()] if inside else []),
            )
        )
    return rx.el.ul(*items)


def _is_inside(path: str) -> bool:
    own = (routes.CART, routes.PAY_BILLS, routes.RECEIPT)
    return current().startswith(path) or current() in own
