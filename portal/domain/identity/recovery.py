"""Forgotten passwords and locked sign-ins: a link by mail, the same answer for every address."""

from datetime import datetime

from sqlmodel import Session

from portal.domain.audit import operations as audit
from portal.domain.identity import (
    connections,
    factors,
    limits,
    mail_tokens,
    mails,
    passwords,
    pending,
    sessions,
    sign_up,
    throttles,
)
from portal.domain.identity.actor import Actor
from portal.domain.identity.sign_in import ip_bucket, user_bucket
from portal.domain.identity.states import UserStatus, move
from portal.kit.ids import UserId
from portal.models.identity import User


def forgot(session: Session, actor: Actor, email: str, now: datetime) -> None:
    """Mail the link to a new password; an address without a sign-in is told so by mail."""
    user = _mailable(session, email, now)
    if user is None:
        return
    audit.record(session, actor, "user.forgot_password", subject_user_id=user.id)
    mails.reset(session, user, mail_tokens.issue(session, user, "reset", now))


def ask_to_unlock(session: Session, actor: Actor, email: str, now: datetime) -> None:
    """Mail the link that takes the lock off; an address without a sign-in is told so by mail."""
    user = _mailable(session, email, now)
    if user is None:
        return
    audit.record(session, actor, "user.ask_to_unlock", subject_user_id=user.id)
    mails.unlock(session, user, mail_tokens.issue(session, user, "unlock", now))


def _mailable(session: Session, email: str, now: datetime) -> User | None:
    if not sign_up.may_mail(session, email, now):
        return None
    user = sign_up.find(session, email)
    # Staff lose their second factor with a mailed link: an administrator enrols them anew.
    if user is None or user.status == UserStatus.CLOSED or user.role != "resident":
        mails.no_account(session, email)
        return None
    return user


def whose_reset(session: Session, secret: str, now: datetime) -> User:
    """Return whose reset link this is without using it. Raises mail_tokens.BadLink."""
    return mail_tokens.look(session, secret, "reset", now)


def shortest(session: Session, secret: str, now: datetime) -> int:
    """Return how long a password chosen by a reset link has to be. Raises mail_tokens.BadLink."""
    return factors.shortest_password(session, whose_reset(session, secret, now))


def check_new(user: User, password: str, at_least: int = limits.PASSWORD_MIN) -> str:
    """Return the hash of a new password: slow, outside a transaction. Raises WeakPassword."""
    about = (user.email, user.first_name, user.last_name, *sign_up.town_words())
    passwords.check(password, about, shortest=at_least)
    return passwords.hash_of(password)


def reset(session: Session, actor: Actor, secret: str, password_hash: str, now: datetime) -> User:
    """Set the new password, end every session, link and lock of the user, and mail the owner.

    Other providers' people go as well: an intruder's would outlive the owner's new password.

    The mailbox is proven by the link, so an unverified sign-in becomes active. Does not sign in.
    Raises mail_tokens.BadLink.
    """
    user = mail_tokens.redeem(session, secret, "reset", now)
    user_id = UserId(user.id)
    user.password_hash = password_hash
    user.password_changed_at = now
    session.flush()
    if user.status == UserStatus.UNVERIFIED:
        move(session, actor, user_id, UserStatus.UNVERIFIED, UserStatus.ACTIVE, now)
    sessions.revoke_all(session, user_id, now)
    mail_tokens.end_all(session, user_id, now)
    pending.end_all(session, user, now)
    connections.remove_all(session, actor, user)
    throttles.clear(session, user_bucket(user.email), ip_bucket(actor.ip))
    audit.record(session, actor, "user.reset_password", subject_user_id=user.id)
    mails.password_changed(session, user)
    return user


def unlock(session: Session, actor: Actor, secret: str, now: datetime) -> User:
    """Take the lock off the sign-in and off the network the owner stands in, at once.

    Raises mail_tokens.BadLink.
    """
    user = mail_tokens.redeem(session, secret, "unlock", now)
    throttles.clear(session, user_bucket(user.email), ip_bucket(actor.ip))
    audit.record(session, actor, "user.unlock", subject_user_id=user.id)
    return user


def unlock_by_staff(session: Session, actor: Actor, user: User) -> None:
    """Take the lock off a resident's sign-in on their request."""
    throttles.clear(session, user_bucket(user.email))
    audit.record(session, actor, "staff.unlock", subject_user_id=user.id)
