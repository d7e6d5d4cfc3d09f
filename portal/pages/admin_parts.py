"""What several staff screens draw: the search box, the lists, the filter. No page of its own."""

from collections.abc import Sequence
from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import _
from portal.state.admin_customers import AdminCustomersState
from portal.ui.feedback import status_word
from portal.ui.form import actions, field, form, submit
from portal.ui.native import link
from portal.ui.table import Column, table


def search_box(**props: Any) -> Any:
    """Draw the field that finds a customer."""
    return form(
        field(
            "q",
            _("Find a customer"),
            hint=_("Account number, customer ID, name, street or email; beginnings are enough."),
            auto_complete="off",
            **props,
        ),
        actions(submit(_("Search"))),
        on_submit=AdminCustomersState.search,
        role="search",
        key="search",
    )


def section(title: Any, name: str, *content: Any) -> Any:
    """Draw a part of a page under its heading; the table inside is the region that is named."""
    return rx.el.div(rx.el.h2(title, id=name), *content, class_name="chapter")


def _to_sign_in(text: Any, user: Any) -> Any:
    return link(text, to=routes.link(routes.ADMIN_RESIDENT) + "?id=" + user)


def payment_table(caption: Any, rows: Any, *, hide_caption: bool = False) -> Any:
    """Draw payments."""
    return table(
        caption,
        [
            Column(_("Payment"), _payment_link, head=True),
            Column(_("When"), lambda row: row.at, kind="nowrap"),
            Column(_("Amount"), lambda row: row.amount, kind="money", beside=True),
            Column(_("Status"), lambda row: status_word(row.status, row.tone)),
            Column(_("Method"), lambda row: row.how),
            Column(_("Bills"), lambda row: row.bills),
            Column(_("Paid by"), lambda row: _to_sign_in(row.who, row.user)),
        ],
        rows,
        hide_caption=hide_caption,
        dense=True,
        phone="cards brief",
    )


def _payment_link(row: Any) -> Any:
    return link(row.number, to=routes.link(routes.ADMIN_PAYMENT) + "?id=" + row.id)


def import_table(caption: Any, rows: Any) -> Any:
    """Draw runs of the importers."""
    return table(
        caption,
        [
            Column(
                _("Source"),
                lambda row: link(row.source, to=routes.link(routes.ADMIN_IMPORT) + "?id=" + row.id),
                head=True,
            ),
            Column(_("When"), lambda row: row.at, kind="nowrap", beside=True),
            Column(_("Kind"), lambda row: row.kind),
            Column(_("Status"), lambda row: status_word(row.status, row.tone)),
            Column(_("Rows"), lambda row: row.rows, kind="number"),
            Column(_("At fault"), lambda row: row.faults, kind="number"),
            Column(_("Reason"), lambda row: row.reason),
        ],
        rows,
        dense=True,
        phone="cards brief",
    )


def message_table(caption: Any, rows: Any, *more: Column, hide_caption: bool = False) -> Any:
    """Draw messages, without their text."""
    return table(
        caption,
        [
            Column(_("Subject"), lambda row: row.subject, head=True),
            Column(
                _("To"),
                lambda row: rx.cond(
                    row.user != "", _to_sign_in(row.recipient, row.user), row.recipient
                ),
            ),
            Column(_("When"), lambda row: row.at, kind="nowrap", beside=True),
            Column(_("Status"), lambda row: status_word(row.status, row.tone)),
            Column(_("Attempts"), lambda row: row.attempts.to_string(), kind="number"),
            Column(_("Reason"), lambda row: row.error),
            *more,
        ],
        rows,
        hide_caption=hide_caption,
        dense=True,
        phone="cards brief",
    )


def filters(path: str, chosen: Any, words: Sequence[tuple[str, str]]) -> Any:
    """Draw links that narrow a list to one status; the chosen one is marked."""
    return rx.el.nav(
        rx.el.ul(
            *[
                rx.el.li(
                    link(
                        text,
                        to=routes.link(path, status=value),
                        aria_current=rx.cond(chosen == value, "true", "false"),
                        class_name="tap",
                    )
                )
                for value, text in words
            ],
            class_name="links row",
        ),
        aria_label=_("Show"),
    )
