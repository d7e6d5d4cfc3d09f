"""Utility Billing: Account Number, Customer ID, Remember these values, Search, Reset."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.utility_billing import UtilityBillingState as State
from portal.ui import feedback, form, shell
from portal.ui.bill_picture import bill_picture
from portal.ui.native import link


def view() -> Any:
    """Draw the search."""
    return shell.page(
        city().portal.utility_billing.say(),
        rx.el.p(city().search.intro.say()),
        rx.el.ul(
            rx.el.li(link(_("Accounts"), to=routes.link(routes.ACCOUNTS))),
            rx.el.li(link(_("Link to Account"), to=routes.link(routes.LINK))),
            class_name="links",
        ),
        feedback.waiting(rx.cond(State.only_looks, _looks_only()), _form()),
        rx.el.details(
            rx.el.summary(_("Where do I find these numbers?")),
            bill_picture(),
        ),
        no_numbers(),
    )


def _looks_only() -> Any:
    return feedback.sign_in_again(
        _(
            "This browser remembers you for looking: a search finds the accounts that you linked."
            " To link another one, sign in again."
        )
    )


def no_numbers() -> Any:
    """Draw the way for who has no bill at hand."""
    return rx.el.p(link(_("I don't have my numbers"), to=routes.link(routes.NUMBERS)))


def _form() -> Any:
    return form.form(
        the_numbers(State, _("Account Number"), _("Customer ID")),
        form.choice("remember", _("Remember these values"), default_checked=State.remember),
        form.actions(form.submit(_("Search")), form.button(_("Reset"), on_click=State.reset_form)),
        on_submit=State.search,
        key=State.drawing.to_string(),
    )


def the_numbers(state: Any, account_label: Any, cid_label: Any) -> Any:
    """Draw the two numbers of a bill that name an account, and the third fact when asked for."""
    return rx.fragment(
        form.field(
            "account_no",
            account_label,
            hint=_("Spaces, dashes and leading zeros do not matter."),
            default_value=state.account_no,
            size="short",
            auto_complete="off",
        ),
        form.field("cid", cid_label, default_value=state.cid, size="short", auto_complete="off"),
        rx.cond(state.asks_amount, _third_fact(state)),
    )


def _third_fact(state: Any) -> Any:
    """Draw the third fact, asked for when somebody guesses: the last bill's amount, or a code."""
    return rx.el.fieldset(
        rx.el.legend(_("One more thing, to be sure")),
        form.field(
            "amount",
            _("Amount of your last bill"),
            hint=_(
                "As printed on it, like 127.11. We ask because wrong numbers were tried lately."
            ),
            size="short",
            input_mode="decimal",
        ),
        rx.el.p(_("Or have a code emailed to the address the city has on file for the account.")),
        rx.cond(
            state.code_sent,
            form.field(
                "code",
                _("Code from the email"),
                hint=_("Six digits. If none comes, the city may have no address for you."),
                size="short",
                input_mode="numeric",
                auto_complete="one-time-code",
            ),
        ),
        form.button(
            rx.cond(state.code_sent, _("Email another code"), _("Email me a code")),
            on_click=state.mail_code,
        ),
        class_name="stack",
    )


pages = (
    Page(
        route=routes.UTILITY_BILLING,
        view=view,
        title=N_("Utility Billing"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
