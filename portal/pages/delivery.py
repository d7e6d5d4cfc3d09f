"""Bill Delivery Preference: mail, e-mail or both."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.delivery import DeliveryState as State
from portal.ui import feedback, form, shell
from portal.ui.native import link
from portal.ui.table import Column, facts, table


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("Bill Delivery Preference"),
        feedback.waiting(_content()),
        back=feedback.once_loaded(
            link(
                _("Account Summary"),
                to=routes.link(routes.SUMMARY) + "?account=" + State.account,
                class_name="back",
            )
        ),
    )


def _content() -> Any:
    return rx.fragment(
        rx.el.p(
            State.service_address, " · ", _("Account"), " ", State.account_no, class_name="muted"
        ),
        rx.match(State.step, ("check", _check()), _choose()),
        _changes(),
    )


def _choose() -> Any:
    return rx.fragment(
        facts((_("Bill Delivery Preference"), State.current)),
        rx.cond(
            State.may_change,
            feedback.with_recent_sign_in(_form()),
            feedback.notice(
                rx.el.p(
                    _("You left this address, so its bills can no longer be changed here. Call us.")
                )
            ),
        ),
    )


def _form() -> Any:
    words = city().delivery
    ways = (("MAIL", words.mail), ("EMAIL", words.email), ("BOTH", words.both))
    return form.form(
        # The problem at the choice leads here; a radio of that id would hide the others.
        rx.el.div(
            _problem("way"),
            form.group(
                _("How do you want to receive your bills?"),
                *[_way(code, text.say()) for code, text in ways],
            ),
            id="way",
            tab_index=-1,
        ),
        rx.el.p(_("Bills by email go to the address you sign in with: "), State.email),
        _problem("consent"),
        form.choice("consent", words.consent.say()),
        form.actions(form.submit(_("Continue"))),
        on_submit=State.check,
        key=State.account,
    )


def _problem(name: str) -> Any:
    return rx.cond(
        State.field_errors.contains(name), rx.el.p(State.field_errors[name], class_name="problem")
    )


def _way(code: str, text: str) -> Any:
    return form.choice(
        "way",
        text,
        kind="radio",
        id=f"way-{code.lower()}",
        value=code,
        default_checked=rx.cond(State.way != "", State.way == code, State.wanted == code),
    )


def _check() -> Any:
    return rx.el.section(
        rx.el.h2(_("Check your answers")),
        facts(
            (_("Until now"), State.current),
            (_("From your next bill"), State.way_words),
            (_("E-mail"), rx.cond(State.by_email, State.email, _("Not by email"))),
        ),
        rx.cond(
            State.by_email,
            rx.el.p(_("You agreed: "), city().delivery.consent.say(), class_name="muted"),
        ),
        form.actions(
            form.button(_("Save"), primary=True, on_click=State.confirm),
            form.button(_("Change"), on_click=State.change_answer),
        ),
    )


def _changes() -> Any:
    return rx.cond(
        State.changes.length() > 0,
        rx.el.section(
            rx.el.h2(_("Your changes")),
            table(
                _("Your changes"),
                [
                    Column(_("Date"), lambda row: row.day, head=True),
                    Column(_("Until then"), lambda row: row.old),
                    Column(_("New"), lambda row: row.new),
                    Column(_("Status"), lambda row: feedback.status_word(row.status, row.tone)),
                ],
                State.changes,
                hide_caption=True,
            ),
            class_name="part-gap",
        ),
    )


pages = (
    Page(
        route=routes.DELIVERY,
        view=view,
        title=N_("Bill Delivery Preference"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
