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
    )


def _content() -> Any:
    return rx.fragment(
        rx.el.div(
            rx.match(
                State.standing,
                ("paid", _paid()),
                ("bank", _bank()),
                ("confirm", _confirm()),
                ("checking", _checking()),
                _unpaid(),
            ),
            role="status",
        ),
        # It looks again by itself until the answer is here; nothing is ever sent from here.
        rx.cond(
            (State.standing == "checking") | (State.standing == "confirm"),
            LookAgain.create(on_look=State.load),
        ),
        rx.cond(
            State.is_test,
            rx.el.p(rx.el.strong(_("TEST MODE: no money moves.")), class_name="small"),
        ),
        table.facts(
            (_("Payment number"), State.number),
            (_("Amount"), State.amount),
            (_("Made"), State.paid_at),
            (_("Payment Method"), State.card),
            (_("Name"), State.payer),
            (_("Receipt sent to"), State.email),
            (_("Counts for"), State.counts_for),
            (_("Posted on"), State.posted_on),
        ),
        rx.el.section(
            rx.el.h2(_("Bills")),
            table.table(
                _("Bills in this payment"),
                [
                    Column(_("Bill Number"), lambda row: row.number, head=True),
                    Column(_("Bill Description"), lambda row: row.description),
                    Column(_("Service Address"), lambda row: row.place),
                    Column(_("Due Date"), lambda row: row.due),
                    Column(_("Reference"), lambda row: row.reference),
                    Column(_("Amount"), lambda row: row.amount, kind="money"),
                ],
                State.rows,
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
        ),
        rx.el.section(
            rx.el.h2(_("What happened")),
            rx.el.ol(
                rx.foreach(
                    State.steps,
                    lambda step: rx.el.li(
                        step.word, " ", rx.el.span(step.when, class_name="muted small")
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
            ("confirm", rx.fragment()),
            form.actions(link(_("My Cart"), to=routes.link(routes.CART), class_name="button")),
        ),
        rx.el.p(
            city().full_name,
            " · ",
            city().contact.phone,
            rx.el.br(),
            State.address,
            class_name="print-only small",
        ),
    )


def _paid() -> Any:
    return rx.el.div(
        rx.el.p(_("Thank you. Your payment was received.")),
        rx.el.p(State.amount, class_name="amount"),
        class_name="notice good",
    )


def _bank() -> Any:
    return feedback.notice(
        rx.el.p(_("Your bank is sending the money. It counts as paid from today.")),
        rx.el.p(State.amount, class_name="amount"),
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
