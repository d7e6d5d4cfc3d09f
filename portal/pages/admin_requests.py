"""Requests for a change of address: what changes, Approve, Decline with a reason."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.admin_requests import AdminRequestsState
from portal.state.base import STAFF
from portal.ui import shell
from portal.ui.feedback import empty, waiting
from portal.ui.form import actions, button, field, form
from portal.ui.native import link
from portal.ui.table import Column, facts, table

_STATE = AdminRequestsState


def view() -> Any:
    """Draw the requests that wait, oldest first."""
    return shell.page(
        _("Requests"),
        waiting(
            rx.cond(
                _STATE.rows.length() + _STATE.numbers.length() > 0,
                rx.fragment(
                    rx.foreach(_STATE.rows, _request), rx.foreach(_STATE.numbers, _numbers)
                ),
                empty(
                    _(
                        "No request waits. A resident's change of address, and who has no account"
                        " number at hand, appear here."
                    )
                ),
            ),
        ),
    )


def _request(row: Any) -> Any:
    return rx.el.article(
        rx.el.h2(_("Request"), " ", row.reference),
        facts(
            (
                _("Customer"),
                link(row.name, to=routes.link(routes.ADMIN_CUSTOMER) + "?id=" + row.customer),
            ),
            (_("Customer ID"), row.cid),
            (_("Account Number"), row.account),
            (_("Service Address"), row.place),
            (
                _("Asked by"),
                link(row.by, to=routes.link(routes.ADMIN_RESIDENT) + "?id=" + row.user),
            ),
            (_("When"), row.at),
            (_("Note"), rx.cond(row.note != "", row.note, _("none"))),
        ),
        table(
            _("Change of mailing address"),
            [
                Column(_("Field"), lambda change: change.field, head=True),
                Column(_("Now"), lambda change: change.old),
                Column(_("Wanted"), lambda change: change.new),
            ],
            row.changes,
            dense=True,
        ),
        rx.cond(_STATE.may_act, _decide(row)),
        class_name="chapter",
    )


def _numbers(row: Any) -> Any:
    return rx.el.article(
        rx.el.h2(_("Request"), " ", row.reference, ": ", _("account numbers")),
        facts(
            (_("Name"), row.name),
            (_("Service Address"), row.place),
            (_("How"), row.way),
            (_("Asked by"), row.by),
            (_("When"), row.at),
        ),
        rx.el.p(
            _(
                "Compare with the records. Send the numbers only to the service address or the"
                " phone number on file, never to an address or number given in the request."
            ),
            class_name="muted",
        ),
        rx.cond(
            _STATE.may_act,
            actions(button(_("Done"), on_click=_STATE.numbers_done(row.id))),
        ),
        class_name="part-gap",
    )


def _decide(row: Any) -> Any:
    return rx.fragment(
        actions(button(_("Approve"), primary=True, on_click=_STATE.approve(row.id))),
        rx.el.details(
            rx.el.summary(_("Decline")),
            form(
                rx.el.input(type="hidden", name="id", value=row.id),
                field("reason-" + row.id, _("Why"), hint=_("The resident reads it.")),
                actions(button(_("Decline the request"), kind="submit")),
                on_submit=_STATE.decline,
            ),
            class_name="more",
        ),
    )


pages = (
    Page(
        route=routes.ADMIN_REQUESTS,
        view=view,
        title=N_("Requests"),
        access=STAFF,
        on_load=(_STATE.load,),
    ),
)
