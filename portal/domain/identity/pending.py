"""Between the first factor and the second: a browser that may enter one of them, and nothing else.

Its cookie holds 256 random bits, known here by their SHA-256. It is no session: it opens no page.
"""

import secrets
from datetime import datetime

from sqlmodel import Session, col, select, update

from portal.domain.identity import limits
from portal.domain.identity.sessions import hash_of
from portal.models.factors import PendingSignIn
from portal.models.identity import User


def begin(session: Session, user: User, remember: bool, now: datetime) -> str:
    """Note that `user` passed the first factor, and return the secret for the cookie."""
    secret = secrets.token_urlsafe(32)
    session.add(
        PendingSignIn(
            secret_hash=hash_of(secret),
            user_id=user.id,
            remember=remember,
            created_at=now,
            expires_at=now + limits.SECOND_STEP_LIFE,
        )
    )
    session.flush()
    return secret


def look(session: Session, secret: str, now: datetime) -> User | None:
    """Return whose second step this is while it may still be taken, or None. Counts nothing."""
    return session.exec(
        select(User)
        .join(PendingSignIn, col(PendingSignIn.user_id) == User.id)
        .where(
            PendingSignIn.secret_hash == hash_of(secret),
            col(PendingSignIn.done_at).is_(None),
            PendingSignIn.tries < limits.SECOND_STEP_TRIES,
            PendingSignIn.expires_at > now,
            User.status == "active",
        )
    ).one_or_none()


def count(session: Session, secret: str, now: datetime) -> int | None:
    """Count a try and return how many are left after it, or None where none was left.

    One statement: of any number of simultaneous tries no more than the limit get through.
    """
    tries = session.exec(
        update(PendingSignIn)
        .where(
            col(PendingSignIn.secret_hash) == hash_of(secret),
            col(PendingSignIn.done_at).is_(None),
            col(PendingSignIn.tries) < limits.SECOND_STEP_TRIES,
            col(PendingSignIn.expires_at) > now,
        )
        .values(tries=PendingSignIn.tries + 1)
        .returning(col(PendingSignIn.tries))
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    return limits.SECOND_STEP_TRIES - tries if tries is not None else None


def finish(session: Session, secret: str, now: datetime) -> bool | None:
    """End the step that was passed; return whether it is to be remembered, None where it is over.

    Of any number of simultaneous right codes one signs in.
    """
    remember: bool | None = session.exec(
        update(PendingSignIn)
        .where(
            col(PendingSignIn.secret_hash) == hash_of(secret),
            col(PendingSignIn.done_at).is_(None),
            col(PendingSignIn.expires_at) > now,
        )
        .values(done_at=now)
        .returning(col(PendingSignIn.remember))
        .execution_options(synchronize_session=False)
    ).scalar_one_or_none()
    return remember


def end_all(session: Session, user: User, now: datetime) -> None:
    """End every step of `user` that was begun, as a new password does."""
    session.exec(
        update(PendingSignIn)
        .where(col(PendingSignIn.user_id) == user.id, col(PendingSignIn.done_at).is_(None))
        .values(done_at=now)
        .execution_options(synchronize_session=False)
    )
