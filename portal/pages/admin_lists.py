"""Payments, imports and messages sent: lists with all their state in the URL."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.pages.admin_parts import (
    filters,
    import_table,
    message_table,
    payment_table,
    section,
)
from portal.state.admin_lists import AdminImportsState, AdminOutboxState, AdminPaymentsState
from portal.state.base import STAFF
from portal.ui import shell
from portal.ui.feedback import empty, status_word, waiting
from portal.ui.form import actions, button
from portal.ui.here import IS_SHOWN
from portal.ui.native import link
from portal.ui.table import Column, facts, table
from portal.ui.table import pages as page_links


def payments() -> Any:
    """Draw the payments, those in doubt first."""
    state = AdminPaymentsState
    words = (
        ("", _("All")),
        ("confirming", _("In doubt")),
        ("requires_action", _("Waiting for the bank's check")),
        ("processing", _("On its way")),
        ("succeeded", _("Paid")),
        ("failed", _("Failed")),
        ("canceled", _("Canceled")),
    )
    return shell.page(
        _("Payments"),
        filters(routes.ADMIN_PAYMENTS, state.status, words),
        waiting(
            rx.cond(
                state.rows.length() > 0,
                rx.fragment(
                    payment_table(_("Payments, those in doubt first"), state.rows),
                    _turn(state, routes.ADMIN_PAYMENTS, "status=" + state.status),
                ),
                empty(
                    rx.cond(
                        state.status != "",
                        _("No payment of this kind."),
                        _("No payment was made here yet."),
                    )
                ),
            ),
        ),
    )


def payment() -> Any:
    """Draw one payment and its chain of states."""
    state = AdminPaymentsState
    return shell.page(
        rx.cond(IS_SHOWN, _("Payment") + " " + state.one.number, _("Payment")),
        waiting(
            rx.fragment(
                rx.foreach(state.tasks, _task),
                facts(
                    (_("Amount"), state.one.amount),
                    (_("Status"), status_word(state.one.status, state.one.tone)),
                    (_("Bills"), state.one.bills),
                    (_("Method"), state.one.how),
                    (_("Counts for"), state.effective),
                    (_("Processor's number"), _or_none(state.processor_ref)),
                    (_("Processor's reason"), _or_none(state.one.reason)),
                    (
                        _("Paid by"),
                        link(
                            state.one.who,
                            to=routes.link(routes.ADMIN_RESIDENT) + "?id=" + state.one.user,
                        ),
                    ),
                ),
                rx.cond(state.may_ask, _settle()),
                section(_("What happened"), "events", _events()),
            ),
        ),
        back=_back(_("Payments"), routes.ADMIN_PAYMENTS),
        reference=(_("Payment"), state.one.number),
    )


def _task(task: Any) -> Any:
    return rx.el.p(rx.el.strong(task.kind, ". "), task.detail, class_name="notice warn")


def _or_none(text: Any) -> Any:
    return rx.cond(text != "", text, _("none"))


def _settle() -> Any:
    state = AdminPaymentsState
    return rx.el.div(
        rx.el.h2(_("Settle this payment")),
        rx.el.p(
            _(
                "Each minute the portal asks the card processor by itself and books the answer."
                " Ask now to do it at once; nobody is charged by asking."
            )
        ),
        rx.cond(
            state.may_end,
            rx.el.p(
                _(
                    "Where the processor's figures are not ours, cancel the payment or give the"
                    " money back in the processor's dashboard, then end it here: its bills can be"
                    " paid again and the payer gets a message."
                )
            ),
        ),
        actions(
            button(_("Ask the processor now"), primary=True, on_click=state.ask_processor),
            rx.cond(state.may_end, button(_("End this payment"), on_click=state.end_payment)),
        ),
        class_name="part-gap",
    )


def _events() -> Any:
    return table(
        _("What happened"),
        [
            Column(_("When"), lambda row: row.at, head=True),
            Column(_("Status"), lambda row: status_word(row.status, row.tone)),
            Column(_("Source"), lambda row: row.source),
            Column(_("Note"), lambda row: row.detail),
        ],
        AdminPaymentsState.events,
        hide_caption=True,
        dense=True,
    )


def imports() -> Any:
    """Draw the importers' runs."""
    state = AdminImportsState
    return shell.page(
        _("Imports"),
        waiting(
            rx.cond(
                state.rows.length() > 0,
                rx.fragment(
                    import_table(_("Imports, newest first"), state.rows),
                    _turn(state, routes.ADMIN_IMPORTS, ""),
                ),
                empty(_("No file was imported yet.")),
            ),
        ),
    )


def import_run() -> Any:
    """Draw one run, its counts and its rows at fault."""
    state = AdminImportsState
    return shell.page(
        rx.cond(IS_SHOWN, _("Import") + " " + state.one.source, _("Import")),
        waiting(
            rx.fragment(
                _reason(state.one.reason),
                facts(
                    (_("Status"), status_word(state.one.status, state.one.tone)),
                    (_("When"), state.one.at),
                    (_("As of"), _or_none(state.one.as_of)),
                    (_("Rows"), state.one.rows),
                    (_("Rows at fault"), state.one.faults),
                ),
                rx.cond(
                    state.notes.length() > 0,
                    rx.el.ul(rx.foreach(state.notes, rx.el.li)),
                ),
                rx.cond(state.counts.length() > 0, _counts()),
                rx.cond(state.faults.length() > 0, _faults()),
            ),
        ),
        back=_back(_("Imports"), routes.ADMIN_IMPORTS),
    )


def _counts() -> Any:
    return table(
        _("Counts"),
        [
            Column(_("File"), lambda row: row.file, head=True),
            Column(_("Rows"), lambda row: row.rows, kind="number"),
            Column(_("New"), lambda row: row.new, kind="number"),
            Column(_("Changed"), lambda row: row.changed, kind="number"),
            Column(_("Closed"), lambda row: row.closed, kind="number"),
            Column(_("Skipped"), lambda row: row.skipped, kind="number"),
            Column(_("Besides"), lambda row: row.more),
        ],
        AdminImportsState.counts,
        dense=True,
    )


def _faults() -> Any:
    return rx.fragment(
        table(
            _("Rows at fault"),
            [
                Column(_("File"), lambda row: row.file, head=True),
                Column(_("Line"), lambda row: row.line, kind="number"),
                Column(_("Column"), lambda row: row.column),
                Column(_("Value"), lambda row: rx.el.code(row.value)),
                Column(_("What is wrong"), lambda row: row.message),
            ],
            AdminImportsState.faults,
            dense=True,
        ),
        _turn(AdminImportsState, routes.ADMIN_IMPORT, "id=" + AdminImportsState.run_id),
    )


def outbox() -> Any:
    """Draw the messages and, for those that failed, the button that sends them again."""
    state = AdminOutboxState
    words = (
        ("", _("All")),
        ("failed", _("Not sent")),
        ("waiting", _("Waiting")),
        ("sent", _("Sent")),
    )
    return shell.page(
        _("Messages sent"),
        filters(routes.ADMIN_OUTBOX, state.status, words),
        waiting(
            rx.cond(
                state.rows.length() > 0,
                rx.fragment(
                    message_table(
                        _("Messages, newest first"),
                        state.rows,
                        Column(_("Action"), _retry, kind="act", shown=state.may_retry),
                    ),
                    _turn(state, routes.ADMIN_OUTBOX, "status=" + state.status),
                ),
                empty(
                    rx.cond(
                        state.status != "",
                        _("No message of this kind."),
                        _("No message was sent yet."),
                    )
                ),
            ),
        ),
    )


def _retry(row: Any) -> Any:
    return rx.cond(
        row.may_retry,
        button(_("Send again"), on_click=AdminOutboxState.retry(row.id)),
    )


def _reason(reason: Any) -> Any:
    return rx.cond(reason != "", rx.el.p(reason, class_name="notice warn"))


def _back(text: str, path: str) -> Any:
    return rx.el.p(link(text, to=routes.link(path)), class_name="back")


def _turn(state: Any, path: str, query: Any) -> Any:
    base = routes.link(path) + "?" + query + "&page="
    return rx.cond(
        state.last > 1, page_links(state.page, state.last, lambda n: base + n.to_string())
    )


pages = (
    Page(
        route=routes.ADMIN_PAYMENTS,
        view=payments,
        title=N_("Payments"),
        access=STAFF,
        on_load=(AdminPaymentsState.load,),
    ),
    Page(
        route=routes.ADMIN_PAYMENT,
        view=payment,
        title=N_("Payment"),
        access=STAFF,
        on_load=(AdminPaymentsState.load_one,),
    ),
    Page(
        route=routes.ADMIN_IMPORTS,
        view=imports,
        title=N_("Imports"),
        access=STAFF,
        on_load=(AdminImportsState.load,),
    ),
    Page(
        route=routes.ADMIN_IMPORT,
        view=import_run,
        title=N_("Import"),
        access=STAFF,
        on_load=(AdminImportsState.load_one,),
    ),
    Page(
        route=routes.ADMIN_OUTBOX,
        view=outbox,
        title=N_("Messages sent"),
        access=STAFF,
        on_load=(AdminOutboxState.load,),
    ),
)
