"""Signing in with a passkey alone: the device checked the owner, so it is both factors."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from portal.domain.audit import operations as audit
from portal.domain.identity import factor_mails, passkeys, sessions, sign_in
from portal.domain.identity.actor import Actor
from portal.domain.identity.sign_in import Outcome, Result
from portal.models.identity import User


@dataclass(frozen=True)
class Caller:
    """The browser that signs in."""

    ip: str = ""
    user_agent: str = ""


def proven(
    session: Session, answer: str, challenge: bytes, caller: Caller, now: datetime
) -> User | None:
    """Return whose passkey signed, or None; a copied one is refused and its owner told."""
    stranger = Actor(ip=caller.ip)
    try:
        user = passkeys.prove(session, answer, challenge, now)
    except passkeys.Copied as copied:
        owner = session.get_one(User, copied.passkey.user_id)
        audit.record(session, stranger, "passkey.copied", subject_user_id=owner.id)
        factor_mails.passkey_copied(session, owner, copied.passkey.name)
        return None
    if user is None:
        audit.record(session, stranger, "session.wrong_passkey")
    return user


def by_passkey(
    session: Session,
    answer: str,
    challenge: bytes,
    caller: Caller,
    now: datetime,
    *,
    remember: bool = False,
    staff: bool = False,
) -> Result:
    """Sign in whoever's passkey it is, at their own door."""
    user = proven(session, answer, challenge, caller, now)
    if user is None or (user.role in sessions.STAFF_ROLES) != staff:
        return Result(Outcome.WRONG)
    return sign_in.enter(
        session,
        user,
        remember=remember,
        ip=caller.ip,
        user_agent=caller.user_agent,
        now=now,
        second_factor=True,
    )
