"""Account Link Setup: What is the account ID? What is the CID? Submit, Cancel."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.pages.utility_billing import no_numbers, the_numbers
from portal.state.base import RESIDENT
from portal.state.utility_billing import LinkSetupState as State
from portal.ui import feedback, form, shell
from portal.ui.bill_picture import bill_picture
from portal.ui.here import IS_SHOWN
from portal.ui.native import link
from portal.ui.script import BillCode


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("Account Link Setup"),
        rx.el.p(city().search.link_help.say()),
        rx.cond(IS_SHOWN, BillCode.create(on_code=State.fill_in)),
        rx.el.div(
            feedback.waiting(feedback.with_recent_sign_in(_form())),
            bill_picture(),
            class_name="split",
        ),
        no_numbers(),
        _linked(),
    )


def _form() -> Any:
    return form.form(
        the_numbers(State, _("What is the account ID?"), _("What is the CID?")),
        form.actions(
            form.submit(_("Submit")),
            link(_("Cancel"), to=routes.link(routes.ACCOUNTS), class_name="button"),
        ),
        on_submit=State.submit,
        key=State.drawing.to_string(),
    )


def _linked() -> Any:
    return rx.cond(
        IS_SHOWN & (State.rows.length() > 0),
        rx.el.section(
            rx.el.h2(_("Linked accounts"), id="linked"),
            rx.el.ul(
                rx.foreach(
                    State.rows,
                    lambda row: rx.el.li(
                        link(
                            row.account_no,
                            ", ",
                            row.address,
                            to=routes.link(routes.SUMMARY) + "?account=" + row.account,
                            class_name="tap",
                        )
                    ),
                ),
                class_name="plain",
            ),
            aria_labelledby="linked",
            class_name="part-gap",
        ),
    )


pages = (
    Page(
        route=routes.LINK,
        view=view,
        title=N_("Account Link Setup"),
        access=RESIDENT,
        on_load=(State.load,),
        module="utility_billing",
    ),
)
