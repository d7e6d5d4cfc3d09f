"""Who looked at my account: what was done, by whom and when; and what to do about it."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.activity import ActivityState as State
from portal.state.base import RESIDENT
from portal.state.shell import ShellState
from portal.style import telephone
from portal.ui import feedback, form, shell
from portal.ui.native import anchor, link, native_form
from portal.ui.table import Column, numbered, table
from portal.ui.table import pages as page_links


def view() -> Any:
    """Draw the page."""
    return shell.page(
        _("Who looked at my account"),
        rx.el.p(
            _(
                "Who signed in as you, who looked at the accounts you hold, and what was changed"
                " or downloaded. The newest stands first."
            )
        ),
        feedback.waiting(_narrowing(), _log()),
        _not_me(),
        _what_is_noted(),
        back=link(_("Account Settings"), to=routes.link(routes.SETTINGS), class_name="back"),
    )


def _narrowing() -> Any:
    kinds = [
        ("", _("Everything")),
        ("sign-ins", _("Sign-ins")),
        ("staff", _("City staff")),
        ("people", _("People I share with")),
        ("files", _("Exports and downloads")),
    ]
    return form.form(
        form.select("show", _("Show"), kinds, default_value=State.show),
        rx.cond(State.places.length() > 1, _which_account()),
        form.field("begin", _("Beginning Date"), type="date", default_value=State.begin),
        form.field("end", _("End Date"), type="date", default_value=State.end),
        form.button(_("Apply"), kind="submit"),
        on_submit=State.narrow,
        # Drawn anew for each address: the browser keeps what was chosen in a drawn field.
        key=State.here,
        class_name="filters no-print",
    )


def _which_account() -> Any:
    options = rx.fragment(
        rx.el.option(_("All accounts"), value=""),
        rx.foreach(State.places, lambda place: rx.el.option(place.name, value=place.id)),
    )
    return form.select("account", _("Account"), options, default_value=State.account)


def _log() -> Any:
    return rx.cond(
        State.rows.length() > 0,
        rx.fragment(
            rx.el.div(
                rx.el.span(State.total),
                anchor(_("Download as a spreadsheet (CSV)"), href=State.file, class_name="tap"),
                class_name="row no-print",
            ),
            _rows(),
            rx.cond(
                State.last > 1,
                page_links(State.page, State.last, numbered(State.here)),
            ),
        ),
        feedback.empty(
            _("Nothing of this kind was noted in these days."),
            rx.el.p(link(_("Show everything"), to=routes.link(routes.SETTINGS_ACTIVITY))),
        ),
    )


def _rows() -> Any:
    return table(
        _("What happened"),
        [
            Column(_("What happened"), lambda row: row.said, head=True, hide_label=True),
            Column(_("When"), lambda row: row.at, kind="nowrap"),
            Column(_("Account"), lambda row: row.account_no),
            Column(_("From"), lambda row: row.place),
        ],
        State.rows,
        hide_caption=True,
        phone="cards brief",
    )


def _not_me() -> Any:
    contact = city().contact
    return rx.el.section(
        rx.el.h2(_("This was not me")),
        rx.el.p(
            _(
                "If you do not know a sign-in, choose a new password and sign out everywhere:"
                " nobody stays in. Take away the access of people you no longer share with."
            )
        ),
        rx.el.ul(
            rx.el.li(link(_("Change Password"), to=routes.link(routes.SETTINGS_PASSWORD))),
            rx.el.li(
                link(_("Passkeys and two-step sign-in"), to=routes.link(routes.SETTINGS_SECURITY))
            ),
            rx.el.li(link(_("Accounts and who has access"), to=routes.link(routes.ACCOUNTS))),
            rx.el.li(_("Call us"), ": ", anchor(contact.phone, href=telephone(contact.phone))),
            class_name="links down",
        ),
        native_form(
            rx.el.input(type="hidden", name="csrf", value=ShellState.csrf),
            form.actions(form.button(_("Sign out everywhere"), kind="submit")),
            action=routes.localized(routes.POST_SIGN_OUT_EVERYWHERE),
            custom_attrs={"data-sign-out": ""},
        ),
        class_name="part-gap no-print",
    )


def _what_is_noted() -> Any:
    said = (
        _("Every sign-in, every wrong password, and every change to how you sign in."),
        _("Every time city staff open your customer record, your sign-in, a bill or a payment."),
        _(
            "Looks at an account, its bills and its water use by others who have it, once a day"
            " for each. People you share with do not see this list."
        ),
        _("Every export, every download, and who was given or lost access to an account."),
    )
    return rx.el.section(
        rx.el.h2(_("What is noted, and for how long")),
        rx.el.ul(*[rx.el.li(one) for one in said], class_name="bullets"),
        rx.el.p(
            _(
                "You see what happened during your own time at an account. City staff are shown"
                " without a name, other people with part of their address. Nobody can change or"
                " delete an entry, and none expires while this portal is in use."
            )
        ),
    )


pages = (
    Page(
        route=routes.SETTINGS_ACTIVITY,
        view=view,
        title=N_("Who looked at my account"),
        access=RESIDENT,
        on_load=(State.load,),
    ),
)
