"""Sessions: a random secret in the browser's cookie, its SHA-256 in the table, an Actor out.

The secret is a bearer credential and exists only in the cookie: what the table, the state key
and the logs know is its hash.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlmodel import Session, col, select, update

from portal.domain.identity import limits
from portal.domain.identity.actor import Actor
from portal.kit.errors import DomainError
from portal.kit.ids import UserId
from portal.kit.text import N_
from portal.models.identity import User, UserSession

STAFF_ROLES = ("viewer", "administrator")


def hash_of(secret: str) -> str:
    """Return the SHA-256, in hex, by which a secret of 256 random bits is known."""
    return hashlib.sha256(secret.encode()).hexdigest()


def spans(role: str, remembered: bool) -> tuple[timedelta, timedelta]:
    """Return how long a session may idle and live in all."""
    if role in STAFF_ROLES:
        return limits.STAFF_IDLE, limits.STAFF_TOTAL
    if remembered:
        return limits.REMEMBERED_TOTAL, limits.REMEMBERED_TOTAL
    return limits.RESIDENT_IDLE, limits.RESIDENT_TOTAL


def create(
    session: Session,
    user: User,
    remember: bool,
    ip: str,
    user_agent: str,
    now: datetime,
    *,
    second_factor: bool = False,
) -> str:
    """Sign `user` in and return the secret for the cookie. Staff are never remembered."""
    secret = secrets.token_urlsafe(32)
    previous, user.last_sign_in_at = user.last_sign_in_at, now
    remembered = remember and user.role not in STAFF_ROLES
    idle, total = spans(user.role, remembered)
    session.add(
        UserSession(
            id_hash=hash_of(secret),
            user_id=user.id,
            created_at=now,
            authenticated_at=now,
            last_seen_at=now,
            idle_expires_at=now + idle,
            expires_at=now + total,
            remembered=remembered,
            second_factor=second_factor,
            ip=ip[:64],
            user_agent=user_agent[:300],
            previous_sign_in_at=previous,
        )
    )
    session.flush()
    return secret


def renew(session: Session, id_hash: str, now: datetime) -> str:
    """Give a session that proved its password again a new secret, and return it.

    The old secret opens nothing from then on: whoever copied it stays outside.
    """
    secret = secrets.token_urlsafe(32)
    session.exec(
        update(UserSession)
        .where(col(UserSession.id_hash) == id_hash, col(UserSession.revoked_at).is_(None))
        .values(id_hash=hash_of(secret), authenticated_at=now)
        .execution_options(synchronize_session=False)
    )
    return secret


def resolve(session: Session, id_hash: str, now: datetime) -> Actor | None:
    """Return who the session's hash signs in, or None: unknown, revoked, idle, over or closed.

    Notes that the session was seen, at most once a minute.
    """
    if not id_hash:
        return None
    found = session.exec(
        select(UserSession, User)
        .join(User, col(User.id) == UserSession.user_id)
        .where(
            UserSession.id_hash == id_hash,
            col(UserSession.revoked_at).is_(None),
            UserSession.idle_expires_at > now,
            UserSession.expires_at > now,
            User.status == "active",
        )
    ).one_or_none()
    if found is None:
        return None
    row, user = found
    if row.last_seen_at <= now - limits.TOUCH_EVERY:
        idle, _ = spans(user.role, row.remembered)
        # By statement and not through the row: two tabs at once must not fail each other.
        session.exec(
            update(UserSession)
            .where(col(UserSession.id_hash) == id_hash, col(UserSession.last_seen_at) < now)
            .values(last_seen_at=now, idle_expires_at=min(now + idle, row.expires_at))
            .execution_options(synchronize_session=False)
        )
    return Actor(
        user_id=UserId(user.id),
        role=user.role,
        session_hash=id_hash,
        second_factor=row.second_factor,
        authenticated_at=row.authenticated_at,
        remembered=row.remembered,
        ip=row.ip,
    )


def revoke(session: Session, id_hash: str, now: datetime) -> None:
    """End one session. One that is unknown or over stays as it is."""
    session.exec(
        update(UserSession)
        .where(col(UserSession.id_hash) == id_hash, col(UserSession.revoked_at).is_(None))
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


def revoke_all(session: Session, user_id: UserId, now: datetime, *, but: str = "") -> None:
    """End every session of a user, as a new password does; `but` is the hash of one to keep."""
    session.exec(
        update(UserSession)
        .where(
            col(UserSession.user_id) == user_id,
            col(UserSession.revoked_at).is_(None),
            col(UserSession.id_hash) != but,
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )


class FreshSignInNeeded(DomainError):
    """A remembered session may look; this act wants the password again."""

    code = "fresh_sign_in"


def is_fresh(actor: Actor, now: datetime) -> bool:
    """True when the actor proved a password recently enough for sensitive acts."""
    return actor.authenticated_at is not None and now - actor.authenticated_at < limits.FRESH


def only_looks(actor: Actor, now: datetime) -> bool:
    """True for a remembered session whose sign-in is no longer fresh.

    A session that was not remembered ends after half an hour of doing nothing by itself.
    """
    return actor.remembered and not is_fresh(actor, now)


def demand_fresh(actor: Actor, now: datetime) -> None:
    """Raise FreshSignInNeeded for a remembered session whose sign-in is no longer fresh."""
    if only_looks(actor, now):
        demand_recent(actor, now)


def demand_recent(actor: Actor, now: datetime) -> None:
    """Raise FreshSignInNeeded for any session whose sign-in is no longer fresh.

    For what would let a passer-by at an open browser keep the account: its address, its
    password, its second factors, who shares it, its end.
    """
    if not is_fresh(actor, now):
        raise FreshSignInNeeded(N_("To protect your account, sign in again to do this."))
