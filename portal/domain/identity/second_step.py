"""The second step of a sign-in: an authenticator's code, a passkey or a recovery code, once each.

A wrong code is a value and not an exception, so that what was counted stays counted.
"""

from collections.abc import Callable
from datetime import datetime

from sqlmodel import Session

from portal.domain.audit import operations as audit
from portal.domain.identity import (
    factor_mails,
    factors,
    limits,
    passkey_sign_in,
    passkeys,
    pending,
    recovery_codes,
    sign_in,
    throttles,
    totp,
)
from portal.domain.identity.actor import Actor
from portal.domain.identity.passkey_sign_in import Caller
from portal.domain.identity.sign_in import Outcome, Result
from portal.kit.errors import DomainError
from portal.kit.text import N_
from portal.models.identity import User

PER_USER = throttles.LockRule(limits.WRONG_SECOND_STEPS, limits.LOCK_FIRST)


def bucket(user: User) -> str:
    """Return the bucket of wrong second factors of a sign-in, over any number of passwords."""
    return f"second_step:user:{user.id}"


def options(session: Session, secret: str, now: datetime) -> str:
    """Return, as JSON, what one of the passkeys of the step's sign-in is asked to sign.

    Raises DomainError where the step is over.
    """
    user = pending.look(session, secret, now)
    if user is None:
        raise DomainError(N_("That took too long. Sign in again."))
    return passkeys.options_to_sign(session, user, now)


def challenge(session: Session, secret: str, answer: str, now: datetime) -> bytes:
    """Use up the challenge that a passkey's answer names. Commit it before `by_passkey`."""
    user = pending.look(session, secret, now)
    return passkeys.challenge_to_sign(session, user, answer, now) if user is not None else b""


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


def by_passkey(
    session: Session, secret: str, answer: str, challenge: bytes, caller: Caller, now: datetime
) -> Result:
    """Take the step with a passkey of the same sign-in. Nobody guesses one: no lock holds it up."""
    user = pending.look(session, secret, now)
    if user is None or pending.count(session, secret, now) is None:
        return Result(Outcome.OVER)
    found = passkey_sign_in.proven(session, answer, challenge, caller, now)
    if found is None or found.id != user.id:
        return Result(Outcome.WRONG)
    return _passed(session, secret, user, caller, now)


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
