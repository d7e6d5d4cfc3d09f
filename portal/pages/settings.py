"""Account Settings, as step 3 of Pleasanton's guide: Account Information, Linked Accounts."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.settings import SettingsState as State
from portal.state.shell import ShellState
from portal.ui import feedback, form, menu, shell
from portal.ui.native import link, native_form
from portal.ui.table import Column, facts, table


def view() -> Any:
    """Draw Account Settings."""
    return shell.page(
        _("Account Settings"),
        feedback.waiting(
            rx.el.div(
                _information(), *_linked(), _more(), _browsers(), _yours(), class_name="parts"
            )
        ),
    )


def _information() -> Any:
    return rx.el.section(
        rx.el.h2(_("Account Information")),
        rx.cond(State.failed_since, _failed()),
        facts(
            (_("Now logged in as"), State.logged_in_as),
            (_("Last successful login"), State.last_success),
            (_("Last failed login"), State.last_failure),
            (
                _("Password last changed"),
                _with_link(
                    rx.cond(State.is_local, State.last_changed, _("No password")),
                    _("Change Password"),
                    routes.SETTINGS_PASSWORD,
                ),
            ),
            (
                _("E-Mail address"),
                _with_link(State.email, _("Change E-Mail Address"), routes.SETTINGS_EMAIL),
            ),
        ),
        rx.cond(
            State.new_email != "",
            feedback.notice(
                rx.el.p(
                    _("Waiting for both addresses to confirm the change to"),
                    " ",
                    rx.el.strong(State.new_email),
                    ".",
                )
            ),
        ),
    )


def _with_link(value: Any, words: str, path: str) -> Any:
    if not menu.is_offered(path):
        return value
    return rx.el.span(value, " ", link(words, to=routes.link(path)))


def _failed() -> Any:
    return feedback.notice(
        rx.el.p(
            _(
                "Since you last signed in, somebody entered a wrong password for your account."
                " If it was not you, change your password."
            )
        ),
        kind="warn",
    )


def _linked() -> list[Any]:
    if not menu.is_offered(routes.ACCOUNTS):
        return []
    return [
        rx.el.section(
            rx.el.h2(_("Linked Accounts")),
            rx.el.p(
                _(
                    'Existing accounts can be "linked" to your sign-in. The links give you quick'
                    ' access to an account\'s details and bills. Choose "link to account" to reach'
                    " the page where new account links can be created."
                )
            ),
            rx.el.div(
                rx.el.h3(_("Utility Billing Payment Accounts")),
                link(_("link to account"), to=routes.link(routes.LINK), class_name="tap"),
                class_name="row",
            ),
            rx.cond(
                State.links.length() > 0,
                _links(),
                feedback.empty(_("There are currently no linked accounts")),
            ),
            form.actions(
                link(
                    _("Go To Module Homepage"),
                    rx.el.span(
                        " ", city().portal.utility_billing.say(), class_name="visually-hidden"
                    ),
                    to=routes.link(routes.UTILITY_BILLING),
                    class_name="button primary",
                )
            ),
        )
    ]


def _home_of_module() -> str:
    return city().portal.utility_billing.say()


def _links() -> Any:
    return table(
        _("Utility Billing Payment Accounts"),
        [
            Column(
                _("Account"),
                lambda row: link(
                    row.account_no, to=routes.link(routes.SUMMARY) + "?account=" + row.account
                ),
                head=True,
            ),
            Column(_("Customer"), lambda row: row.customer),
            Column(_("Service Address"), lambda row: row.address),
            Column(
                _("Remove"),
                lambda row: link(
                    _("remove"),
                    rx.el.span(" ", row.account_no, class_name="visually-hidden"),
                    to=routes.link(routes.ACCOUNTS) + "?remove=" + row.link_id,
                ),
                hide_label=True,
            ),
        ],
        State.links,
        hide_caption=True,
        phone="cards brief",
    )


def _user_id() -> Any:
    return form.form(
        form.field(
            "user_id",
            _("User ID"),
            optional=True,
            hint=_("Between 1 and 20 characters, to sign in with instead of your email."),
            size="short",
            auto_complete="off",
            auto_capitalize="none",
            spell_check=False,
            default_value=State.user_id,
            key=State.user_id,
        ),
        form.actions(form.button(_("Save User ID"), kind="submit")),
        on_submit=State.save_user_id,
    )


def _more() -> Any:
    named = (
        (_("Passkeys and two-step sign-in"), routes.SETTINGS_SECURITY),
        (_("Who looked at my account"), routes.SETTINGS_ACTIVITY),
    )
    links = [
        rx.el.li(link(words, to=routes.link(path)))
        for words, path in named
        if menu.is_offered(path)
    ]
    others = _("Sign in with another provider")
    links.append(
        rx.cond(
            State.has_providers,
            rx.el.li(link(others, to=routes.link(routes.SETTINGS_CONNECTIONS))),
        )
    )
    return rx.el.section(
        rx.el.h2(_("Signing in and messages")),
        rx.el.ul(*links, class_name="links down"),
        feedback.with_recent_sign_in(_user_id()),
        form.form(
            form.select(
                "language",
                _("Language of our messages"),
                [("en", "English"), ("es", "Español")],
                default_value=State.language,
                key=State.language,
            ),
            form.actions(form.button(_("Save language"), kind="submit")),
            on_submit=State.save_language,
            class_name="part-gap",
        ),
    )


def _browsers() -> Any:
    return rx.el.section(
        rx.el.h2(_("Where you are signed in")),
        table(
            _("Where you are signed in"),
            [
                Column(_("Browser"), lambda row: row.name, head=True),
                Column(_("Network"), lambda row: row.network),
                Column(_("Since"), lambda row: row.since),
                Column(_("Last seen"), lambda row: row.seen),
                Column(_("Sign out"), _end, hide_label=True),
            ],
            State.browsers,
            hide_caption=True,
        ),
        native_form(
            rx.el.input(type="hidden", name="csrf", value=ShellState.csrf),
            form.actions(form.button(_("Sign out everywhere"), kind="submit")),
            action=routes.localized(routes.POST_SIGN_OUT_EVERYWHERE),
            custom_attrs={"data-sign-out": ""},
        ),
        rx.el.p(
            _("This signs you out here too. Do it when a device is lost or used by others."),
            class_name="muted",
        ),
    )


def _end(row: Any) -> Any:
    return rx.cond(
        row.is_this,
        feedback.status_word(_("This browser"), "good"),
        form.button(
            _("Sign out"),
            rx.el.span(" ", row.name, class_name="visually-hidden"),
            on_click=State.end_browser(row.handle),
        ),
    )


def _yours() -> Any:
    offered = [
        rx.el.li(link(words, to=routes.link(path)))
        for words, path in (
            (_("Export my data"), routes.SETTINGS_EXPORT),
            (_("Close my account"), routes.SETTINGS_CLOSE),
        )
        if menu.is_offered(path)
    ]
    if not offered:
        return rx.fragment()
    return rx.el.section(
        rx.el.h2(_("Your data")),
        rx.el.p(
            _("Take a copy of what this portal holds about you, or end your use of it."),
        ),
        rx.el.ul(*offered, class_name="links down"),
    )


pages = (
    Page(
        route=routes.SETTINGS,
        view=view,
        title=N_("Account Settings"),
        access=RESIDENT,
        on_load=(State.load,),
    ),
)
