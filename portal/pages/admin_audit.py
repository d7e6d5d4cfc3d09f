"""The audit, for administrators: who did what to whom, by act, person, number and day."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.admin_audit import AdminAuditState as State
from portal.state.admin_words import ACTS
from portal.state.base import ADMINISTRATOR
from portal.ui import form, shell
from portal.ui.feedback import empty, waiting
from portal.ui.native import link
from portal.ui.table import Column, numbered, table
from portal.ui.table import pages as page_links


def view() -> Any:
    """Draw the list with what narrows it."""
    return shell.page(
        _("Audit"),
        rx.el.p(
            _("Who is looked up here, by address or number, can read that it was done."),
            class_name="muted",
        ),
        waiting(
            _narrowing(),
            rx.cond(
                State.rows.length() > 0,
                rx.fragment(
                    _rows(),
                    rx.cond(
                        State.last > 1,
                        page_links(State.page, State.last, numbered(State.here)),
                    ),
                ),
                empty(_("Nothing like this was noted.")),
            ),
        ),
    )


def _narrowing() -> Any:
    acts = sorted(((act, _(said)) for act, said in ACTS.items()), key=lambda pair: pair[1])
    return form.form(
        form.select("act", _("Act"), [("", _("All")), *acts], default_value=State.act),
        form.field(
            "person", _("Email"), auto_complete="off", spell_check=False,
            default_value=State.person,
        ),
        form.field(
            "number", _("Account number or customer ID"), auto_complete="off",
            default_value=State.number,
        ),
        form.field("begin", _("Beginning Date"), type="date", default_value=State.begin),
        form.field("end", _("End Date"), type="date", default_value=State.end),
        form.button(_("Apply"), kind="submit"),
        on_submit=State.narrow,
        # Drawn anew for each address: the browser keeps what was typed into a drawn field.
        key=State.here,
        class_name="filters no-print",
    )  # fmt: skip


def _rows() -> Any:
    customer = routes.link(routes.ADMIN_CUSTOMER) + "?id="
    return table(
        State.total,
        [
            Column(
                _("What happened"), lambda row: _with(row.act, row.note), head=True, hide_label=True
            ),
            Column(_("When"), lambda row: row.at, kind="nowrap", beside=True),
            Column(_("Who"), lambda row: _with(row.who, row.network)),
            Column(_("To whom"), lambda row: row.whom),
            Column(_("Account"), lambda row: row.account),
            Column(
                _("Customer ID"),
                lambda row: rx.cond(
                    row.customer != "", link(row.cid, to=customer + row.customer), row.cid
                ),
            ),
        ],
        State.rows,
        dense=True,
        phone="cards brief",
    )


def _with(words: Any, more: Any) -> Any:
    below = rx.el.span(" ", more, class_name="note muted")
    return rx.el.span(words, rx.cond(more != "", below), class_name="stacked")


pages = (
    Page(
        route=routes.ADMIN_AUDIT,
        view=view,
        title=N_("Audit"),
        access=ADMINISTRATOR,
        on_load=(State.load,),
    ),
)
