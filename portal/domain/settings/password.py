"""Change Password: the old one is proven, the new one holds, every other browser is signed out."""

from datetime import datetime

from sqlmodel import Session

from portal.domain.audit import operations as audit
from portal.domain.identity import (
    factors,
    mail_tokens,
    mails,
    passwords,
    pending,
    sessions,
    sign_up,
)
from portal.domain.identity.actor import Actor
from portal.domain.settings.proof import owner
from portal.kit.ids import UserId
from portal.kit.text import N_
from portal.models.identity import User


def shortest(session: Session, actor: Actor) -> int:
    """Return how many characters a new password of the actor needs at least."""
    return factors.shortest_password(session, owner(session, actor))


def check_new(user: User, current: str, new: str, at_least: int) -> str:
    """Return the hash of a new password: slow, outside a transaction. Raises WeakPassword."""
    about = (user.email, user.username, user.first_name, user.last_name, *sign_up.town_words())
    passwords.check(new, about, shortest=at_least)
    if current and passwords.normal(new) == passwords.normal(current):
        raise passwords.WeakPassword(
            N_("This is your password already. Choose another one."), field="password"
        )
    return passwords.hash_of(new)


def change(session: Session, actor: Actor, password_hash: str, now: datetime) -> str:
    """Set a new password and return the new secret of this session; all others end.

    The caller has proven the old one (proof.conclude).
    """
    user = owner(session, actor)
    user_id = UserId(user.id)
    user.password_hash, user.password_changed_at = password_hash, now
    session.flush()
    sessions.revoke_all(session, user_id, now, but=actor.session_hash)
    mail_tokens.end_all(session, user_id, now)
    pending.end_all(session, user, now)
    audit.record(session, actor, "user.change_password", subject_user_id=user.id)
    mails.own_password_changed(session, user)
    return sessions.renew(session, actor.session_hash, now)
