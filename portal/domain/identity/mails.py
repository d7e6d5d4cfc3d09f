"""The mails of identity, in the words of the city's guide. The town's look is the outbox's work."""

from collections.abc import Sequence

from sqlmodel import Session

from portal import routes
from portal.domain.identity.mail_tokens import Issued
from portal.domain.outbox.operations import queue_mail
from portal.domain.outbox.words import access_name, secret_link, whom_to_call
from portal.kit.ids import UserId
from portal.kit.text import N_, _, speaking
from portal.models.identity import User


def _code(issued: Issued) -> str:
    return _(
        "Or enter this code on the page where you asked for this message: %(code)s",
        code=issued.code,
    )


def _queue(
    session: Session,
    kind: str,
    to: str,
    user: User | None,
    subject: str,
    paragraphs: Sequence[str],
    action: tuple[str, str],
    below: Sequence[str] = (),
) -> None:
    queue_mail(
        session,
        kind=kind,
        to=to,
        subject=subject,
        paragraphs=paragraphs,
        action=action,
        below=below,
        user_id=UserId(user.id) if user is not None else None,
    )


def activation(session: Session, user: User, issued: Issued) -> None:
    """Welcome a newcomer, with the button that proves the address."""
    with speaking(user.language):
        _queue(
            session,
            "activate",
            user.email,
            user,
            _("Welcome to your %(access)s account", access=access_name()),
            (
                _("Hi %(name)s,", name=user.first_name) if user.first_name else _("Hi,"),
                _("Welcome to your %(access)s account!", access=access_name()),
                _(
                    "To verify your email address and activate your account, please click the"
                    " following link. It works once, for 24 hours."
                ),
            ),
            (_("Activate account"), secret_link(routes.ACTIVATE, issued.secret)),
            (
                _code(issued),
                _("If you did not sign up, do nothing: without the link no account is opened."),
                _(
                    "This is an automatically generated message from %(access)s. Replies are not"
                    " monitored or answered.",
                    access=access_name(),
                ),
            ),
        )


def already_registered(session: Session, user: User) -> None:
    """Tell the owner of an address that somebody signed up with it again."""
    with speaking(user.language):
        _queue(
            session,
            "already_registered",
            user.email,
            user,
            _("You already have a %(access)s account", access=access_name()),
            (
                _("Hi,"),
                _(
                    "Someone, probably you, signed up with this email address. You already have"
                    " an account: sign in with the password you chose. Nothing was changed."
                ),
                _('If you do not know the password, choose "Forgot password?" on that page.'),
                whom_to_call(),
            ),
            (_("Sign in"), routes.absolute(routes.SIGN_IN)),
        )


def no_account(session: Session, email: str) -> None:
    """Answer a request for a link at an address that has no sign-in."""
    _queue(
        session,
        "no_account",
        email,
        None,
        _("There is no %(access)s account for this address", access=access_name()),
        (
            _("Hi,"),
            _(
                "Someone, probably you, asked for a link for this email address. There is no"
                " account with it. You may have signed up with another address."
            ),
            _("If it was not you, do nothing."),
            whom_to_call(),
        ),
        (_("Create an account"), routes.absolute(routes.SIGN_UP)),
    )


def reset(session: Session, user: User, issued: Issued) -> None:
    """Send the link that lets the owner choose a new password."""
    with speaking(user.language):
        _queue(
            session,
            "reset",
            user.email,
            user,
            _("Choose a new %(access)s password", access=access_name()),
            (
                _("Hi,"),
                _(
                    "Someone, probably you, asked to choose a new password. The link works once,"
                    " for 30 minutes."
                ),
            ),
            (_("Choose a new password"), secret_link(routes.RESET_PASSWORD, issued.secret)),
            (
                _code(issued),
                _("If it was not you, do nothing: your password stays as it is."),
                whom_to_call(),
            ),
        )


def unlock(session: Session, user: User, issued: Issued) -> None:
    """Send the link that takes the lock off at once."""
    with speaking(user.language):
        _queue(
            session,
            "unlock",
            user.email,
            user,
            _("Unlock your %(access)s account", access=access_name()),
            (
                _("Hi,"),
                _(
                    "Someone, probably you, asked to unlock your account. The link works once,"
                    " for 30 minutes."
                ),
            ),
            (_("Unlock account"), secret_link(routes.UNLOCK_ACCOUNT, issued.secret)),
            (
                _code(issued),
                _("If it was not you, do nothing. Your password is unchanged."),
                whom_to_call(),
            ),
        )


def security_event(
    session: Session, user: User, kind: str, subject: str, sentence: str, **params: object
) -> None:
    """Tell the owner of a change in how the sign-in is protected, and what to do if not theirs.

    `subject` and `sentence` are marked with N_ and said in the owner's language; `subject` may
    name the portal as %(access)s, `sentence` what `params` give.
    """
    with speaking(user.language):
        _queue(
            session,
            kind,
            user.email,
            user,
            _(subject, access=access_name()),
            (
                _("Hi,"),
                _(sentence, **params),
                _('If it was not you, choose "Forgot password?" on the sign-in page at once.'),
                whom_to_call(),
            ),
            (_("Sign in"), routes.absolute(routes.SIGN_IN)),
        )


def password_changed(session: Session, user: User) -> None:
    """Tell the owner that the password is new."""
    security_event(
        session,
        user,
        "password_changed",
        N_("Your %(access)s password was changed"),
        N_("The password of your account was changed, and every browser was signed out."),
    )


def own_password_changed(session: Session, user: User) -> None:
    """Tell the owner that somebody who was signed in changed the password."""
    security_event(
        session,
        user,
        "password_changed",
        N_("Your %(access)s password was changed"),
        N_("The password of your account was changed, and every other browser was signed out."),
    )


def user_id_changed(session: Session, user: User) -> None:
    """Tell the owner that the User ID is new or gone; the mail does not name it."""
    security_event(
        session,
        user,
        "user_id_changed",
        N_("Your %(access)s User ID was changed"),
        N_("The User ID of your account was changed. You can always sign in with this address."),
    )


def signed_out_everywhere(session: Session, user: User) -> None:
    """Tell the owner that every browser was signed out."""
    security_event(
        session,
        user,
        "signed_out_everywhere",
        N_("Every browser was signed out of your %(access)s account"),
        N_("Someone who was signed in, probably you, signed every browser out of your account."),
    )


def new_browser(session: Session, user: User, browser: str, at: str) -> None:
    """Tell the owner of a sign-in from a browser that was not seen before."""
    security_event(
        session,
        user,
        "new_browser",
        N_("New sign-in to your %(access)s account"),
        N_(
            "Your account was signed in to from a browser that we had not seen before:"
            " %(browser)s, %(at)s. If it was you, there is nothing to do."
        ),
        browser=browser,
        at=at,
    )


def locked(session: Session, user: User) -> None:
    """Tell the owner that wrong passwords locked the sign-in, and how to open it at once."""
    with speaking(user.language):
        _queue(
            session,
            "locked",
            user.email,
            user,
            _("Your %(access)s account was locked for a while", access=access_name()),
            (
                _("Hi,"),
                _(
                    "Somebody entered a wrong password five times. To protect you, signing in is"
                    " locked for a while. You can unlock it at once by email."
                ),
                _("If it was not you, your password is still safe: nobody got in."),
                whom_to_call(),
            ),
            (_("Unlock account"), routes.absolute(routes.UNLOCK_ACCOUNT)),
        )


def staff_enrolment_url(secret: str) -> str:
    """Return the link that `staff add` prints."""
    return secret_link(routes.ADMIN_ENROL, secret)
