"""The password once more, from one who is signed in: counted like a sign-in, in three steps.

A passer-by at an open browser gets no more tries at it than a stranger at the front door.
"""

from datetime import datetime

from sqlmodel import Session

from portal.domain.identity import sessions, sign_in
from portal.domain.identity.actor import Actor
from portal.domain.identity.sign_in import Admission, Outcome, Result
from portal.kit.errors import NotAllowed
from portal.kit.text import N_
from portal.models.identity import User


def owner(session: Session, actor: Actor) -> User:
    """Return the resident's own row, locked. Raises NotAllowed for anybody else."""
    if not actor.is_resident:
        raise NotAllowed(N_("Sign in to do this."))
    return session.get_one(User, actor.user_id, with_for_update=True)


def has_password(session: Session, actor: Actor) -> bool:
    """True where the actor signs in with a password and not only by another provider."""
    return bool(owner(session, actor).password_hash)


def admit(session: Session, actor: Actor, now: datetime) -> Admission | None:
    """Count a try at the actor's own password, and say what to hash against.

    None where there is no password: then the sign-in itself has to be fresh. Raises
    FreshSignInNeeded and NotAllowed.
    """
    user = owner(session, actor)
    if not user.password_hash:
        sessions.demand_recent(actor, now)
        return None
    return sign_in.admit(session, user.email, actor.ip, now)


def conclude(
    session: Session, actor: Actor, admission: Admission, correct: bool, now: datetime
) -> Result | None:
    """Return what is wrong with the password, or None where it is right and the act may go on."""
    if admission.locked_until is not None:
        minutes = sign_in.minutes_left(admission.locked_until, now)
        return Result(Outcome.LOCKED, minutes=minutes)
    if not correct:
        return sign_in.wrong(session, actor, owner(session, actor), admission, now)
    sign_in.uncount(session, admission)
    return None
