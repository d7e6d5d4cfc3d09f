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
