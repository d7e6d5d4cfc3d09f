"""Request Change of Address: where the bills are mailed to."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.address import AddressState as State
from portal.state.base import RESIDENT
from portal.ui import feedback, form, shell
from portal.ui.native import link
from portal.ui.table import Column, facts, table


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("Request Change of Address"),
        feedback.waiting(_content()),
        back=feedback.once_loaded(
            link(
                _("Account Summary"),
                to=routes.link(routes.SUMMARY) + "?account=" + State.account,
                class_name="back",
            )
        ),
    )


def _lines(lines: Any) -> Any:
    return rx.foreach(lines, lambda line: rx.el.span(line, class_name="line"))


def _content() -> Any:
    return rx.fragment(
        rx.el.p(
            State.service_address, " · ", _("Account"), " ", State.account_no, class_name="muted"
        ),
        rx.cond(State.step == "check", _check(), _type()),
        _requests(),
    )


def _type() -> Any:
    return rx.fragment(
        facts((_("Mailing address on file"), _lines(State.lines))),
        rx.cond(
            State.waiting,
            feedback.notice(
                rx.el.p(_("Your request is being looked at. You can send another after that.")),
            ),
            feedback.with_recent_sign_in(_form()),
        ),
    )


def _form() -> Any:
    typed = State.typed
    return form.form(
        rx.el.h2(_("New mailing address")),
        form.field(
            "addr1",
            _("Address"),
            hint=_("Street and number, or PO box"),
            default_value=typed["addr1"],
            auto_complete="address-line1",
        ),
        form.field(
            "addr2",
            _("Apartment, suite or unit"),
            optional=True,
            default_value=typed["addr2"],
            auto_complete="address-line2",
        ),
        form.field("city", _("City"), default_value=typed["city"], auto_complete="address-level2"),
        form.field(
            "state",
            _("State"),
            hint=_("Two letters, like CA"),
            size="short",
            default_value=typed["state"],
            auto_complete="address-level1",
        ),
        form.field(
            "zip",
            _("ZIP code"),
            size="short",
            default_value=typed["zip"],
            auto_complete="postal-code",
        ),
        form.text_area(
            "note", _("Anything our staff should know"), optional=True, default_value=typed["note"]
        ),
        form.actions(form.submit(_("Continue"))),
        on_submit=State.check,
        key=State.account,
    )


def _check() -> Any:
    return rx.el.section(
        rx.el.h2(_("Check your answers")),
        facts(
            (_("Mailing address on file"), _lines(State.lines)),
            (_("New mailing address"), _lines(State.wished)),
            (_("Note"), rx.cond(State.typed["note"] != "", State.typed["note"], _("None"))),
        ),
        rx.el.p(_("Our staff look at every request before it takes effect.")),
        form.actions(
            form.button(_("Send request"), primary=True, on_click=State.send),
            form.button(_("Change"), on_click=State.change_answers),
        ),
    )


def _requests() -> Any:
    return rx.cond(
        State.requests.length() > 0,
        rx.el.section(
            rx.el.h2(_("Your requests")),
            table(
                _("Your requests"),
                [
                    Column(_("Number"), lambda row: row.reference, head=True),
                    Column(_("Date"), lambda row: row.day),
                    Column(_("What changes"), lambda row: row.wished),
                    Column(_("Status"), _status),
                ],
                State.requests,
                hide_caption=True,
            ),
            class_name="part-gap",
        ),
    )


def _status(row: Any) -> Any:
    return rx.el.span(
        feedback.status_word(row.status, row.tone),
        rx.cond(row.reason != "", rx.el.span(row.reason, class_name="small muted note")),
        class_name="stacked",
    )


pages = (
    Page(
        route=routes.ADDRESS,
        view=view,
        title=N_("Request Change of Address"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
