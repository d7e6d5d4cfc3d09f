"""What the owner of a sign-in is told when its second factors change or are guessed at."""

from sqlmodel import Session

from portal.domain.identity import limits
from portal.domain.identity.mails import security_event
from portal.kit.text import N_
from portal.models.identity import User


def recovery_code_used(session: Session, user: User, left: int) -> None:
    """Tell that a recovery code signed in, and how many are left."""
    security_event(
        session,
        user,
        "recovery_code_used",
        N_("A recovery code was used for your %(access)s account"),
        N_(
            "Somebody, probably you, signed in with one of your recovery codes. Codes left:"
            " %(left)s. When few are left, make new ones under Sign-in and security."
        )
        if left <= limits.RECOVERY_CODES_FEW
        else N_(
            "Somebody, probably you, signed in with one of your recovery codes. Codes left:"
            " %(left)s."
        ),
        left=left,
    )


def second_step_locked(session: Session, user: User) -> None:
    """Tell that somebody who knows the password guesses at the second factor."""
    security_event(
        session,
        user,
        "second_step_locked",
        N_("Somebody knows your %(access)s password"),
        N_(
            "Somebody entered your password, and then a wrong code %(n)s times. Nobody got in:"
            " codes are locked for a while. If it was not you, choose a new password now."
        ),
        n=limits.WRONG_SECOND_STEPS,
    )


def passkey_copied(session: Session, user: User, name: str) -> None:
    """Tell that a passkey exists twice, and was refused."""
    security_event(
        session,
        user,
        "passkey_copied",
        N_("A passkey of your %(access)s account was refused"),
        N_(
            'The passkey "%(name)s" was used in a way that only a copy of it can be. Nobody was'
            " signed in. Remove it under Sign-in and security, and add a new one."
        ),
        name=name,
    )


def passkey_added(session: Session, user: User, name: str) -> None:
    """Tell that one more passkey signs in."""
    security_event(
        session,
        user,
        "passkey_added",
        N_("A passkey was added to your %(access)s account"),
        N_('The passkey "%(name)s" was added. Whoever has it can sign in to your account.'),
        name=name,
    )


def passkey_removed(session: Session, user: User, name: str) -> None:
    """Tell that a passkey no longer signs in."""
    security_event(
        session,
        user,
        "passkey_removed",
        N_("A passkey was removed from your %(access)s account"),
        N_('The passkey "%(name)s" was removed. It no longer signs in.'),
        name=name,
    )


def app_added(session: Session, user: User) -> None:
    """Tell that an authenticator app is asked for from now on."""
    security_event(
        session,
        user,
        "app_added",
        N_("An authenticator app protects your %(access)s account"),
        N_("An authenticator app was set up. After your password we ask for its code."),
    )


def app_removed(session: Session, user: User) -> None:
    """Tell that the authenticator app is no longer asked for."""
    security_event(
        session,
        user,
        "app_removed",
        N_("The authenticator app of your %(access)s account was removed"),
        N_("The authenticator app was removed. Its codes no longer sign in."),
    )


def recovery_codes_made(session: Session, user: User) -> None:
    """Tell that the earlier codes ended."""
    security_event(
        session,
        user,
        "recovery_codes_made",
        N_("New recovery codes for your %(access)s account"),
        N_("Ten new recovery codes were made. Earlier ones no longer work."),
    )


def factors_removed(session: Session, user: User) -> None:
    """Tell that the office took the second step off, and what comes next."""
    security_event(
        session,
        user,
        "factors_removed",
        N_("The second step was taken off your %(access)s account"),
        N_(
            "Our office removed the passkeys, the authenticator app and the recovery codes of your"
            " account, as asked, and signed every browser out. To sign in again, choose a new"
            ' password: "Forgot password?" on the sign-in page sends you the link.'
        ),
    )
