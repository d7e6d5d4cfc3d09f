"""What an act had to say: problems at the top, a quiet notice, waiting, emptiness."""

from typing import Any

import reflex as rx

from portal.kit.text import _
from portal.state.base import PortalState
from portal.ui.native import anchor
from portal.ui.script import FocusWhenShown


def error_summary() -> Any:
    """Draw the problems of the last act, focused when they appear, each leading to its field.

    The live region stands before its text changes: it is drawn empty.
    """
    return rx.el.div(
        rx.cond(
            PortalState.problems.length() > 0,
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
        rx.cond(PortalState.notice != "", rx.el.p(PortalState.notice, class_name="notice good")),
        role="status",
    )


def notice(*content: Any, kind: str = "", label: str = "") -> Any:
    """Draw a notice that belongs to the page. `kind`: "", "good" or "warn"."""
    named = {"role": "region", "aria_label": label} if label else {}
    return rx.el.div(*content, class_name=f"notice {kind}".strip(), **named)


def waiting(ready: Any, content: Any, *, tall: bool = True) -> Any:
    """Draw `content` once `ready` (a Var) is true, and its grey place before that."""
    return rx.cond(
        ready,
        content,
        rx.el.div(
            rx.el.span(_("Loading"), class_name="visually-hidden"),
            class_name="skeleton tall" if tall else "skeleton",
            aria_busy="true",
        ),
    )


def empty(sentence: Any, *next_steps: Any) -> Any:
    """Draw what stands where nothing is yet: what will be here, and what to do."""
    return rx.el.div(rx.el.p(sentence), *next_steps, class_name="empty")


def status_word(word: Any, tone: Any) -> Any:
    """Draw a status: a word with a mark. `tone`: "good", "warn", "bad" or "quiet"."""
    if isinstance(tone, str):
        return rx.el.span(word, class_name=f"status {tone}")
    return rx.el.span(word, class_name="status " + tone)
