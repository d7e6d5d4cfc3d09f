"""The staff's first page: find a customer, then what waits."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.pages.admin_parts import import_table, message_table, payment_table, search_box
from portal.state.admin_work import AdminWorkState
from portal.state.base import STAFF
from portal.ui import shell
from portal.ui.feedback import empty, waiting
from portal.ui.form import button
from portal.ui.native import link
from portal.ui.table import Column, table


def view() -> Any:
    """Draw the work list."""
    return shell.page(
        _("Work list"),
        search_box(auto_focus=True),
        waiting(_lists()),
    )


def _lists() -> Any:
    state = AdminWorkState
    return rx.fragment(
        rx.cond(
            state.nothing,
            empty(_("Nothing waits. Payments in doubt, refused files and requests appear here.")),
        ),
        rx.cond(state.requests > 0, _requests()),
        rx.cond(state.in_doubt.length() > 0, payment_table(_("Payments in doubt"), state.in_doubt)),
        rx.cond(state.tasks.length() > 0, _tasks()),
        rx.cond(state.refused.length() > 0, import_table(_("Imports refused"), state.refused)),
        rx.cond(
            state.failed.length() > 0, message_table(_("Messages that were not sent"), state.failed)
        ),
        rx.el.p(
            _("Last billing files: "),
            _run(state.last_exchange),
            ". ",
            _("Last meter readings: "),
            _run(state.last_usage),
            ".",
            class_name="muted small",
        ),
    )


def _run(run: Any) -> Any:
    to = routes.link(routes.ADMIN_IMPORT) + "?id=" + run.id
    return rx.cond(run.id != "", link(run.at, to=to), _("none yet"))


def _requests() -> Any:
    return rx.el.p(
        link(
            rx.cond(
                AdminWorkState.requests == 1,
                _("1 request of a resident waits"),
                AdminWorkState.requests.to_string() + " " + _("requests of residents wait"),
            ),
            to=routes.link(routes.ADMIN_REQUESTS),
        ),
        class_name="notice",
    )


def _tasks() -> Any:
    return table(
        _("Tasks") + " (" + AdminWorkState.tasks_total.to_string() + ")",
        [
            Column(_("Task"), lambda row: row.kind, head=True),
            Column(_("Since"), lambda row: row.at),
            Column(_("What happened"), lambda row: row.detail),
            Column(_("Payment"), _payment_of),
            Column(_("Action"), _done, kind="act", shown=AdminWorkState.may_act),
        ],
        AdminWorkState.tasks,
        dense=True,
    )


def _payment_of(row: Any) -> Any:
    return rx.cond(
        row.payment != "",
        link(_("Payment"), to=routes.link(routes.ADMIN_PAYMENT) + "?id=" + row.payment),
    )


def _done(row: Any) -> Any:
    return button(_("Done"), on_click=AdminWorkState.finish(row.id))


pages = (
    Page(
        route=routes.ADMIN,
        view=view,
        title=N_("Work list"),
        access=STAFF,
        on_load=(AdminWorkState.load,),
    ),
)
