"""The mails of Account Settings: an address on its way, data taken, an account closed."""

from collections.abc import Sequence

from sqlmodel import Session

from portal import routes
from portal.domain.identity.addresses import masked
from portal.domain.identity.mails import security_event
from portal.domain.outbox.operations import queue_mail
from portal.domain.outbox.words import access_name, secret_link, whom_to_call
from portal.kit.text import N_, _, speaking
from portal.models.identity import User


def _send(
    session: Session,
    user: User,
    kind: str,
    to: str,
    subject: str,
    paragraphs: Sequence[str],
    action: tuple[str, str] | None = None,
) -> None:
    queue_mail(
        session,
        kind=kind,
        to=to,
        subject=subject,
        paragraphs=(_("Hi,"), *paragraphs, whom_to_call()),
        action=action,
        user_id=user.id,
    )


def confirm_new(session: Session, user: User, email: str, secret: str) -> None:
    """Ask the new address whether it is theirs."""
    with speaking(user.language):
        _send(
            session,
            user,
            "email_new",
            email,
            _("Confirm your new email address"),
            (
                _(
                    "%(who)s asked to sign in to %(access)s with this address from now on. Confirm"
                    " it here, and in the message that we sent to the old address. The link works"
                    " for 24 hours.",
                    who=masked(user.email),
                    access=access_name(),
                ),
                _("If this is not you, do nothing, or call the change off on the same page."),
            ),
            (_("Confirm or call off"), secret_link(routes.SETTINGS_EMAIL_CONFIRM, secret)),
        )


def confirm_old(session: Session, user: User, email: str, secret: str) -> None:
    """Tell the old address, which confirms or calls the change off."""
    with speaking(user.language):
        _send(
            session,
            user,
            "email_old",
            user.email,
            _("Your email address is about to change"),
            (
                _(
                    "Someone who knows your password, probably you, asked to change the email"
                    " address of your account to %(email)s. Confirm it here, and in the message"
                    " that we sent to the new address. The link works for 24 hours.",
                    email=masked(email),
                ),
                _(
                    "If this is not you, call the change off on the same page, and then change"
                    " your password. Nothing changes until both addresses have confirmed."
                ),
            ),
            (_("Confirm or call off"), secret_link(routes.SETTINGS_EMAIL_CONFIRM, secret)),
        )


def address_taken(session: Session, user: User) -> None:
    """Tell the owner of an address that somebody wanted to move their sign-in to it."""
    with speaking(user.language):
        _send(
            session,
            user,
            "email_taken",
            user.email,
            _("You already have a %(access)s account", access=access_name()),
            (
                _(
                    "Someone, probably you, asked to change the email address of another account"
                    " to this one. You already have an account with this address, so nothing was"
                    " changed."
                ),
            ),
            (_("Sign in"), routes.absolute(routes.SIGN_IN)),
        )


def address_changed(session: Session, user: User, old_email: str) -> None:
    """Tell both addresses that the change is made."""
    security_event(
        session,
        user,
        "email_changed",
        N_("Your %(access)s email address was changed"),
        N_("You sign in with this address from now on. Every other browser was signed out."),
    )
    with speaking(user.language):
        _send(
            session,
            user,
            "email_changed",
            old_email,
            _("Your %(access)s email address was changed", access=access_name()),
            (
                _(
                    "Your account has the address %(email)s from now on, and this one no longer"
                    " signs in. If it was not you, call us at once.",
                    email=masked(user.email),
                ),
            ),
        )


def data_exported(session: Session, user: User) -> None:
    """Tell the owner that a copy of their data was taken."""
    security_event(
        session,
        user,
        "data_exported",
        N_("Your %(access)s data was exported"),
        N_("Someone who was signed in, probably you, took a copy of the data of your account."),
    )


def account_closed(session: Session, user: User) -> None:
    """Say good-bye, and how to come back. Queued before the address is forgotten."""
    with speaking(user.language):
        _send(
            session,
            user,
            "account_closed",
            user.email,
            _("Your %(access)s account is closed", access=access_name()),
            (
                _(
                    "Your account is closed as you asked, and every browser was signed out. Your"
                    " water service and your bills go on as before. Payments that you made stay in"
                    " the city's books."
                ),
                _("You can sign up again at any time. If it was not you, call us at once."),
            ),
            (_("Create an account"), routes.absolute(routes.SIGN_UP)),
        )
