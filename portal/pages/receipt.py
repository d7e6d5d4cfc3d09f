"""Receipt: it prints without menus and works when bookmarked."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.receipt import ReceiptState as State
from portal.style import telephone
from portal.ui import feedback, form, shell, table
from portal.ui.native import anchor, link
from portal.ui.script import LookAgain, PrintButton
from portal.ui.table import Column


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("Receipt"),
        feedback.waiting(_content()),
        reference=(_("Payment number"), State.number),
    )


def _content() -> Any:
    return rx.fragment(
        rx.el.article(
            rx.el.div(
                rx.el.span(_("Payment number"), " ", rx.el.strong(State.number)),
                rx.el.span(State.paid_at),
                class_name="head muted",
            ),
            rx.el.div(
                rx.match(
                    State.standing,
                    ("paid", _paid()),
                    ("bank", _bank()),
                    ("confirm", _confirm()),
                    ("checking", _checking()),
                    ("staff", _staff()),
                    _unpaid(),
                ),
                role="status",
            ),
            rx.cond(
                State.is_test,
                rx.el.p(rx.el.strong(_("TEST MODE: no money moves.")), class_name="small"),
            ),
            _bills(),
            _facts(),
            aria_label=_("Receipt"),
            class_name="receipt",
        ),
        # It looks again by itself until the answer is here; nothing is ever sent from here.
        rx.cond(
            (State.standing == "checking") | (State.standing == "confirm"),
            LookAgain.create(on_look=State.load),
        ),
        rx.el.section(
            rx.el.h2(_("What happened")),
            rx.el.ol(
                rx.foreach(
                    State.steps,
                    lambda step: rx.el.li(
                        step.word, " ", rx.el.span(step.when, class_name="muted small nowrap")
                    ),
                ),
                class_name="chain",
            ),
        ),
        rx.match(
            State.standing,
            ("paid", _printing()),
            ("bank", _printing()),
            # Nothing leads to another payment while this one may still go through.
            ("checking", rx.fragment()),
            ("staff", rx.fragment()),
            ("confirm", rx.fragment()),
            form.actions(link(_("My Cart"), to=routes.link(routes.CART), class_name="button")),
        ),
    )


def _bills() -> Any:
    return rx.fragment(
        table.table(
            _("Bills in this payment"),
            [
                Column(_("Bill Number"), _number, head=True),
                Column(_("Bill Description"), lambda row: row.description),
                Column(_("Service Address"), lambda row: row.place),
                Column(_("Due Date"), lambda row: row.due),
                Column(_("Amount"), lambda row: row.amount, kind="money"),
            ],
            State.rows,
            foot=rx.el.tr(
                rx.el.th(_("Total"), scope="row", col_span=4, role="rowheader", class_name="money"),
                rx.el.td(
                    State.amount,
                    class_name="money",
                    role="cell",
                    custom_attrs={"data-label": _("Total")},
                ),
                role="row",
                class_name="sum-row",
            ),
            hide_caption=True,
        ),
        rx.cond(
            State.excess != "",
            rx.el.p(
                State.excess,
                " ",
                _("was more than the bills needed. It stands as your credit with the city."),
            ),
        ),
    )


def _number(row: Any) -> Any:
    return rx.el.span(
        row.number, rx.el.span(row.reference, class_name="note muted small"), class_name="stacked"
    )


def _facts() -> Any:
    """Draw what is true of the payment as it stands: an unpaid one counts for no day."""
    payer = ((_("Payment Method"), State.card), (_("Name"), State.payer))
    days = ((_("Counts for"), State.counts_for), (_("Posted on"), State.posted_on))
    return rx.match(
        State.standing,
        ("paid", table.facts(*payer, (_("Receipt sent to"), State.email), *days)),
        ("unpaid", table.facts(*payer)),
        table.facts(
            *payer,
            (_("Receipt goes to"), State.email),
            (_("Counts for, once paid"), State.counts_for),
        ),
    )


def _paid() -> Any:
    return rx.el.div(
        rx.el.p(State.amount, class_name="amount"),
        rx.el.p(
            feedback.status_word(_("Paid"), "good"),
            ". ",
            _("Thank you. Your payment was received."),
        ),
        class_name="stack-tight",
    )


def _bank() -> Any:
    return rx.el.div(
        rx.el.p(State.amount, class_name="amount"),
        rx.el.p(_("Your bank is sending the money. It counts as paid from today.")),
        class_name="stack-tight",
    )


def _printing() -> Any:
    return form.actions(
        PrintButton.create(_("Print")),
        link(_("Accounts"), to=routes.link(routes.ACCOUNTS), class_name="button"),
    )


def _confirm() -> Any:
    return feedback.notice(
        rx.el.p(rx.el.strong(_("Your bank asks you to confirm this payment."))),
        rx.el.p(_("You have not been charged yet. Please do not start another payment.")),
        form.actions(
            anchor(_("Continue with your bank"), href=State.bank, class_name="button primary")
        ),
        kind="warn",
        label=_("Payment under way"),
    )


def _checking() -> Any:
    return feedback.notice(
        rx.el.p(rx.el.strong(_("We are checking; do not pay again."))),
        rx.el.p(
            _(
                "Your payment was sent and the answer is not here yet. This page looks again by"
                " itself, and the receipt comes by email."
            )
        ),
        rx.el.p(
            _("Questions? Call"),
            " ",
            anchor(city().contact.phone, href=telephone(city().contact.phone)),
        ),
        form.button(_("Look again"), on_click=State.load),
        kind="warn",
        label=_("Payment under way"),
    )


def _staff() -> Any:
    return feedback.notice(
        rx.el.p(rx.el.strong(_("Our staff are looking into this payment; do not pay again."))),
        rx.el.p(
            _(
                "The card processor's answer is missing or is not what you asked to pay. You do not"
                " need to do anything. We settle it with the processor and write to you when it is"
                " done: either your receipt, or that the payment was not made."
            )
        ),
        rx.el.p(
            _("Questions? Call"),
            " ",
            anchor(city().contact.phone, href=telephone(city().contact.phone)),
        ),
        kind="warn",
        label=_("Payment under way"),
    )


def _unpaid() -> Any:
    return feedback.notice(
        rx.el.p(rx.el.strong(_("This payment did not go through."))),
        rx.el.p(State.why),
        kind="warn",
        label=_("Not paid"),
    )


pages = (
    Page(
        route=routes.RECEIPT,
        view=view,
        title=N_("Receipt"),
        access=RESIDENT,
        on_load=(State.load,),
    ),
)
