"""My Notifications: the guideline, the threshold and its rehearsal, Suspend, Email 1 to 3, Save."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _, clock_time
from portal.pages import Page
from portal.state.base import RESIDENT
from portal.state.notifications import NotificationState
from portal.ui import feedback, form, shell, table
from portal.ui.native import link
from portal.ui.table import Column


def view() -> Any:
    """Draw My Notifications."""
    return shell.page(
        _("My Notifications"),
        feedback.waiting(_content()),
        back=feedback.once_loaded(
            link(
                _("Back to Usage"),
                to=routes.link(routes.USAGE) + "?account=" + NotificationState.account,
                class_name="back no-print",
            )
        ),
    )


def _content() -> Any:
    return rx.fragment(
        rx.el.p(
            _("Account ID:"),
            " ",
            NotificationState.account_no,
            ", ",
            _("Customer ID:"),
            " ",
            NotificationState.cid,
            class_name="lead",
        ),
        rx.cond(
            NotificationState.moved_out != "",
            feedback.notice(rx.el.p(NotificationState.moved_out)),
            rx.cond(NotificationState.has_meter, _editable(), _no_meter()),
        ),
    )


def _no_meter() -> Any:
    return feedback.empty(
        _("There are no daily readings for this account, so no alerts can be sent."),
        link(
            _("View Consumption"),
            to=routes.link(routes.CONSUMPTION) + "?account=" + NotificationState.account,
            class_name="tap",
        ),
    )


def _editable() -> Any:
    return rx.el.div(
        rx.cond(
            NotificationState.ended,
            feedback.notice(
                rx.el.p(
                    _(
                        "These alerts ended when you no longer had access to this account."
                        " Choose Save to get them again."
                    )
                ),
                kind="warn",
            ),
        ),
        rx.el.section(
            rx.el.p(
                _(
                    "We will alert you when your daily water usage is higher than your requested"
                    " threshold. For example, 100 means 100 gallons per day: you receive a"
                    " notification when you use more than 100 gallons in a day."
                )
            ),
            rx.cond(
                NotificationState.average != "",
                rx.el.p(
                    _("As a guideline your usage average for the past 30 days is"),
                    " ",
                    rx.el.strong(NotificationState.average),
                    ".",
                ),
            ),
            _suggestions(),
        ),
        _form(),
        _small_print(),
        class_name="parts",
    )


def _suggestions() -> Any:
    return rx.cond(
        NotificationState.average != "",
        rx.el.div(
            table.table(
                _("How often these would have alerted you in the last 90 days"),
                [
                    Column(_("Threshold (gallons a day)"), lambda row: row.gallons, head=True),
                    Column(_("Last 90 days"), lambda row: row.alerts, kind="number"),
                ],
                NotificationState.suggestions,
                dense=True,
            ),
            class_name="usage-part column",
        ),
    )


def _form() -> Any:
    return rx.el.section(
        rx.el.h2(_("Add/Edit Notification")),
        form.form(
            form.field(
                "threshold",
                _("Notification Threshold"),
                hint=_("Gallons a day."),
                size="short",
                inputmode="numeric",
                default_value=NotificationState.threshold,
                on_change=NotificationState.rehearse.debounce(400),
            ),
            rx.el.p(NotificationState.rehearsal, role="status", class_name="rehearsal"),
            form.choice(
                "suspend",
                _("Suspend"),
                hint=_('To deactivate your notifications check the "Suspend" checkbox.'),
                default_checked=NotificationState.suspended,
            ),
            form.group(
                rx.el.h3(_("Emails to send to (Up to 3)")),
                _email("email_1", _("Email 1"), NotificationState.email_1),
                _email("email_2", _("Email 2"), NotificationState.email_2, optional=True),
                _email("email_3", _("Email 3"), NotificationState.email_3, optional=True),
                hint=_(
                    "Any address but your own gets one message first. Alerts go there only once"
                    " its owner agrees."
                ),
            ),
            form.actions(
                form.submit(_("Save")),
                # Said aloud at the top of the page already; seen here, where the button is.
                rx.cond(
                    NotificationState.just_saved & (NotificationState.notice != ""),
                    rx.el.span(_("Saved."), class_name="status good", aria_hidden="true"),
                ),
            ),
            on_submit=NotificationState.save,
            class_name="stack",
        ),
    )


def _email(name: str, label: str, row: Any, *, optional: bool = False) -> Any:
    return form.field(
        name,
        label,
        optional=optional,
        type="email",
        auto_complete="off" if optional else "email",
        default_value=row.email,
        # Drawn anew when another address is saved here: its standing belongs to that one.
        key=row.email,
        standing=rx.cond(row.word != "", _standing(row)),
    )


def _standing(row: Any) -> Any:
    return rx.el.div(
        feedback.status_word(row.word, row.tone),
        rx.cond(row.note != "", rx.el.span(row.note, class_name="muted")),
        rx.cond(
            row.send != "",
            form.button(
                row.send,
                rx.el.span(" ", row.email, class_name="visually-hidden"),
                on_click=NotificationState.send_again(row.email),
            ),
        ),
        rx.cond(
            row.can_start,
            form.button(_("Start again"), on_click=NotificationState.start_own),
        ),
        class_name="standing",
    )


def _small_print() -> Any:
    town = city()
    return rx.el.section(
        rx.el.p(
            _(
                "Alerts are sent at %(time)s each day, once for each day of use.",
                time=clock_time(town.usage.alerts_at),
            ),
            " ",
            NotificationState.freshness,
            " ",
            town.usage.delay_note.say(),
        ),
        rx.el.p(_("Estimated readings never raise an alert.")),
        rx.el.p(rx.el.strong(_("Disclaimer: ")), town.usage.alert_disclaimer.say()),
        rx.el.p(town.usage.charges_disclaimer.say()),
        class_name="muted",
    )


pages = (
    Page(
        route=routes.NOTIFICATIONS,
        view=view,
        title=N_("My Notifications"),
        access=RESIDENT,
        on_load=(NotificationState.load,),
        module="utility_billing",
    ),
)
