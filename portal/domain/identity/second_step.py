"""The second step of a sign-in: an authenticator's code, or a recovery code, once each.

A wrong code is a value and not an exception, so that what was counted stays counted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from portal.domain.audit import operations as audit
from portal.domain.identity import (
    factor_mails,
    factors,
    limits,
    pending,
    recovery_codes,
    sign_in,
    throttles,
    totp,
)
from portal.domain.identity.actor import Actor
from portal.domain.identity.sign_in import Outcome, Result
from portal.models.identity import User

PER_USER = throttles.LockRule(limits.WRONG_SECOND_STEPS, limits.LOCK_FIRST)


@dataclass(frozen=True)
class Caller:
    """The browser that takes the step."""

    ip: str = ""
    user_agent: str = ""


def bucket(user: User) -> str:
    """Return the bucket of wrong second factors of a sign-in, over any number of passwords."""
    return f"second_step:user:{user.id}"


def look(session: Session, secret: str, now: datetime) -> factors.Factors | None:
    """Return what the step may be taken with, or None where it is over or unknown."""
    user = pending.look(session, secret, now)
    return factors.of(session, user) if user is not None else None


def by_code(session: Session, secret: str, code: str, caller: Caller, now: datetime) -> Result:
    """Take the step with the six digits of an authenticator app."""
    return _try(session, secret, caller, now, lambda user: totp.use(session, user, code, now))


def by_recovery_code(
    session: Session, secret: str, code: str, caller: Caller, now: datetime
) -> Result:
    """Take the step with a recovery code; the owner is told by mail, and how many are left."""

    def proof(user: User) -> bool:
        if not recovery_codes.use(session, user, code, now):
            return False
        left = factors.of(session, user).codes
        actor = sign_in.as_user(user, caller.ip)
        audit.record(session, actor, "recovery_code.use", subject_user_id=user.id, left=left)
        factor_mails.recovery_code_used(session, user, left)
        return True

    return _try(session, secret, caller, now, proof)


def _try(
    session: Session, secret: str, caller: Caller, now: datetime, proof: Callable[[User], bool]
) -> Result:
    user = pending.look(session, secret, now)
    left = pending.count(session, secret, now)
    if user is None or left is None:
        return Result(Outcome.OVER)
    counted = throttles.attempt(session, bucket(user), PER_USER, now)
    if counted.refused and counted.locked_until is not None:
        return Result(Outcome.LOCKED, minutes=sign_in.minutes_left(counted.locked_until, now))
    if not proof(user):
        _note_wrong(session, user, caller, now, counted.sets_lock)
        return Result(Outcome.WRONG if left else Outcome.OVER)
    throttles.clear(session, bucket(user))
    return _passed(session, secret, user, caller, now)


def _passed(session: Session, secret: str, user: User, caller: Caller, now: datetime) -> Result:
    remember = pending.finish(session, secret, now)
    if remember is None:
        return Result(Outcome.OVER)
    return sign_in.enter(
        session,
        user,
        remember=remember,
        ip=caller.ip,
        user_agent=caller.user_agent,
        now=now,
        second_factor=True,
    )


def _note_wrong(
    session: Session, user: User, caller: Caller, now: datetime, sets_lock: bool
) -> None:
    # Who fails here knew the password: still a stranger, and the owner's to hear of.
    audit.record(
        session,
        Actor(ip=caller.ip),
        "session.second_step_locked" if sets_lock else "session.wrong_second_factor",
        subject_user_id=user.id,
    )
    user.last_failed_sign_in_at = now
    session.flush()
    if sets_lock:
        factor_mails.second_step_locked(session, user)
