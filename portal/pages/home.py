"""Home: Welcome, announcements, profile information, the modules."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import PUBLIC
from portal.state.home import HomeState
from portal.state.shell import ShellState
from portal.ui import menu, shell
from portal.ui.feedback import empty, waiting
from portal.ui.native import anchor, link
from portal.ui.table import Column, facts, table


def view() -> Any:
    """Draw the home page."""
    town = city()
    return shell.page(
        _("Welcome to %(portal)s", portal=town.portal.name.say()),
        rx.el.p(town.portal.welcome.say(), class_name="lead"),
        waiting(
            rx.cond(ShellState.is_signed_in, _mine(), _way_in()),
            _announcements(),
        ),
        rx.el.p(town.privacy.say(), class_name="muted small part-gap"),
    )


def _announcements() -> Any:
    return rx.el.section(
        rx.el.h2(_("Announcements"), id="announcements"),
        rx.cond(
            HomeState.announcements.length() > 0,
            rx.el.ul(
                rx.foreach(
                    HomeState.announcements,
                    lambda one: rx.el.li(
                        rx.el.h3(one.title), rx.html(one.body), class_name="announcement"
                    ),
                ),
                class_name="plain stack",
            ),
            rx.el.p(_("There are no announcements today."), class_name="muted"),
        ),
        aria_labelledby="announcements",
    )


def _way_in() -> Any:
    open_to_all = [m for m in menu.modules() if not m.needs_sign_in]
    behind = [m for m in menu.modules() if m.needs_sign_in]
    parts: list[Any] = [
        rx.el.h2(_("Your account"), id="way-in"),
        rx.el.p(_("Log in to access:")),
        rx.el.ul(
            *[rx.el.li(link(m.name, to=routes.link(m.path))) for m in behind],
            class_name="links down",
        ),
        rx.el.div(
            anchor(_("Log in"), href=routes.link(routes.SIGN_IN), class_name="button primary"),
            anchor(_("Sign up"), href=routes.link(routes.SIGN_UP), class_name="button"),
            class_name="row",
        ),
    ]
    if open_to_all:
        parts += [
            rx.el.p(_("Don't have a login? No problem, you can still quickly access:")),
            _links(open_to_all),
        ]
    return rx.el.section(*parts, aria_labelledby="way-in")


def _links(modules: list[menu.Module]) -> Any:
    return rx.el.ul(
        *[rx.el.li(link(one.name, to=routes.link(one.path))) for one in modules],
        class_name="links down",
    )


def _mine() -> Any:
    return rx.fragment(
        rx.el.section(
            rx.el.h2(_("Your accounts"), id="accounts"),
            rx.cond(
                HomeState.accounts.length() > 0,
                _accounts(),
                empty(
                    _("No account is linked to your sign-in yet."),
                    rx.el.p(_link_account()),
                ),
            ),
            aria_labelledby="accounts",
        ),
        rx.el.section(
            rx.el.h2(_("Profile Information"), id="profile"),
            rx.cond(
                HomeState.accounts.length() > 0,
                facts((_("Name"), HomeState.name), (_("Email"), HomeState.email)),
                rx.el.p(_("Profile information not found.")),
            ),
            aria_labelledby="profile",
        ),
    )


def _link_account() -> Any:
    if not menu.is_offered(routes.LINK):
        return rx.fragment()
    return link(_("Link to Account"), to=routes.link(routes.LINK), class_name="button primary")


def _accounts() -> Any:
    summary = routes.link(routes.SUMMARY) + "?account="
    return rx.fragment(
        table(
            _("Your accounts"),
            [
                Column(
                    _("Service Address"),
                    lambda row: link(row.address, to=summary + row.id),
                    head=True,
                    hide_label=True,
                ),
                Column(_("Account Number"), lambda row: row.number),
                Column(_("Payment Due Date"), lambda row: rx.cond(row.owes, row.due, _("None"))),
                Column(_("Amount Due Now"), lambda row: row.owed, kind="money", beside=True),
            ],
            HomeState.accounts,
            hide_caption=True,
            phone="cards brief",
        ),
        rx.cond(
            HomeState.more_accounts > 0,
            rx.el.p(
                link(_("All your accounts"), to=routes.link(routes.ACCOUNTS), class_name="tap")
            ),
        ),
    )


pages = (
    Page(route=routes.HOME, view=view, title=N_("Home"), access=PUBLIC, on_load=(HomeState.load,)),
)
