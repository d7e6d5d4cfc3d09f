"""I don't have my numbers: where they stand, who gives them, and a request to the city."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.numbers import NumbersState as State
from portal.style import telephone
from portal.ui import feedback, form, shell
from portal.ui.bill_picture import bill_picture
from portal.ui.native import anchor, link
from portal.ui.table import facts


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("I don't have my numbers"),
        rx.el.div(
            rx.el.div(
                rx.el.h2(_("On your bill")),
                rx.el.p(_("Every bill shows both numbers, on paper and as a PDF.")),
                bill_picture(),
                class_name="stack",
            ),
            _ways(),
            class_name="split",
        ),
        feedback.waiting(rx.cond(State.reference != "", _sent(), _form())),
        back=link(_("Account Link Setup"), to=routes.link(routes.LINK), class_name="back"),
    )


def _ways() -> Any:
    contact = city().contact
    return rx.el.section(
        rx.el.h2(_("From the city"), id="ways"),
        facts(
            (_("Phone"), anchor(contact.phone, href=telephone(contact.phone))),
            (_("Hours"), contact.hours.say()),
            (_("Email"), anchor(contact.email, href="mailto:" + contact.email)),
            (_("In person, with a photo ID"), ", ".join(contact.address)),
        ),
        rx.el.p(
            _(
                "We do not say on this page, or by email, whether we have an account for a name or"
                " an address."
            ),
            class_name="muted",
        ),
        aria_labelledby="ways",
    )


def _form() -> Any:
    return form.form(
        rx.el.h2(_("Ask us to send them")),
        form.field("name", _("Name on the bill"), auto_complete="name"),
        form.field(
            "address",
            _("Service address"),
            hint=_("Where you get the water: street, number and unit"),
            auto_complete="street-address",
        ),
        form.group(
            _("How shall we give you the numbers?"),
            form.choice(
                "way",
                _("Mail my numbers to my service address"),
                kind="radio",
                id="way",
                value="mail",
            ),
            form.choice(
                "way",
                _("Call me"),
                hint=_("At the phone number that we have on file for the account."),
                kind="radio",
                id="way-call",
                value="call",
            ),
        ),
        form.actions(form.submit(_("Send request"))),
        on_submit=State.send,
        key=State.drawing.to_string(),
        class_name="part-gap",
    )


def _sent() -> Any:
    return rx.el.section(
        rx.el.h2(_("What happens now"), id="next"),
        rx.el.p(
            _(
                "Our staff compare your request with the records. Where it matches, you get the"
                " numbers at the service address or by phone. Then link your account here."
            )
        ),
        form.actions(link(_("Link to Account"), to=routes.link(routes.LINK), class_name="button")),
        aria_labelledby="next",
        class_name="part-gap",
    )


pages = (
    Page(
        route=routes.NUMBERS,
        view=view,
        title=N_("I don't have my numbers"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
