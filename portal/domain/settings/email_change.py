"""Change E-Mail Address: it holds once both mailboxes have said yes, within a day.

The new mailbox proves that the address is the resident's, the old one that nobody else is moving
the sign-in away. Each mail's link shows a page; its button confirms or calls the change off. Until
both have confirmed nothing changes. Where the new address has a sign-in already, its owner is told
by mail, and whoever asked sees nothing of it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, or_, select, update

from portal.domain.alerts import addresses
from portal.domain.audit import operations as audit
from portal.domain.identity import limits, mail_tokens, sessions, sign_up, states, throttles
from portal.domain.identity.actor import Actor
from portal.domain.identity.addresses import masked
from portal.domain.identity.sessions import hash_of
from portal.domain.identity.sign_in import user_bucket
from portal.domain.identity.states import UserStatus
from portal.domain.requests import delivery
from portal.domain.settings import mails
from portal.domain.settings.proof import owner
from portal.kit.errors import DomainError, NotAllowed
from portal.kit.ids import UserId
from portal.kit.queue import defer
from portal.kit.text import N_
from portal.models.identity import User
from portal.models.settings import EmailChange

_DAY = timedelta(days=1)


class BadChange(DomainError):
    """The change cannot be asked for, or is over."""

    code = "bad_email_change"


@dataclass(frozen=True)
class Asked:
    """What the page behind a mail's link says. `by_new`: the link was sent to the new address."""

    by_new: bool
    old_email: str
    new_email: str
    confirmed: bool
    done: bool


def check(user: User, typed: str) -> str:
    """Return the new address. Raises BadField where it is none, and for the present one."""
    email = sign_up.email_of(typed)
    if email.lower() == user.email.lower():
        raise BadChange(N_("This is your address already."), field="email")
    return email


def ask(session: Session, actor: Actor, email: str, now: datetime) -> DomainError | None:
    """Mail both addresses; an earlier change that waits ends. The password was proven before.

    Returns the refusal of one who asked too often: raising it would roll the count back.
    """
    sessions.demand_recent(actor, now)
    user = owner(session, actor)
    bucket = f"email-change:{actor.user_id}"
    if not throttles.take(session, bucket, limits.EMAIL_CHANGES_A_DAY, _DAY, now):
        return BadChange(N_("You asked for this several times today. Try again tomorrow."))
    end(session, user, now)
    to_old, to_new = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    taken = _taken(session, email)
    session.add(
        EmailChange(
            user_id=user.id,
            old_email=user.email,
            new_email=email,
            old_hash=hash_of(to_old),
            new_hash="" if taken is not None else hash_of(to_new),
            session_hash=actor.session_hash,
            asked_at=now,
            expires_at=now + limits.EMAIL_CHANGE_LIFE,
        )
    )
    audit.record(session, actor, "user.ask_email_change", subject_user_id=user.id)
    session.flush()
    mails.confirm_old(session, user, email, to_old)
    if not sign_up.may_mail(session, email, now):
        return None
    if taken is not None:
        mails.address_taken(session, taken)
    else:
        mails.confirm_new(session, user, email, to_new)
    return None


def look(session: Session, secret: str, now: datetime) -> Asked:
    """Return what a link is about, using nothing up. Raises BadChange."""
    change = _of_link(session, secret, now)
    return _asked(change, secret)


def confirm(session: Session, actor: Actor, secret: str, now: datetime) -> Asked:
    """Say yes from the mailbox that holds the link; the second yes makes the change.

    Signs nobody in. Raises BadChange, saying why.
    """
    change = _of_link(session, secret, now)
    asked = _asked(change, secret)
    if asked.confirmed:
        return asked
    if asked.by_new:
        change.new_confirmed_at = now
    else:
        change.old_confirmed_at = now
    side = "new" if asked.by_new else "old"
    audit.record(session, actor, "user.confirm_email", subject_user_id=change.user_id, address=side)
    _complete(session, actor, change, now)
    return _asked(change, secret)


def call_off(session: Session, actor: Actor, secret: str, now: datetime) -> None:
    """End a change from one of its mailboxes. Raises BadChange."""
    change = _of_link(session, secret, now)
    if change.done_at is not None:
        raise BadChange(N_("The change is made already. If it was not you, call us at once."))
    change.ended_at = now
    audit.record(session, actor, "user.cancel_email_change", subject_user_id=change.user_id)


def waiting(session: Session, actor: Actor, now: datetime) -> EmailChange | None:
    """Return the actor's own change that waits, or None."""
    return _waiting(session, actor.user_id, now) if actor.user_id else None


def unconfirmed(session: Session, user: User, now: datetime) -> str:
    """Return the new address of a change that the old mailbox has not confirmed, or ""."""
    found = session.exec(
        select(EmailChange.new_email).where(
            EmailChange.user_id == user.id,
            col(EmailChange.old_confirmed_at).is_(None),
            col(EmailChange.done_at).is_(None),
            col(EmailChange.ended_at).is_(None),
            EmailChange.expires_at > now,
        )
    ).one_or_none()
    return found or ""


def by_second_factor(session: Session, actor: Actor, now: datetime) -> None:
    """Stand in for the old mailbox that is lost: by a sign-in that just passed the second factor.

    The new address confirms itself all the same. Raises BadChange and FreshSignInNeeded.
    """
    sessions.demand_recent(actor, now)
    if not (actor.is_resident and actor.second_factor):
        raise NotAllowed(N_("Sign in with your second step to do this."))
    _stand_in(session, actor, UserId(owner(session, actor).id), now)


def by_staff(session: Session, actor: Actor, user: User, now: datetime) -> None:
    """Stand in for the old mailbox of a resident who showed staff who they are.

    The caller has checked that `actor` is an administrator. Raises BadChange.
    """
    _stand_in(session, actor, UserId(user.id), now)


def end(session: Session, user: User, now: datetime) -> None:
    """End a change that waits."""
    session.exec(
        update(EmailChange)
        .where(
            col(EmailChange.user_id) == user.id,
            col(EmailChange.done_at).is_(None),
            col(EmailChange.ended_at).is_(None),
        )
        .values(ended_at=now)
        .execution_options(synchronize_session="fetch")
    )


def forget(session: Session, user: User) -> None:
    """Delete every change of a sign-in that closes: addresses stand in them."""
    session.exec(delete(EmailChange).where(col(EmailChange.user_id) == user.id))


def _stand_in(session: Session, actor: Actor, user_id: UserId, now: datetime) -> None:
    change = _waiting(session, user_id, now)
    if change is None:
        raise BadChange(N_("No change of address is waiting. Ask for it first."))
    if change.old_confirmed_at is None:
        change.old_confirmed_at = now
        audit.record(session, actor, "user.old_mailbox_lost", subject_user_id=user_id)
        _complete(session, actor, change, now)


def _waiting(session: Session, user_id: UUID, now: datetime) -> EmailChange | None:
    return session.exec(
        select(EmailChange)
        .where(
            EmailChange.user_id == user_id,
            col(EmailChange.done_at).is_(None),
            col(EmailChange.ended_at).is_(None),
            EmailChange.expires_at > now,
        )
        .with_for_update()
    ).one_or_none()


def _of_link(session: Session, secret: str, now: datetime) -> EmailChange:
    known = hash_of(secret)
    # Locked: of two buttons pressed at once the second sees what the first has written.
    change = session.exec(
        select(EmailChange)
        .where(or_(EmailChange.old_hash == known, EmailChange.new_hash == known))
        .with_for_update()
    ).one_or_none()
    if change is None:
        raise BadChange(
            N_("This link is not complete. Open it again from the email, or ask for a new one.")
        )
    if change.ended_at is not None:
        raise BadChange(
            N_("This change was called off, or asked for again since. Nothing was changed.")
        )
    if change.done_at is None and change.expires_at <= now:
        raise BadChange(N_("This link is too old. Ask for a new one."))
    return change


def _asked(change: EmailChange, secret: str) -> Asked:
    by_new = change.new_hash == hash_of(secret)
    said = change.new_confirmed_at if by_new else change.old_confirmed_at
    return Asked(
        by_new=by_new,
        # Each mailbox reads its own address in full, and the other's as strangers may see it.
        old_email=masked(change.old_email) if by_new else change.old_email,
        new_email=change.new_email if by_new else masked(change.new_email),
        confirmed=said is not None,
        done=change.done_at is not None,
    )


def _taken(session: Session, email: str) -> User | None:
    """Return the sign-in that has this address and has proved it, staff's included."""
    user = sign_up.find(session, email)
    if user is None or (user.role == "resident" and user.status != UserStatus.ACTIVE):
        return None
    return user


def _complete(session: Session, actor: Actor, change: EmailChange, now: datetime) -> None:
    if change.new_confirmed_at is None or change.old_confirmed_at is None:
        return
    user = session.get_one(User, change.user_id, with_for_update=True)
    if user.status != UserStatus.ACTIVE or user.email != change.old_email:
        raise BadChange(
            N_("This change was called off, or asked for again since. Nothing was changed.")
        )
    gone = BadChange(N_("There is an account with this address by now. Nothing was changed."))
    if _taken(session, change.new_email) is not None:
        raise gone
    _make_room(session, actor, change.new_email, now)
    try:
        with session.begin_nested():
            user.email = change.new_email
    except IntegrityError:
        raise gone from None
    change.done_at = now
    session.flush()
    user_id = UserId(user.id)
    sessions.revoke_all(session, user_id, now, but=change.session_hash)
    mail_tokens.end_all(session, user_id, now)
    throttles.clear(session, user_bucket(change.old_email), user_bucket(change.new_email))
    addresses.follow(session, user, change.old_email)
    delivery.follow(session, user, change.old_email, now)
    audit.record(session, actor, "user.change_email", subject_user_id=user.id)
    # The new address is proven: what the portal before this one had for it can be linked.
    defer(session, "prelinks.settle", user_id=str(user_id))
    mails.address_changed(session, user, change.old_email)


def _make_room(session: Session, actor: Actor, email: str, now: datetime) -> None:
    """Take the address off a sign-in that never proved it: the mailbox has said whose it is."""
    squatter = sign_up.find(session, email)
    if squatter is None:
        return
    status = UserStatus(squatter.status)
    if status is UserStatus.UNVERIFIED:
        states.move(session, actor, UserId(squatter.id), status, UserStatus.CLOSED, now)
    squatter.email = nowhere(squatter)
    session.flush()


def nowhere(user: User) -> str:
    """Return what stands in place of an address that a sign-in gives up: nobody's, and unique."""
    return f"closed-{user.id}@closed.invalid"
