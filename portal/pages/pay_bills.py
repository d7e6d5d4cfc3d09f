"""Pay Bills: the amounts, Calculate Subtotal, Continue, Cancel."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.pages.cart import being_paid, changes
from portal.state.base import RESIDENT, PortalState
from portal.state.pay_bills import PayBillsState as State
from portal.ui import feedback, form, shell, table
from portal.ui.native import link
from portal.ui.table import Column


def view() -> Any:
    """Draw the page."""
    return shell.page(_("Pay Bills"), feedback.waiting(_content()))


def _content() -> Any:
    # An empty cart leads to My Cart, and there is nothing to draw until that is here.
    bills = rx.cond(State.being_paid, being_paid(State), _form())
    return rx.cond(State.rows.length() > 0, rx.fragment(changes(State), bills))


def _form() -> Any:
    return form.form(
        table.table(
            _("Bills to pay"),
            [
                Column(_("Bill Description"), lambda row: row.description, head=True),
                Column(_("Bill Year"), lambda row: row.year),
                Column(_("Bill Date"), lambda row: row.bill_date),
                Column(_("Bill Number"), lambda row: row.number),
                Column(_("Due Date"), lambda row: row.due),
                Column(_("Balance"), lambda row: row.balance, kind="money"),
                Column(_("Due Now"), lambda row: row.due_now, kind="money"),
                Column(_("Payment Amount"), _amount, kind="money"),
            ],
            State.rows,
            foot=rx.el.tr(
                rx.el.th(
                    _("Subtotal"), scope="row", col_span=7, role="rowheader", class_name="money"
                ),
                rx.el.td(
                    rx.el.output(State.subtotal, aria_live="polite"),
                    class_name="money",
                    role="cell",
                    custom_attrs={"data-label": _("Subtotal")},
                ),
                role="row",
                class_name="sum-row",
            ),
            hide_caption=True,
        ),
        rx.el.p(
            rx.el.button(_("Calculate Subtotal"), type="submit", class_name="button"),
            class_name="to-end no-print",
        ),
        rx.el.p(State.counts_for, class_name="muted"),
        rx.el.p(
            _(
                "After Continue you have 10 minutes to pay, and you can ask for more."
                " Nothing is charged before Make Payment."
            ),
            class_name="muted",
        ),
        form.actions(
            form.button(_("Continue"), primary=True, on_click=State.proceed),
            link(_("Cancel"), to=routes.link(routes.CART), class_name="button"),
        ),
        on_submit=State.calculate,
    )


def _amount(row: Any) -> Any:
    wrong = PortalState.field_errors.contains(row.field)
    return rx.el.div(
        rx.cond(
            wrong,
            rx.el.p(
                PortalState.field_errors[row.field], id=row.field + "-problem", class_name="problem"
            ),
        ),
        rx.el.input(
            # A fresh field where the server changed the amount; otherwise what was typed stays.
            key=row.id + row.typed,
            id=row.field,
            name=row.field,
            default_value=row.typed,
            input_mode="decimal",
            auto_complete="off",
            class_name="input money",
            aria_label=_("Payment Amount") + " " + row.number,
            aria_invalid=rx.cond(wrong, "true", "false"),
            aria_describedby=rx.cond(wrong, row.field + "-problem", ""),
            on_blur=lambda typed: State.keep_amount(row.id, typed),
        ),
        class_name="field",
    )


pages = (
    Page(
        route=routes.PAY_BILLS,
        view=view,
        title=N_("Pay Bills"),
        access=RESIDENT,
        on_load=(State.load,),
    ),
)
