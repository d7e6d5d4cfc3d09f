"""Fields: a label, a hint, the problem at the field, and the input tied to all three."""

from collections.abc import Iterable
from typing import Any

import reflex as rx

from portal.kit.text import _
from portal.state.base import PortalState
from portal.ui.script import PasswordField


def _described(name: Any, hint: Any, standing: Any = None) -> dict[str, Any]:
    wrong = PortalState.field_errors.contains(name)
    ids = [f"{name}-hint"] * bool(hint) + [f"{name}-standing"] * (standing is not None)
    return {
        "aria_invalid": rx.cond(wrong, "true", "false"),
        "aria_describedby": rx.cond(wrong, " ".join([*ids, f"{name}-problem"]), " ".join(ids)),
    }


def _above(name: Any, label: Any, hint: Any, optional: bool) -> list[Any]:
    return [
        rx.el.label(
            label,
            *([rx.el.span(" ", _("(optional)"), class_name="muted")] if optional else []),
            html_for=name,
        ),
        *([rx.el.p(hint, id=f"{name}-hint", class_name="hint")] if hint else []),
        rx.cond(
            PortalState.field_errors.contains(name),
            rx.el.p(PortalState.field_errors[name], id=f"{name}-problem", class_name="problem"),
        ),
    ]


def field(
    name: Any,
    label: Any,
    *,
    hint: Any = "",
    optional: bool = False,
    size: str = "",
    standing: Any = None,
    **props: Any,
) -> Any:
    """Draw a text field. `name` is its id, its form name and what a DomainError's field names.

    Where a form stands once a row, `name` is a Var that ends in the row's id.
    `size`: "short" or "money". `standing`: how what is saved stands, drawn below the input.
    `props` go to the input (type, value, default_value, inputmode ...).
    """
    props.setdefault("type", "text")
    return rx.el.div(
        *_above(name, label, hint, optional),
        rx.el.input(
            id=name,
            name=name,
            class_name=f"input {size}".strip(),
            **_described(name, hint, standing),
            **props,
        ),
        *([] if standing is None else [rx.el.div(standing, id=f"{name}-standing")]),
        class_name="field",
    )


def text_area(
    name: str, label: Any, *, hint: Any = "", optional: bool = False, **props: Any
) -> Any:
    """Draw a field of several lines."""
    return rx.el.div(
        *_above(name, label, hint, optional),
        rx.el.textarea(id=name, name=name, class_name="input", **_described(name, hint), **props),
        class_name="field",
    )


def select(
    name: str, label: Any, options: Iterable[tuple[str, Any]] | Any, *, hint: Any = "", **props: Any
) -> Any:
    """Draw the browser's own select. `options`: (value, text) pairs, or drawn `<option>`s."""
    drawn = (
        [rx.el.option(text, value=value) for value, text in options]
        if isinstance(options, list | tuple)
        else [options]
    )
    return rx.el.div(
        *_above(name, label, hint, False),
        rx.el.select(
            *drawn, id=name, name=name, class_name="input", **_described(name, hint), **props
        ),
        class_name="field",
    )


def choice(name: str, label: Any, *, hint: Any = "", kind: str = "checkbox", **props: Any) -> Any:
    """Draw a check box (or `kind="radio"` with `id=` of its own) with its label beside it."""
    own_id = props.pop("id", name)
    return rx.el.div(
        rx.el.input(
            id=own_id,
            name=name,
            type=kind,
            **({"aria_describedby": f"{own_id}-hint"} if hint else {}),
            **props,
        ),
        rx.el.div(
            rx.el.label(label, html_for=own_id),
            *([rx.el.p(hint, id=f"{own_id}-hint", class_name="hint")] if hint else []),
        ),
        class_name="choice",
    )


def group(legend: Any, *choices: Any, hint: Any = "") -> Any:
    """Draw choices that answer one question."""
    return rx.el.fieldset(
        rx.el.legend(legend),
        *([rx.el.p(hint, class_name="hint muted")] if hint else []),
        *choices,
    )


def password(name: str, label: Any, *, hint: Any = "", autocomplete: str = "") -> Any:
    """Draw a password field with Show, for a form that the browser posts itself."""
    return rx.el.div(
        *_above(name, label, hint, False),
        PasswordField.create(
            name=name,
            autocomplete=autocomplete or "current-password",
            show=_("Show"),
            hide=_("Hide"),
            show_label=_("Show password"),
            hide_label=_("Hide password"),
        ),
        class_name="field",
    )


def form(*content: Any, on_submit: Any, **props: Any) -> Any:
    """Draw a form whose fields go to a handler: `on_submit=SomeState.save`, one `dict[str, str]`.

    Never for a password: those are posted by a native form to a page that the server draws.
    """
    return rx.el.form(*content, on_submit=on_submit, no_validate=True, **props)


def button(*content: Any, primary: bool = False, kind: str = "button", **props: Any) -> Any:
    """Draw a button. One primary on a screen, named by what it does."""
    return rx.el.button(
        *content, type=kind, class_name="button primary" if primary else "button", **props
    )


def submit(text: Any, **props: Any) -> Any:
    """Draw a form's primary button."""
    return button(text, primary=True, kind="submit", **props)


def actions(*content: Any) -> Any:
    """Draw the row of buttons that ends a form or a page."""
    return rx.el.div(*content, class_name="actions")
