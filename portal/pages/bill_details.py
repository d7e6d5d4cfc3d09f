"""Bill Details: reads like the paper. Who, how much, by when, why, reads, charges, history."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.bill_details import BillDetailsState as State
from portal.ui import bars, feedback, form, menu, shell, table
from portal.ui.here import IS_LOADED
from portal.ui.native import anchor, link
from portal.ui.script import BillCode
from portal.ui.table import Column


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("Bill Details"),
        BillCode.create(),
        feedback.waiting(_content()),
        rx.cond(
            IS_LOADED & State.missing,
            rx.el.p(
                link(_("Link this bill's account"), to=routes.link(routes.LINK), class_name="tap")
            ),
        ),
        back=feedback.once_loaded(
            link(
                _("Manage Bills"),
                to=routes.link(routes.BILLS) + "?account=" + State.head.account,
                class_name="back",
            )
        ),
        reference=(_("Bill Number"), State.head.number),
    )


def _content() -> Any:
    return rx.fragment(
        _who(),
        _amount(),
        _why(),
        _reads(),
        _charges(),
        _payments(),
        _history(),
        _message(),
    )


def _who() -> Any:
    return rx.el.section(
        rx.el.div(
            table.facts(
                (_("Customer Name"), State.head.name),
                (
                    _("Address"),
                    rx.foreach(State.address, lambda one: rx.el.span(one, class_name="line")),
                ),
                (
                    _("Service Address"),
                    rx.fragment(
                        rx.el.span(State.head.service_address, class_name="line"),
                        rx.el.span(State.head.place, class_name="line"),
                    ),
                ),
            ),
            table.facts(
                (_("Bill Number"), State.head.number),
                (
                    _("Account Number - Customer Number"),
                    rx.el.span(State.head.account_no, " - ", State.head.customer_id),
                ),
                (_("Statement Date"), State.head.statement_date),
                (_("Due Date"), State.head.due_date),
                (_("Billing period"), State.head.period),
            ),
            class_name="split",
        ),
        aria_label=_("Who this bill is for"),
    )


def _amount() -> Any:
    return rx.el.section(
        rx.el.div(
            rx.el.dl(
                rx.el.dt(State.head.amount_label),
                rx.el.dd(table.money(State.head.amount, big=True)),
                rx.el.dt(_("Status")),
                rx.el.dd(feedback.status_word(State.head.status, State.head.tone)),
                class_name="due",
            ),
            rx.el.div(_add_to_cart(), _documents(), class_name="row no-print"),
            _qr(),
            class_name="sum",
        ),
        rx.cond(
            State.head.scan != "",
            rx.el.p(
                _("For the payment counter"),
                ": ",
                rx.el.code(State.head.scan),
                class_name="print-only",
            ),
        ),
        rx.cond(State.head.note != "", rx.el.p(State.head.note)),
        aria_label=_("Amount due"),
    )


def _qr() -> Any:
    """Draw the paper's code: to go on with the bill on a phone. On the phone itself it is none."""
    return rx.cond(
        State.head.qr != "",
        rx.el.figure(
            rx.el.img(
                src=State.head.qr,
                alt=_("QR code that leads to this bill in the portal, to be paid there"),
            ),
            rx.el.figcaption(_("Scan to pay")),
            class_name="qr wide-only",
        ),
    )


def _add_to_cart() -> Any:
    if not menu.is_offered(routes.CART):
        return rx.fragment()
    return rx.cond(
        State.head.payable,
        form.button(_("Add to Cart"), primary=True, on_click=State.add_to_cart),
        rx.fragment(),
    )


def _documents() -> Any:
    return rx.fragment(
        rx.cond(
            State.head.image != "",
            anchor(_("The city's own print (PDF)"), href=State.head.image, class_name="tap"),
            rx.fragment(),
        ),
        anchor(_("Download this bill (PDF)"), href=State.head.document, class_name="tap"),
    )


def _why() -> Any:
    return rx.el.section(
        rx.el.h2(_("Why this amount")),
        rx.el.p(State.head.why, class_name="lead"),
        rx.cond(State.head.average != "", rx.el.p(State.head.average)),
        rx.cond(
            State.changes.length() > 0,
            rx.el.details(
                rx.el.summary(_("Compare with the last bill, charge by charge")),
                table.table(
                    _("This bill beside bill") + " " + State.head.previous,
                    [
                        Column(_("Charge"), lambda row: row.name, head=True, hide_label=True),
                        Column(_("Last bill"), lambda row: row.before, kind="money"),
                        Column(_("This bill"), lambda row: row.amount, kind="money"),
                        Column(_("Difference"), lambda row: row.change, kind="money", beside=True),
                    ],
                    State.changes,
                    phone="cards brief",
                ),
                class_name="more",
            ),
            rx.fragment(),
        ),
    )


def _reads() -> Any:
    return rx.cond(
        State.reads.length() > 0,
        rx.el.section(
            rx.el.h2(_("Meter reads")),
            table.table(
                _("Meter reads"),
                [
                    Column(_("Meter Number"), lambda row: row.meter, head=True),
                    Column(_("Previous Read Date"), lambda row: row.previous_date),
                    Column(_("Current Read Date"), lambda row: row.current_date),
                    Column(_("Previous Meter Read"), lambda row: row.previous, kind="number"),
                    Column(_("Current Meter Read"), lambda row: row.current, kind="number"),
                    Column(_("Usage (Units)"), lambda row: row.usage, kind="number"),
                    Column(_("Read"), lambda row: row.kind),
                ],
                State.reads,
                hide_caption=True,
            ),
            rx.cond(State.head.unit != "", rx.el.p(State.head.unit, class_name="muted")),
            rx.foreach(State.read_notes, lambda said: feedback.notice(rx.el.p(said))),
        ),
        rx.fragment(),
    )


def _charges() -> Any:
    return rx.el.section(
        rx.el.h2(_("Charges")),
        table.table(
            _("Charges"),
            [
                Column(_("Charge"), _charge, head=True),
                Column(_("Amount"), lambda row: row.amount, kind="money"),
            ],
            State.charges,
            foot=_foot(_("Total charges"), State.head.charges),
            hide_caption=True,
            phone="narrow",
        ),
        rx.cond(State.sums.length() > 1, _sums(), rx.fragment()),
        rx.cond(State.installments.length() > 0, _installments(), rx.fragment()),
    )


def _charge(row: Any) -> Any:
    return rx.el.span(
        row.name,
        rx.cond(row.detail != "", rx.el.span(row.detail, class_name="small muted note")),
        class_name="stacked",
    )


def _foot(name: Any, amount: Any) -> Any:
    return rx.el.tr(
        rx.el.th(name, scope="row", role="rowheader"),
        rx.el.td(amount, class_name="money", role="cell"),
        role="row",
    )


def _sums() -> Any:
    return table.table(
        _("How the balance comes about"),
        [
            Column(_("What"), lambda row: row.name, head=True),
            Column(_("Amount"), lambda row: row.amount, kind="money"),
        ],
        State.sums,
        foot=_foot(State.head.amount_label, State.head.amount),
        phone="narrow",
    )


def _installments() -> Any:
    return table.table(
        _("Due in parts"),
        [
            Column(_("Part"), lambda row: row.name, head=True),
            Column(_("Pay By"), lambda row: row.detail),
            Column(_("Amount"), lambda row: row.amount, kind="money"),
            Column(_("Due"), lambda row: row.before, kind="money"),
        ],
        State.installments,
    )


def _payments() -> Any:
    return rx.el.section(
        rx.el.h2(_("About Your Payments"), id="payments"),
        rx.cond(
            State.payments.length() + State.booked.length() > 0,
            rx.fragment(
                rx.foreach(State.payments, _portal_payment),
                rx.cond(
                    State.booked.length() > 0,
                    table.table(
                        _("Booked by the city"),
                        [
                            Column(_("What"), lambda row: row.what, head=True),
                            Column(_("Posted"), lambda row: row.posted),
                            Column(_("Amount"), lambda row: row.amount, kind="money"),
                        ],
                        State.booked,
                        phone="narrow",
                    ),
                    rx.fragment(),
                ),
            ),
            feedback.empty(_("Nothing has been paid on this bill yet.")),
        ),
    )


def _portal_payment(row: Any) -> Any:
    """Draw a payment made here with the chain of its states."""
    return rx.el.div(
        rx.el.h3(row.what, ": ", table.money(row.amount)),
        rx.el.p(row.posted, " · ", rx.el.strong(row.state)),
        rx.cond(row.reason != "", rx.el.p(row.reason)),
        rx.el.ol(
            rx.foreach(
                row.steps,
                lambda step: rx.el.li(
                    step.name,
                    rx.cond(
                        step.when != "",
                        rx.el.span(" ", step.when, class_name="muted small"),
                        rx.fragment(),
                    ),
                ),
            ),
            class_name="chain",
        ),
        class_name="stack-tight",
    )


def _history() -> Any:
    return rx.cond(
        State.history.length() > 0,
        rx.el.section(
            rx.el.h2(_("The last 13 months")),
            table.figure_with_table(
                bars.bar_chart(State.bars),
                _("Usage on each bill. The last bar is this bill."),
                table.table(
                    _("The last 13 months"),
                    [
                        Column(_("Bill"), lambda row: row.number, head=True),
                        Column(_("Bill Date"), lambda row: row.bill_date),
                        Column(_("Days"), lambda row: row.days, kind="number"),
                        Column(_("Usage"), lambda row: row.usage, kind="number"),
                        Column(_("Charges"), lambda row: row.charges, kind="money", beside=True),
                    ],
                    State.history,
                    hide_caption=True,
                    dense=True,
                    phone="cards brief",
                ),
                label=_("The last 13 months"),
            ),
        ),
        rx.fragment(),
    )


def _message() -> Any:
    return rx.cond(
        State.head.message != "",
        rx.el.section(
            rx.el.h2(_("Message from the city")),
            rx.el.p(State.head.message),
        ),
        rx.fragment(),
    )


pages = (
    Page(
        route=routes.BILL,
        view=view,
        title=N_("Bill Details"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
