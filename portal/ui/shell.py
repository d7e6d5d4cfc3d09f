"""The frame of every page: header, menu, main, footer, each in the same place everywhere."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import LANGUAGES, _, language, speaking
from portal.state.shell import ShellState
from portal.style import city_logo, is_test_mode, telephone
from portal.ui import menu
from portal.ui.feedback import error_summary, status
from portal.ui.here import IS_SHOWN
from portal.ui.native import anchor, link, native_form
from portal.ui.script import LanguageLink, Paper


def page(
    title: Any, *content: Any, with_menu: bool = True, back: Any = None, reference: Any = None
) -> Any:
    """Draw a whole page: `title` is its h1, `content` stands below, `back` above it.

    What the last act had to say (problems, notice) stands between the heading and the content.
    `reference`: (label, number) of what the page is about, for paper: Bill Number, 98465.
    """
    return rx.el.div(
        anchor(_("Skip to main content"), href="#main", class_name="skip"),
        _header(reference),
        rx.el.div(
            *([_side()] if with_menu else []),
            rx.el.main(
                *([back] if back is not None else []),
                rx.el.h1(title),
                error_summary(),
                status(),
                *content,
                id="main",
                tab_index=-1,
            ),
            class_name="under with-menu" if with_menu else "under",
        ),
        _footer(),
        class_name="frame",
    )


def _banner() -> Any:
    if not is_test_mode():
        return rx.fragment()
    return rx.el.p(
        _("TEST MODE: this is a demonstration. No real money moves."), class_name="test-mode"
    )


def _brand() -> Any:
    town, part, logo = city().full_name, city().portal.name.say(), city_logo()
    return link(
        rx.el.img(src=logo, alt="", width=40, height=40, class_name="logo")
        if logo
        else rx.el.span(city().look.initials, class_name="seal", aria_hidden="true"),
        rx.el.span(rx.el.span(town, class_name="town"), rx.el.span(part, class_name="part")),
        to=routes.link(routes.HOME),
        class_name="brand",
    )


def _header(reference: Any) -> Any:
    staff = menu.current().startswith(routes.ADMIN)
    return rx.el.header(
        _banner(),
        rx.el.div(
            _brand(),
            rx.el.div(
                *([] if staff else [_cart()]),
                rx.el.div(_language_link(), class_name="wide-only"),
                rx.el.div(_who(), class_name="wide-only"),
                _phone_menu(),
                class_name="bar-links",
            ),
            _paper(reference),
            class_name="bar",
        ),
        class_name="top",
    )


def _cart() -> Any:
    if not menu.is_offered(routes.CART):
        return rx.fragment()
    return link(
        rx.cond(
            ShellState.cart_items == 1,
            _("My Cart (1 item)"),
            _("My Cart") + " (" + ShellState.cart_items.to_string() + " " + _("items") + ")",
        ),
        to=routes.link(routes.CART),
    )


def other_language() -> str:
    """Return the language that this page also stands in."""
    return next(code for code in LANGUAGES if code != language())


def _language_link() -> Any:
    other = other_language()
    with speaking(other):
        target = routes.localized(menu.current())
    return LanguageLink.create({"en": "English", "es": "Español"}[other], path=target, code=other)


def _sign_out() -> Any:
    return native_form(
        rx.el.input(type="hidden", name="csrf", value=ShellState.csrf),
        rx.el.button(_("Sign out"), type="submit"),
        action=routes.localized(routes.POST_SIGN_OUT),
        custom_attrs={"data-sign-out": ""},
    )


def _links_of_person() -> list[Any]:
    items = []
    if menu.is_offered(routes.SETTINGS):
        settings = link(_("Account Settings"), to=routes.link(routes.SETTINGS))
        items.append(rx.cond(ShellState.is_resident, settings))
    if menu.is_offered(routes.ACCOUNTS):
        items.append(
            rx.cond(ShellState.is_resident, link(_("Accounts"), to=routes.link(routes.ACCOUNTS)))
        )
    return [*items, _sign_out()]


def _who() -> Any:
    return rx.cond(
        ShellState.is_signed_in,
        rx.el.details(
            rx.el.summary(ShellState.name),
            rx.el.div(*_links_of_person(), class_name="sheet"),
            class_name="menu",
        ),
        anchor(_("Log in"), href=routes.link(routes.SIGN_IN)),
    )


def _side() -> Any:
    staff = menu.current().startswith(routes.ADMIN)
    return rx.el.nav(
        menu.menu(),
        *([rx.cond(ShellState.is_viewer, _what_viewers_may())] if staff else []),
        class_name="side",
        aria_label=_("Menu"),
    )


def _what_viewers_may() -> Any:
    return rx.el.p(
        _("You are signed in as a viewer: you can look, and an administrator changes things."),
        class_name="small muted",
    )


def _phone_menu() -> Any:
    return rx.el.details(
        rx.el.summary(_("Menu")),
        rx.el.div(
            rx.el.nav(menu.menu(), class_name="phone-nav", aria_label=_("Menu")),
            rx.el.hr(),
            rx.cond(
                ShellState.is_signed_in,
                rx.fragment(*_links_of_person()),
                anchor(_("Log in"), href=routes.link(routes.SIGN_IN)),
            ),
            _language_link(),
            class_name="sheet",
        ),
        class_name="menu phone-menu",
    )


def _paper(reference: Any) -> Any:
    """Draw what every page says on paper beside the town's name: about what, when, and where."""
    contact = city().contact
    about = None if reference is None else rx.el.span(" · ", reference[0], " ", reference[1])
    return Paper.create(
        f"{contact.office.say()} {contact.phone}",
        *([] if about is None else [rx.cond(IS_SHOWN, about)]),
        zone=city().zone.key,
        printed=_("Printed"),
    )


def footer_links() -> list[tuple[str, str]]:
    """Return the footer's pages as (text, path)."""
    return [
        (_("Contact Us"), routes.CONTACT),
        (_("Accessibility"), routes.ACCESSIBILITY),
        (_("Privacy"), routes.PRIVACY),
        (_("Help"), routes.HELP),
    ]


def _footer() -> Any:
    contact = city().contact
    return rx.el.footer(
        rx.el.noscript(
            rx.el.p(
                _(
                    "This page needs JavaScript, which is off in your browser."
                    " You can call us instead: %(phone)s.",
                    phone=contact.phone,
                ),
                class_name="test-mode",
            )
        ),
        rx.el.div(
            rx.el.p(
                _("Need help? Call %(office)s: ", office=contact.office.say()),
                anchor(contact.phone, href=telephone(contact.phone)),
                class_name="help",
            ),
            rx.el.ul(
                *[
                    rx.el.li(link(text, to=routes.link(path)))
                    for text, path in footer_links()
                    if menu.is_offered(path)
                ]
            ),
            class_name="foot-in",
        ),
        class_name="foot",
    )
