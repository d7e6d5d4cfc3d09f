"""Contact Us, Help, Accessibility, Privacy: what every page's foot leads to."""

from typing import Any

import reflex as rx

from portal import routes
from portal.cities import city
from portal.kit.text import N_, _
from portal.pages import Page
from portal.state.base import PUBLIC
from portal.style import telephone
from portal.ui import shell
from portal.ui.native import anchor
from portal.ui.table import facts


def _part(heading: str, *content: Any) -> Any:
    return rx.el.section(rx.el.h2(heading), *content, class_name="prose")


def _list(*sentences: str) -> Any:
    return rx.el.ul(*[rx.el.li(sentence) for sentence in sentences], class_name="bullets")


def _reach() -> Any:
    contact = city().contact
    return facts(
        (_("Phone"), anchor(contact.phone, href=telephone(contact.phone))),
        (_("Email"), anchor(contact.email, href="mailto:" + contact.email)),
        (_("Hours"), contact.hours.say()),
        (
            _("Address"),
            rx.fragment(*[rx.fragment(line, rx.el.br()) for line in contact.address]),
        ),
        (_("Website"), anchor(contact.website, href=contact.website)),
    )


def contact_us() -> Any:
    """Draw Contact Us."""
    return shell.page(
        _("Contact Us"),
        rx.el.h2(city().contact.office.say()),
        _reach(),
        rx.el.p(
            _(
                "Have your account number and customer ID at hand: both are on your bill."
                " Never tell anyone your password; we do not ask for it."
            )
        ),
    )


def help_page() -> Any:
    """Draw Help."""
    town = city()
    trouble = [
        anchor(_("I forgot my password"), href=routes.link(routes.FORGOT_PASSWORD)),
        anchor(_("My sign-in is locked"), href=routes.link(routes.UNLOCK_ACCOUNT)),
        anchor(_("I have no sign-in yet"), href=routes.link(routes.SIGN_UP)),
    ]
    return shell.page(
        _("Help"),
        _part(
            _("Trouble signing in"),
            rx.el.ul(*[rx.el.li(one) for one in trouble], class_name="links down"),
            rx.el.p(
                _(
                    "The message with your link may take a few minutes."
                    " Look in the spam folder, too. A link works once."
                )
            ),
        ),
        _part(
            _("The two numbers on your bill"),
            rx.el.p(town.billing.bill_picture_note.say()),
            rx.el.p(
                _(
                    "The account number is the place that gets the service. The customer ID is"
                    " you, who pays. Spaces, dashes and leading zeros do not matter."
                )
            ),
        ),
        _part(
            _("Paying"),
            _list(
                _("Bills you put in your cart stay there until you pay or remove them."),
                _("You have ten minutes to enter your card, and you can ask for more."),
                _("Your receipt comes by email, and the payment shows here at once."),
            ),
        ),
        _part(
            _("Water use"),
            rx.el.p(town.usage.delay_note.say()),
        ),
        _part(_("Ask a person"), _reach()),
    )


def accessibility() -> Any:
    """Draw the accessibility statement."""
    town = city()
    return shell.page(
        _("Accessibility"),
        rx.el.p(
            _(
                "%(town)s wants everyone to be able to read and pay a bill here."
                " This portal is built to meet the Web Content Accessibility Guidelines 2.2,"
                " level AA.",
                town=town.full_name,
            ),
            class_name="lead",
        ),
        _part(
            _("What that means"),
            _list(
                _("Everything works by keyboard alone, and the focus is always visible."),
                _("Every page can be enlarged to 200 percent and read on a narrow phone."),
                _("Every chart has a table with the same numbers."),
                _("Text and buttons keep their contrast in the light and in the dark."),
                _("When time is limited you are told before it ends, and you can ask for more."),
                _("Every page is in English and Spanish."),
            ),
        ),
        _part(
            _("How we check"),
            rx.el.p(
                _(
                    "Each change is tested automatically on every page, in both colors and at"
                    " phone size. Automatic tests find only part of all barriers."
                )
            ),
        ),
        _part(
            _("If something does not work for you"),
            rx.el.p(
                _(
                    "Tell us which page and what you tried to do. We will help you get it done"
                    " by phone or on paper, and we will mend the page."
                )
            ),
            _reach(),
        ),
    )


def privacy() -> Any:
    """Draw the privacy statement."""
    town = city()
    return shell.page(
        _("Privacy"),
        rx.el.p(town.privacy.say(), class_name="lead"),
        _part(
            _("What we keep"),
            _list(
                _("Your name, email address and a scrambled form of your password."),
                _("Your linked accounts, and the bills, payments and readings of your time there."),
                _("What you asked for here: cart, payments, alerts, requests."),
                _("When your sign-in was used, and from which internet address."),
            ),
        ),
        _part(
            _("What we do not keep"),
            _list(
                _("Card numbers. They go from your browser straight to the card processor."),
                _("Tracking cookies. The only cookies keep you signed in and protect forms."),
            ),
        ),
        _part(
            _("Who sees it"),
            rx.el.p(
                _(
                    "You, the people at %(town)s who handle your bills, and the companies that"
                    " send our mail and take payments for us. Staff who open your account leave"
                    " a record. We do not sell anything about you.",
                    town=town.full_name,
                )
            ),
        ),
        _part(_("Questions"), _reach()),
    )


pages = (
    Page(route=routes.CONTACT, view=contact_us, title=N_("Contact Us"), access=PUBLIC),
    Page(route=routes.HELP, view=help_page, title=N_("Help"), access=PUBLIC),
    Page(route=routes.ACCESSIBILITY, view=accessibility, title=N_("Accessibility"), access=PUBLIC),
    Page(route=routes.PRIVACY, view=privacy, title=N_("Privacy"), access=PUBLIC),
)
