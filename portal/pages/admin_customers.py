"""Find a customer by number, name, street or mail."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.pages.admin_parts import search_box
from portal.state.admin_customers import AdminCustomersState
from portal.state.base import STAFF, PortalState
from portal.ui import shell
from portal.ui.feedback import empty, waiting
from portal.ui.native import link
from portal.ui.table import Column, table
from portal.ui.table import pages as page_links


def view() -> Any:
    """Draw the search and what it found."""
    state = AdminCustomersState
    return shell.page(
        _("Customers"),
        _search(),
        waiting(
            rx.cond(
                state.typed == "",
                empty(_("Customers you search for appear here.")),
                rx.fragment(
                    rx.cond(state.total > 0, _found()),
                    rx.cond(state.sign_ins.length() > 0, _sign_ins()),
                    rx.cond(
                        (state.total == 0) & (state.sign_ins.length() == 0),
                        empty(_("Nobody was found. Try fewer words, or only a number.")),
                    ),
                ),
            ),
        ),
    )


def _search() -> Any:
    # The words stay in the box while others are looked for; those of an earlier visit do not.
    here = PortalState.loaded_at.startswith(routes.link(routes.ADMIN_CUSTOMERS))
    typed = rx.cond(here, AdminCustomersState.typed, "")
    return search_box(default_value=typed, key=typed, auto_focus=True)


def _found() -> Any:
    state = AdminCustomersState
    to = routes.link(routes.ADMIN_CUSTOMER) + "?id="
    return rx.fragment(
        table(
            state.total.to_string() + " " + _("found"),
            [
                Column(_("Customer"), lambda row: link(row.name, to=to + row.id), head=True),
                Column(_("Customer ID"), lambda row: row.cid),
                Column(_("Account Number"), lambda row: row.account),
                Column(_("Service Address"), lambda row: row.address),
                Column(_("Here"), lambda row: row.stay),
                Column(_("Sign-ins"), lambda row: row.sign_ins, kind="number"),
            ],
            state.rows,
            dense=True,
        ),
        rx.cond(
            state.last > 1,
            page_links(
                state.page,
                state.last,
                lambda n: (
                    routes.link(routes.ADMIN_CUSTOMERS)
                    + "?q="
                    + state.encoded
                    + "&page="
                    + n.to_string()
                ),
            ),
        ),
    )


def _sign_ins() -> Any:
    to = routes.link(routes.ADMIN_RESIDENT) + "?id="
    return table(
        _("Sign-ins without a linked account"),
        [
            Column(_("Email"), lambda row: link(row.email, to=to + row.id), head=True),
            Column(_("Name"), lambda row: row.name),
            Column(_("Status"), lambda row: row.status),
        ],
        AdminCustomersState.sign_ins,
        dense=True,
    )


pages = (
    Page(
        route=routes.ADMIN_CUSTOMERS,
        view=view,
        title=N_("Customers"),
        access=STAFF,
        on_load=(AdminCustomersState.load,),
    ),
)
