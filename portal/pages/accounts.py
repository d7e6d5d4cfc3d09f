"""Accounts: what is linked, who else has it, Link to Account, and the removal of a link."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.pages.search_results import manage_bills
from portal.state.accounts import AccountsState as State
from portal.state.base import RESIDENT
from portal.ui import feedback, form, shell
from portal.ui.native import link
from portal.ui.script import FocusWhenShown
from portal.ui.table import Column, table


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("Utility Billing Accounts"),
        feedback.waiting(rx.cond(State.removing != "", _confirmation(), _accounts())),
    )


def _accounts() -> Any:
    return rx.fragment(
        rx.cond(State.rows.length() > 0, rx.el.p(_("Select an account to work with."))),
        rx.el.p(
            link(_("Link to Account"), to=routes.link(routes.LINK), class_name="button primary")
        ),
        rx.cond(State.rows.length() > 0, rx.fragment(_table(), _others()), _none()),
    )


def _none() -> Any:
    return rx.el.section(
        rx.el.h2(_("Unlinked accounts"), id="unlinked"),
        rx.el.p(_("No Utility Billing accounts have been linked to this user.")),
        aria_labelledby="unlinked",
    )


def _table() -> Any:
    return table(
        _("Linked accounts"),
        [
            Column(
                _("Account Number"),
                lambda row: link(
                    row.account_no, to=routes.link(routes.SUMMARY) + "?account=" + row.account
                ),
                head=True,
            ),
            Column(_("Customer ID"), lambda row: row.cid),
            Column(_("Customer Name"), lambda row: row.name),
            Column(_("Service Address"), _address),
            Column(_("Account Summary"), _summary, hide_label=True),
            Column(_("Manage Bills"), manage_bills, hide_label=True),
            Column(_("Remove"), _remove, hide_label=True),
        ],
        State.rows,
        phone="cards brief",
    )


def _address(row: Any) -> Any:
    return rx.fragment(
        row.address,
        rx.cond(row.until != "", rx.el.span(" ", row.until, class_name="line muted")),
    )


def _summary(row: Any) -> Any:
    return link(
        _("Account Summary"),
        rx.el.span(" ", row.account_no, class_name="visually-hidden"),
        to=routes.link(routes.SUMMARY) + "?account=" + row.account,
    )


def _remove(row: Any) -> Any:
    return link(
        _("Remove link"),
        rx.el.span(" ", row.account_no, class_name="visually-hidden"),
        to=routes.link(routes.ACCOUNTS) + "?remove=" + row.link_id,
    )


def _others() -> Any:
    return rx.el.div(
        rx.foreach(
            State.rows,
            lambda row: rx.cond(
                row.others.length() > 0,
                rx.el.section(
                    rx.el.h2(_("Who else has account"), " ", row.account_no),
                    rx.el.ul(rx.foreach(row.others, _other), class_name="plain stack"),
                ),
            ),
        )
    )


def _other(other: Any) -> Any:
    return rx.el.li(
        rx.el.span(other.email, " ", _("since"), " ", other.since),
        " ",
        rx.cond(
            other.removable,
            link(
                _("Remove access"),
                rx.el.span(" ", other.email, class_name="visually-hidden"),
                to=routes.link(routes.ACCOUNTS) + "?remove=" + other.link_id,
                class_name="tap",
            ),
            rx.el.span(_("(linked before you)"), class_name="muted"),
        ),
    )


def _confirmation() -> Any:
    return FocusWhenShown.create(
        rx.el.h2(
            rx.cond(
                State.removing_person != "",
                _("Remove this person's access?"),
                _("Remove this account from your sign-in?"),
            )
        ),
        rx.el.p(rx.el.strong(State.removing_account)),
        rx.cond(
            State.removing_person != "",
            rx.el.p(State.removing_person),
            rx.el.p(
                _(
                    "You no longer see its bills and usage, and its alerts stop. Nothing changes"
                    " in the city's books. You can link it again with its two numbers."
                )
            ),
        ),
        form.actions(
            form.button(_("Remove"), on_click=State.remove, primary=True),
            link(_("Cancel"), to=routes.link(routes.ACCOUNTS), class_name="button"),
        ),
        prefix="",
        class_name="notice warn",
    )


pages = (
    Page(
        route=routes.ACCOUNTS,
        view=view,
        title=N_("Accounts"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
