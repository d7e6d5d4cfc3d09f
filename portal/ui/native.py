"""Plain HTML elements where Reflex would put its own behaviour in their place."""

from typing import Any

import reflex as rx
from reflex.components.el.elements.base import BaseHTML
from reflex.components.el.elements.inline import A
from reflex.components.react_router.dom import ReactRouterLink

from portal import routes

# Pages that the server draws: a link to one of them leaves the app.
_SERVED = (
    routes.SIGN_IN,
    routes.SIGN_UP,
    routes.ACTIVATE,
    routes.VERIFY_EMAIL,
    routes.FORGOT_PASSWORD,
    routes.RESET_PASSWORD,
    routes.UNLOCK_ACCOUNT,
    routes.INVITATION,
    routes.SETTINGS_SECURITY,
    routes.SETTINGS_CONNECTIONS,
    routes.SETTINGS_PASSWORD,
    routes.SETTINGS_EMAIL,
    routes.SETTINGS_EXPORT,
    routes.SETTINGS_CLOSE,
    routes.ADMIN_SIGN_IN,
    routes.ADMIN_ENROL,
    "/documents/",
    "/calendar/",
    "/demo/",
    "/pay/",
)


class NativeForm(BaseHTML):  # type: ignore[misc]
    """A form that the browser posts itself: `rx.el.form` would install preventDefault."""

    tag = "form"
    action: rx.Var[str]
    method: rx.Var[str]
    no_validate: rx.Var[bool]


def is_served(path: str) -> bool:
    """True for a path whose page the server draws."""
    shared = path[3:] if path.startswith("/es/") else path
    return shared.startswith(_SERVED)


def anchor(*children: Any, href: Any, **props: Any) -> Any:
    """Draw a plain `<a>`: fragments, documents, mail, other sites, pages that the server draws."""
    return A.create(*children, href=href, **props)


def link(*children: Any, to: Any, **props: Any) -> Any:
    """Draw a link to one of our pages; inside the app it navigates without a full load.

    `to` is a path, or a Var of one; a Var must not lead to a page that the server draws.
    """
    if isinstance(to, str) and (is_served(to) or not to.startswith("/")):
        return anchor(*children, href=to, **props)
    return ReactRouterLink.create(*children, to=to, **props)


def native_form(*children: Any, action: str, **props: Any) -> Any:
    """Draw a form that the browser posts by itself, with or without scripts."""
    return NativeForm.create(*children, action=action, method="post", no_validate=True, **props)
