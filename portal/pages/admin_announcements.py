"""Announcements: the list, and the form that writes one in both languages."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import N_, _
from portal.pages import Page
from portal.pages.admin_parts import section
from portal.state.admin_announcements import AdminAnnouncementsState
from portal.state.base import STAFF
from portal.ui import shell
from portal.ui.feedback import empty, status_word, waiting
from portal.ui.form import actions, button, field, form, submit, text_area
from portal.ui.native import link
from portal.ui.table import Column, table

_STATE = AdminAnnouncementsState


def view() -> Any:
    """Draw the list and, for administrators, the form."""
    return shell.page(
        _("Announcements"),
        waiting(
            rx.fragment(
                rx.cond(
                    _STATE.rows.length() > 0,
                    _list(),
                    empty(_("No announcement yet. The home page says so.")),
                ),
                rx.cond(_STATE.may_act, _form()),
            ),
        ),
    )


def _list() -> Any:
    return table(
        _("Announcements, newest first"),
        [
            Column(_("Title"), _title, head=True),
            Column(_("Languages"), lambda row: row.languages),
            Column(_("From"), lambda row: row.starts),
            Column(_("To"), lambda row: row.ends),
            Column(_("Status"), lambda row: status_word(row.status, row.tone)),
            Column(_("Action"), _end, kind="act", shown=_STATE.may_act),
        ],
        _STATE.rows,
        dense=True,
    )


def _title(row: Any) -> Any:
    return link(row.title, to=routes.link(routes.ADMIN_ANNOUNCEMENTS) + "?id=" + row.id)


def _end(row: Any) -> Any:
    return rx.cond(~row.over, button(_("End now"), on_click=_STATE.end(row.id)))


def _form() -> Any:
    draft = _STATE.draft
    rich = _("Plain text, or simple HTML: paragraphs, lists, bold, links.")
    return section(
        rx.cond(draft.id != "", _("Change the announcement"), _("Write an announcement")),
        "write",
        rx.cond(
            draft.id != "",
            link(
                _("Write a new one instead"),
                to=routes.link(routes.ADMIN_ANNOUNCEMENTS),
                class_name="tap",
            ),
        ),
        form(
            rx.el.input(type="hidden", name="id", value=draft.id),
            field("title_en", _("Title (English)"), default_value=draft.title_en),
            text_area("body_en", _("Text (English)"), hint=rich, default_value=draft.body_en),
            field("title_es", _("Title (Spanish)"), optional=True, default_value=draft.title_es),
            text_area("body_es", _("Text (Spanish)"), optional=True, default_value=draft.body_es),
            field(
                "starts",
                _("Shown from"),
                optional=True,
                hint=_("The city's time. Empty: from now on."),
                type="datetime-local",
                default_value=draft.starts,
            ),
            field(
                "ends",
                _("Shown until"),
                optional=True,
                hint=_("Empty: until you end it."),
                type="datetime-local",
                default_value=draft.ends,
            ),
            actions(submit(_("Publish"))),
            on_submit=_STATE.save,
            key=_STATE.form_key,
        ),
    )


pages = (
    Page(
        route=routes.ADMIN_ANNOUNCEMENTS,
        view=view,
        title=N_("Announcements"),
        access=STAFF,
        on_load=(_STATE.load,),
    ),
)
