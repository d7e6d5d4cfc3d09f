"""What Account Settings shows: who is signed in here, and in which browsers besides."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from portal.domain.identity import devices
from portal.domain.identity.actor import Actor
from portal.kit.errors import NotAllowed
from portal.kit.text import N_
from portal.models.identity import User, UserSession
from portal.models.settings import EmailChange
from portal.secret import seal


@dataclass(frozen=True)
class Browser:
    """One signed-in browser. `handle` names it to its owner; it opens nothing."""

    handle: str
    name: str
    network: str
    since: datetime
    last_seen: datetime
    remembered: bool
    is_this: bool


@dataclass(frozen=True)
class Settings:
    """Account Information of the guide. `failed_since`: a wrong password after the last success."""

    email: str
    user_id: str
    language: str
    last_success: datetime | None
    last_failure: datetime | None
    failed_since: bool
    password_changed: datetime | None
    has_password: bool
    new_email: str
    browsers: tuple[Browser, ...]


def handle(id_hash: str) -> str:
    """Return what a session is called outside: its hash stays inside."""
    return seal("session-handle", id_hash).hex()[:32]


def live(session: Session, actor: Actor, now: datetime) -> list[UserSession]:
    """Return the actor's sessions that still open something, the newest seen first."""
    return list(
        session.exec(
            select(UserSession)
            .where(
                UserSession.user_id == actor.user_id,
                col(UserSession.revoked_at).is_(None),
                UserSession.idle_expires_at > now,
                UserSession.expires_at > now,
            )
            .order_by(col(UserSession.last_seen_at).desc(), col(UserSession.id_hash))
        ).all()
    )


def settings(session: Session, actor: Actor, now: datetime) -> Settings:
    """Return the actor's own settings; three queries. Raises NotAllowed."""
    if not actor.is_resident:
        raise NotAllowed(N_("Sign in to do this."))
    user = session.get_one(User, actor.user_id)
    rows = live(session, actor, now)
    here = next((row for row in rows if row.id_hash == actor.session_hash), None)
    last = here.previous_sign_in_at if here is not None else user.last_sign_in_at
    failure = user.last_failed_sign_in_at
    waiting = session.exec(
        select(EmailChange.new_email).where(
            EmailChange.user_id == user.id,
            col(EmailChange.done_at).is_(None),
            col(EmailChange.ended_at).is_(None),
            EmailChange.expires_at > now,
        )
    ).one_or_none()
    return Settings(
        email=user.email,
        user_id=user.username,
        language=user.language,
        last_success=last,
        last_failure=failure,
        failed_since=failure is not None and last is not None and failure > last,
        password_changed=user.password_changed_at,
        has_password=bool(user.password_hash),
        new_email=waiting or "",
        browsers=tuple(
            Browser(
                handle(row.id_hash),
                devices.named(row.user_agent),
                devices.short_ip(row.ip),
                row.created_at or row.authenticated_at,
                row.last_seen_at,
                row.remembered,
                row.id_hash == actor.session_hash,
            )
            for row in rows
        ),
    )
