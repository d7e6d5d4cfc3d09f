"""Manage Bills: outstanding and past bills, the total, Add to Cart."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.manage_bills import ManageBillsState as State
from portal.ui import feedback, form, menu, shell, table
from portal.ui.native import link
from portal.ui.table import Column


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("Manage Bills"),
        feedback.waiting(_content()),
    )


def _content() -> Any:
    return rx.fragment(
        rx.el.div(
            link(_("Account Summary"), to=_to(routes.SUMMARY), class_name="tap"),
            class_name="links",
        ),
        table.facts(
            (_("Service Address"), State.service_address),
            (_("Account Number"), State.account_no),
            (_("As of"), State.as_of),
        ),
        rx.cond(State.to_look_at, feedback.only_to_look_at()),
        rx.el.section(
            rx.el.div(
                rx.el.h2(rx.cond(State.showing_past, _("Past Bills"), _("Outstanding Bills"))),
                _show(),
                class_name="head",
            ),
            rx.cond(State.rows.length() > 0, _bills(), _nothing()),
        ),
    )


def _to(path: str) -> Any:
    return routes.link(path) + "?account=" + State.account


def _show() -> Any:
    """Draw "Show: Outstanding Bills | Past Bills"; which of the two stands in the address."""
    return rx.el.nav(
        rx.el.span(_("Show"), class_name="muted"),
        link(
            _("Outstanding Bills"),
            to=_to(routes.BILLS),
            class_name="tap",
            aria_current=rx.cond(State.showing_past, "false", "page"),
        ),
        link(
            _("Past Bills"),
            to=_to(routes.BILLS) + "&show=past",
            class_name="tap",
            aria_current=rx.cond(State.showing_past, "page", "false"),
        ),
        class_name="row choose no-print",
        aria_label=_("Show"),
    )


def _nothing() -> Any:
    return rx.cond(
        State.showing_past,
        feedback.empty(_("Bills that are paid will stand here.")),
        feedback.empty(
            _("You have nothing to pay. Your next bill will stand here."),
            link(_("Past Bills"), to=_to(routes.BILLS) + "&show=past", class_name="tap"),
        ),
    )


def _bills() -> Any:
    listed = rx.cond(
        State.showing_past,
        _list(_("Past Bills"), past=True),
        rx.cond(
            State.can_pay & menu.is_offered(routes.CART),
            _list(_("Outstanding Bills"), past=False, select=True),
            _list(_("Outstanding Bills"), past=False),
        ),
    )
    below = rx.cond(State.showing_past, _past_notes(), _foot())
    if not menu.is_offered(routes.CART):
        return rx.el.div(listed, below, class_name="bill-list")
    return form.form(listed, below, on_submit=State.add_to_cart, class_name="bill-list")


def _list(caption: str, *, past: bool, select: bool = False) -> Any:
    return table.table(
        caption,
        [*([Column(_("Select"), _select, hide_label=True)] if select else []), *_columns(past)],
        State.rows,
        foot=None if past else _total(6 if select else 5),
        hide_caption=True,
        phone="cards brief",
    )


def _columns(past: bool) -> list[Column]:
    # On a phone the figure beside the bill is what it still asks for, of a paid one what it was.
    return [
        Column(_("Bill"), lambda row: row.number, head=True),
        Column(_("Bill Date"), lambda row: row.bill_date),
        Column(_("Pay By"), lambda row: row.pay_by),
        Column(_("Status"), _status),
        Column(_("Charges"), lambda row: row.charges, kind="money", beside=past),
        Column(_("Balance Due"), lambda row: row.balance, kind="money", beside=not past),
        Column(_("Details"), _details, hide_label=True),
    ]


def _select(row: Any) -> Any:
    return rx.cond(
        row.payable,
        rx.el.label(
            rx.el.input(
                type="checkbox",
                name="bill-" + row.id,
                default_checked=True,
                aria_label=_("Pay bill") + " " + row.number,
            ),
            class_name="tick",
        ),
        rx.fragment(),
    )


def _status(row: Any) -> Any:
    return rx.el.span(
        feedback.status_word(row.status, row.tone),
        rx.cond(row.note != "", rx.el.span(row.note, class_name="small muted note")),
        class_name="stacked",
    )


def _details(row: Any) -> Any:
    return link(
        _("Bill Details"),
        rx.el.span(" ", row.number, class_name="visually-hidden"),
        to=routes.link(routes.BILL) + "?id=" + row.id + "&account=" + State.account,
    )


def _total(span: int) -> Any:
    """Draw the feet: the credit as a line of its own, then the total over all bills."""
    return rx.fragment(
        rx.cond(
            State.credit != "",
            rx.fragment(
                _foot_row(_("Bills"), State.owed, span),
                _foot_row(_("Credit"), State.credit, span),
            ),
        ),
        _foot_row(_("Total Due"), State.total_due, span),
    )


def _foot_row(name: str, amount: Any, span: int) -> Any:
    return rx.el.tr(
        rx.el.th(name, scope="row", col_span=span, role="rowheader", class_name="money"),
        rx.el.td(amount, class_name="money", role="cell", custom_attrs={"data-label": name}),
        rx.el.td(role="cell", class_name="bare"),
        role="row",
        class_name="sum-row",
    )


def _foot() -> Any:
    """Draw what stays in view on a phone: the total and the one button."""
    if not menu.is_offered(routes.CART):
        return rx.fragment()
    return rx.cond(
        State.can_pay,
        rx.el.div(
            rx.el.p(
                _('Select the bills you would like to pay now, then choose "Add to Cart".'),
                class_name="wide-words",
            ),
            rx.el.div(
                rx.el.span(
                    rx.el.span(_("Total Due"), " ", class_name="muted"),
                    rx.el.strong(State.total_due, class_name="money"),
                    class_name="phone-words",
                ),
                form.submit(_("Add to Cart")),
                class_name="row",
            ),
            class_name="stay no-print",
        ),
        rx.fragment(),
    )


def _past_notes() -> Any:
    return rx.el.div(
        rx.el.p(city().billing.past_bills_note.say(), class_name="muted small"),
        rx.cond(State.left_out != "", rx.el.p(State.left_out, class_name="muted small")),
    )


pages = (
    Page(
        route=routes.BILLS,
        view=view,
        title=N_("Manage Bills"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
