"""Search Results: "n found", Modify Search, New Search, and the city's columns."""

from collections.abc import Callable
from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.accounts import SearchResultsState as State
from portal.state.base import RESIDENT
from portal.ui import feedback, shell
from portal.ui.here import IS_SHOWN
from portal.ui.native import link
from portal.ui.table import Column, table


def view() -> Any:
    """Draw the results."""
    return shell.page(
        _("Search Results"),
        rx.el.ul(
            rx.el.li(
                link(
                    _("Modify Search"),
                    to=rx.cond(
                        IS_SHOWN & (State.account != ""),
                        routes.link(routes.UTILITY_BILLING) + "?account=" + State.account,
                        routes.link(routes.UTILITY_BILLING),
                    ),
                )
            ),
            rx.el.li(link(_("New Search"), to=routes.link(routes.UTILITY_BILLING, new=1))),
            class_name="links",
        ),
        feedback.waiting(
            rx.el.p(State.found, role="status"),
            rx.cond(State.rows.length() > 0, _results(), _nothing()),
        ),
    )


def _summary(row: Any) -> Any:
    return link(row.account_no, to=routes.link(routes.SUMMARY) + "?account=" + row.account)


def manage_bills(row: Any) -> Any:
    """Draw the link to an account's bills, named for a reader of links alone."""
    return link(
        _("Manage Bills"),
        rx.el.span(" ", row.account_no, class_name="visually-hidden"),
        to=routes.link(routes.BILLS) + "?account=" + row.account,
    )


def _columns() -> list[Column]:
    cells: dict[str, tuple[str, Callable[[Any], Any]]] = {
        "customer_name": (_("Customer Name"), lambda row: row.name),
        "service_address": (_("Service Address"), lambda row: row.address),
        "account_number": (_("Account Number"), _summary),
        "customer_id": (_("Customer ID"), lambda row: row.cid),
        "parcel_id": (_("Parcel ID"), lambda row: row.parcel_id),
        "email_id": (_("Email ID"), lambda row: row.email),
    }
    name = "customer_name"
    shown = [
        Column(*cells[one], head=one == name, hide_label=one == name)
        for one in city().search.columns
    ]
    return [*shown, Column(_("Manage Bills"), manage_bills, hide_label=True)]


def _results() -> Any:
    return table(
        _("Search Results"), _columns(), State.rows, hide_caption=True, phone="cards brief"
    )


def _nothing() -> Any:
    return feedback.empty(
        _("No account is linked to your sign-in. Search with the two numbers on your bill."),
        link(_("New Search"), to=routes.link(routes.UTILITY_BILLING, new=1), class_name="tap"),
    )


pages = (
    Page(
        route=routes.SEARCH_RESULTS,
        view=view,
        title=N_("Search Results"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
