"""What an act had to say: problems at the top, a quiet notice, waiting, emptiness."""

from typing import Any

import reflex as rx

from portal import routes
from portal.kit.text import _
from portal.state.base import PortalState
from portal.state.shell import ShellState
from portal.ui import form, menu
from portal.ui.here import IS_LOADED, IS_SAID_HERE, IS_SHOWN
from portal.ui.native import anchor, link
from portal.ui.script import FocusWhenShown


def error_summary() -> Any:
    """Draw the problems of the last act, focused when they appear, each leading to its field.

    The live region stands before its text changes: it is drawn empty.
    """
    return rx.el.div(
        rx.cond(
            IS_SAID_HERE & (PortalState.problems.length() > 0),
            FocusWhenShown.create(
                rx.el.h2(_("There is a problem")),
                rx.el.ul(rx.foreach(PortalState.problems, _problem)),
                prefix=_("Problem: "),
                class_name="errors",
            ),
        ),
        role="alert",
    )


def _problem(problem: Any) -> Any:
    return rx.el.li(
        rx.cond(
            problem.field != "",
            anchor(problem.sentence, href="#" + problem.field),
            rx.el.span(problem.sentence),
        )
    )


def status() -> Any:
    """Draw the polite sentence of the last act: "Saved." It stays until the next."""
    return rx.el.div(
        rx.cond(
            IS_SAID_HERE & (PortalState.notice != ""),
            rx.el.p(PortalState.notice, class_name="notice good"),
        ),
        role="status",
    )


def notice(*content: Any, kind: str = "", label: str = "") -> Any:
    """Draw a notice that belongs to the page. `kind`: "", "good" or "warn"."""
    named = {"role": "region", "aria_label": label} if label else {}
    return rx.el.div(*content, class_name=f"notice {kind}".strip(), **named)


def sure(question: Any, *content: Any, act: Any, on_click: Any, back: Any) -> Any:
    """Ask before something ends: what it is and what ends with it, the act, and the way back."""
    return FocusWhenShown.create(
        rx.el.h2(question),
        *content,
        form.actions(
            form.button(act, on_click=on_click, primary=True),
            link(_("Cancel"), to=back, class_name="button"),
        ),
        prefix="",
        class_name="notice warn",
    )


def only_to_look_at() -> Any:
    """Draw what a delegate who may not pay reads once where others find the button to pay."""
    return notice(rx.el.p(_("This account is shared with you to look at, not to pay.")))


def sign_in_again(sentence: Any) -> Any:
    """Draw why a recent sign-in is wanted, and the way there and back to this page."""
    return notice(
        rx.el.p(sentence),
        form.actions(
            form.button(_("Sign in again"), primary=True, on_click=ShellState.sign_in_again)
        ),
    )


def with_recent_sign_in(content: Any) -> Any:
    """Draw the form of a sensitive act, or for a remembered session first the way to sign in."""
    return rx.cond(
        PortalState.only_looks,
        sign_in_again(
            _(
                "This browser remembers you for looking. To protect your account, sign in again"
                " before you change something."
            )
        ),
        content,
    )


def waiting(*content: Any) -> Any:
    """Draw `content` while the tab holds what the address names, and its grey place before that.

    Another page of the same list, or other dates, leaves it where it is, paler, until they come.
    What was not found, or could not be read, leaves the problem at the top and a way on.
    """
    return rx.cond(
        IS_SHOWN,
        rx.el.div(
            *content,
            class_name=rx.cond(IS_LOADED, "loaded", "loaded stale"),
            aria_busy=rx.cond(IS_LOADED, "false", "true"),
        ),
        rx.cond(IS_LOADED, _way_on(), _grey_place()),
    )


def _way_on() -> Any:
    if menu.current().startswith(routes.ADMIN):
        return rx.el.p(link(_("Work list"), to=routes.link(routes.ADMIN)))
    return rx.el.p(link(_("Accounts"), to=routes.link(routes.ACCOUNTS)))


def _grey_place() -> Any:
    return rx.el.div(
        rx.el.span(_("Loading"), class_name="visually-hidden"),
        class_name="skeleton tall",
        aria_busy="true",
    )


def once_loaded(content: Any) -> Any:
    """Draw `content` outside of `waiting`, in a place that stays empty until it is loaded."""
    return rx.el.div(content, class_name=rx.cond(IS_SHOWN, "", "away"))


def empty(sentence: Any, *next_steps: Any) -> Any:
    """Draw what stands where nothing is yet: what will be here, and what to do."""
    return rx.el.div(rx.el.p(sentence), *next_steps, class_name="empty")


def status_word(word: Any, tone: Any) -> Any:
    """Draw a status: a word with a mark. `tone`: "good", "warn", "bad" or "quiet"."""
    if isinstance(tone, str):
        return rx.el.span(word, class_name=f"status {tone}")
    return rx.el.span(word, class_name="status " + tone)
