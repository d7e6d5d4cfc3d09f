"""My Cart: the bills chosen so far, and Checkout."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.cart import CartState as State
from portal.ui import feedback, form, shell, table
from portal.ui.native import anchor, link
from portal.ui.table import Column


def changes(of: Any) -> Any:
    """Draw what changed in the cart since it was filled."""
    return rx.cond(
        of.changes.length() > 0,
        feedback.notice(
            rx.foreach(of.changes, rx.el.p),
            kind="warn",
            label=_("Your cart changed"),
        ),
    )


def being_paid(of: Any) -> Any:
    """Draw what is said while nobody knows yet whether the card was charged."""
    return feedback.notice(
        rx.el.p(
            _("We are checking a payment of this cart. Do not pay again; look again in a minute.")
        ),
        rx.el.p(anchor(_("See where the payment stands"), href=of.paying, class_name="tap")),
        kind="warn",
        label=_("Payment under way"),
    )


def view() -> Any:
    """Draw the page."""
    return shell.page(_("My Cart"), feedback.waiting(_content()))


def _content() -> Any:
    return rx.fragment(
        changes(State),
        rx.cond(State.being_paid, being_paid(State)),
        rx.cond(State.rows.length() > 0, _bills(), _empty()),
    )


def _empty() -> Any:
    return feedback.empty(
        _("Your cart is empty. Bills that you add to it will stand here."),
        link(_("Accounts"), to=routes.link(routes.ACCOUNTS), class_name="tap"),
    )


def _bills() -> Any:
    return rx.el.div(
        table.table(
            _("Bills in your cart"),
            [
                Column(_("Bill Number"), lambda row: row.number, head=True),
                Column(_("Bill Description"), lambda row: row.kind),
                Column(_("Service Address"), lambda row: row.place),
                Column(_("Due Date"), lambda row: row.due),
                Column(_("Balance"), lambda row: row.balance, kind="money"),
                Column(_("Payment Amount"), lambda row: row.amount, kind="money", beside=True),
                Column(_("Remove"), _remove, hide_label=True),
            ],
            State.rows,
            foot=rx.el.tr(
                rx.el.th(_("Total"), scope="row", col_span=5, role="rowheader", class_name="money"),
                rx.el.td(
                    State.total,
                    class_name="money",
                    role="cell",
                    custom_attrs={"data-label": _("Total")},
                ),
                rx.el.td(role="cell", class_name="bare"),
                role="row",
                class_name="sum-row",
            ),
            hide_caption=True,
            phone="cards brief",
        ),
        rx.cond(
            State.being_paid,
            rx.fragment(),
            rx.el.div(
                rx.el.div(
                    rx.el.span(
                        rx.el.span(_("Total"), " ", class_name="muted"),
                        rx.el.strong(State.total, class_name="money"),
                        class_name="phone-words",
                    ),
                    form.button(_("Checkout"), primary=True, on_click=State.checkout),
                    class_name="row",
                ),
                class_name="stay no-print",
            ),
        ),
        class_name="bill-list",
    )


def _remove(row: Any) -> Any:
    return rx.cond(
        State.being_paid,
        rx.fragment(),
        form.button(
            rx.fragment(_("Remove"), rx.el.span(" ", row.number, class_name="visually-hidden")),
            on_click=State.remove(row.id),
        ),
    )


pages = (
    Page(
        route=routes.CART,
        view=view,
        title=N_("My Cart"),
        access=RESIDENT,
        on_load=(State.load,),
    ),
)
